"""Brings the streams of other stations to a loudspeaker; implements ``ports.Radio``."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from devices.messages import Relay
from devices.relay import Pace, RadioFeed, Reach

from .ports import Feed


class WebRadio:
    """Stations of the web: Icecast and HLS."""

    def __init__(self, tls: ssl.SSLContext | None = None, pace: Pace | None = None) -> None:
        self._tls = tls
        self._pace = pace

    def feed(self, relay: Relay, networks: Sequence[str]) -> Feed:
        return RadioFeed(relay.url, Reach(networks), tls=self._tls, pace=self._pace)
