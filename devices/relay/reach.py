"""Where a stream may be looked for: public addresses, and those of networks that a policy names.

Whoever may enter the address of a stream could otherwise make a loudspeaker, or the server, ask its own
network. The address that was judged is the one that is called: a name cannot answer differently in between.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any

from devices.errors import RelayPrivate, RelayUnreachable

Resolver = Callable[..., list[Any]]  # as socket.getaddrinfo
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach:
    """Finds the addresses of a host and lets only those through that may be called."""

    def __init__(self, networks: Iterable[str] = (), *, resolve: Resolver = socket.getaddrinfo) -> None:
        """A network that cannot be read permits nothing."""
        self._networks = tuple(known for each in networks if (known := _network(each)) is not None)
        self._resolve = resolve

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to be called, best first. Raises RelayUnreachable, RelayPrivate."""
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise RelayUnreachable(f"nobody knows the address of {host}: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        open_to_us = [address for address in addresses if self.permits(address)]
        if addresses and not open_to_us:
            raise RelayPrivate(f"{host} is {addresses[0]}, inside a network")
        if not open_to_us:
            raise RelayUnreachable(f"{host} has no address")
        return open_to_us

    def permits(self, address: str) -> bool:
        """Whether an address is public, or inside a network that was named."""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        inner = _inner(ip)
        if any(inner in network for network in self._networks if network.version == inner.version):
            return True
        return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(ip: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps."""
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or _translated(ip) or ip
    return ip


def _translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """A gateway of NAT64 hands it on to the address in its last four bytes."""
    if ip in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(ip.packed[-4:])
    return None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
