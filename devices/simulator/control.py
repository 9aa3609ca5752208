"""Commands to a running simulation over a socket file: one line in, one JSON line out."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from devices.errors import OrderUnknown

from .faults import Fault
from .fleet import Fleet

USAGE = f"break|mend DEVICE|all FAULT, status; FAULT: {' '.join(Fault)}"
_LONGEST = 10.0  # seconds; thousands of loudspeakers may lose their power at one word


@asynccontextmanager
async def listening(fleet: Fleet, path: Path) -> AsyncIterator[None]:
    """Obey what comes to the socket file until the end, which removes it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            try:
                answer = await obey(fleet, line.decode(errors="replace"))
            except OrderUnknown as error:
                answer = {"error": str(error)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, path)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def obey(fleet: Fleet, line: str) -> dict[str, object]:
    """Carry out one command; raises OrderUnknown."""
    match line.split():
        case ["status"]:
            return status(fleet)
        case ["break" | "mend" as what, target, fault] if fault in list(Fault):
            devices = list(fleet.speakers) if target == "all" else [target]
            for device in devices:
                if device not in fleet.speakers:
                    raise OrderUnknown(f"no such loudspeaker: {device}")
                await (fleet.break_ if what == "break" else fleet.mend)(device, fault)
            return {"done": what, "fault": fault, "loudspeakers": len(devices)}
    raise OrderUnknown(f"not a command: {line.strip()!r}; {USAGE}")


def status(fleet: Fleet) -> dict[str, object]:
    speakers = fleet.speakers.values()
    faults = Counter(fault.value for speaker in speakers for fault in speaker.faults)
    return {
        "loudspeakers": len(fleet.speakers),
        "powered": sum(speaker.agent is not None for speaker in speakers),
        "connected": sum(speaker.is_connected for speaker in speakers),
        "faults": dict(faults),
    }


def tell(path: Path, line: str) -> str:
    """Send one command to a simulation that runs elsewhere; raises OSError when nobody listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_LONGEST)
        connection.connect(str(path))
        connection.sendall(line.encode() + b"\n")
        return connection.makefile().readline().strip()
