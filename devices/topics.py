"""The MQTT topics of one tenant: built, parsed, and listed for access control."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import NamedTuple

from .errors import Malformed

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}")


class Kind(enum.StrEnum):
    """What a topic carries."""

    DESIRED = "desired"
    CMD = "cmd"
    CURSOR = "cursor"
    TIME = "time"
    ALERTS = "alerts"
    GROUP_CMD = "group_cmd"
    STATE = "state"
    TELE = "tele"
    EVT = "evt"
    ACK = "ack"
    TIME_REQ = "time_req"
    SERVER_STATE = "server_state"


_OF_DEVICE = {kind.value: kind for kind in Kind} | {"alerts": None, "group_cmd": None, "server_state": None}
_OF_GROUP = {"alerts": Kind.ALERTS, "cmd": Kind.GROUP_CMD}
_TO_DEVICE = (Kind.DESIRED, Kind.CMD, Kind.CURSOR, Kind.TIME)
_FROM_DEVICE = (Kind.STATE, Kind.TELE, Kind.EVT, Kind.ACK, Kind.TIME_REQ)


class Place(NamedTuple):
    """A parsed topic: the kind and the name of the device or group, empty for the server's own."""

    kind: Kind
    name: str


class Topics:
    """All topics under ``ttcs/1/{tenant}/``; raises ValueError for names that could widen a subscription."""

    def __init__(self, tenant: str) -> None:
        self.tenant = _checked(tenant)
        self._root = f"ttcs/1/{tenant}"

    def desired(self, device: str) -> str:
        return self._device(device, Kind.DESIRED)

    def cmd(self, device: str) -> str:
        return self._device(device, Kind.CMD)

    def cursor(self, device: str) -> str:
        return self._device(device, Kind.CURSOR)

    def state(self, device: str) -> str:
        return self._device(device, Kind.STATE)

    def tele(self, device: str) -> str:
        return self._device(device, Kind.TELE)

    def evt(self, device: str) -> str:
        return self._device(device, Kind.EVT)

    def ack(self, device: str) -> str:
        return self._device(device, Kind.ACK)

    def time(self, device: str) -> str:
        return self._device(device, Kind.TIME)

    def time_req(self, device: str) -> str:
        return self._device(device, Kind.TIME_REQ)

    def alerts(self, group: str) -> str:
        return f"{self._root}/g/{_checked(group)}/alerts"

    def group_cmd(self, group: str) -> str:
        return f"{self._root}/g/{_checked(group)}/cmd"

    @property
    def server_state(self) -> str:
        return f"{self._root}/srv/state"

    def parse(self, topic: str) -> Place:
        """Say what a topic is; raises Malformed for anything that is not of this tenant and protocol."""
        if not topic.startswith(self._root + "/"):
            raise Malformed(f"not a topic of tenant {self.tenant}: {topic!r}")
        parts = topic.removeprefix(self._root + "/").split("/")
        kind: Kind | None = None
        match parts:
            case ["srv", "state"]:
                return Place(Kind.SERVER_STATE, "")
            case ["d", name, leaf] if _NAME.fullmatch(name):
                kind = _OF_DEVICE.get(leaf)
            case ["g", name, leaf] if _NAME.fullmatch(name):
                kind = _OF_GROUP.get(leaf)
        if kind is None:
            raise Malformed(f"unknown topic: {topic!r}")
        return Place(kind, parts[1])

    def device_reads(self, device: str, groups: Iterable[str]) -> tuple[str, ...]:
        """What one loudspeaker may receive: itself, its groups, and whether the server is there."""
        own = [self._device(device, kind) for kind in _TO_DEVICE]
        shared = [topic for group in groups for topic in (self.alerts(group), self.group_cmd(group))]
        return (*own, *shared, self.server_state)

    def device_writes(self, device: str) -> tuple[str, ...]:
        return tuple(self._device(device, kind) for kind in _FROM_DEVICE)

    @property
    def server_reads(self) -> tuple[str, ...]:
        """What the server receives; its own state too, so that it can see whether the broker retains."""
        return (*(f"{self._root}/d/+/{kind}" for kind in _FROM_DEVICE), self.server_state)

    @property
    def server_writes(self) -> tuple[str, ...]:
        own = tuple(f"{self._root}/d/+/{kind}" for kind in _TO_DEVICE)
        return (*own, f"{self._root}/g/+/alerts", f"{self._root}/g/+/cmd", self.server_state)

    def _device(self, device: str, kind: Kind) -> str:
        return f"{self._root}/d/{_checked(device)}/{kind}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not usable in a topic: {name!r}")
    return name
