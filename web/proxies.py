"""Whose request it is behind a reverse proxy: a trusted proxy is believed, and nobody else.

werkzeug's ProxyFix counts hops, and believes whoever reaches the port without the proxy. Here the
chain of addresses is followed from its near end for as long as it names proxies that the operator trusts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SAID: Final = re.compile(r"HTTP_(X_FORWARDED_|FORWARDED|X_REAL_IP)")
_WITH_PORT: Final = re.compile(r"\[(?P<six>[^\]]+)\](:\d+)?|(?P<four>[\d.]+):\d+")
_LONGEST: Final = 20  # proxies in a row; no house has as many


class Proxies:
    """Around the application: ``REMOTE_ADDR`` becomes the visitor's; no header of a proxy goes further."""

    def __init__(self, app: WSGIApplication, networks: Iterable[str]) -> None:
        self._app = app
        self._networks = tuple(ipaddress.ip_network(each) for each in networks)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        told = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
        for name in [name for name in environ if _SAID.match(name)]:
            del environ[name]
        environ["REMOTE_ADDR"] = visitor(str(environ.get("REMOTE_ADDR", "")), told, self._networks)
        return self._app(environ, start_response)


def visitor(peer: str, told: str, trusted: Sequence[Network]) -> str:
    """Who asks when ``peer`` is connected and tells of ``told``: the first that is no trusted proxy."""
    at = peer
    for each in told.split(",")[: -_LONGEST - 1 : -1] if told else ():
        if not _is_trusted(at, trusted):
            return at
        named = _address(each)
        if named is None:
            return at  # what is no address is nobody's: the last one that is known is counted
        at = str(named)
    return at


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


def _address(text: str) -> Address | None:
    """Some proxies write the port too."""
    written = text.strip()
    if found := _WITH_PORT.fullmatch(written):
        written = found["six"] or found["four"]
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
