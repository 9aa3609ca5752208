"""Where a broker is: the part of its URL that a connection needs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from devices.errors import LinkRefused

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port of a broker; ``tls`` for mqtts."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read mqtt://host[:port] or mqtts://host[:port]. Raises LinkRefused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise LinkRefused(f"not the address of a broker: {url!r}") from error
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in _PORTS or not parts.hostname or extra or port == 0:
            raise LinkRefused(f"not the address of a broker: {url!r}")
        return cls(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "mqtts")

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
