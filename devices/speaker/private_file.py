"""Files with secrets: whole or not at all, readable by their owner alone, there also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path

from devices.folder import settle


def write(path: Path, content: bytes) -> None:
    """Write or replace the file; when this returns it is on the medium."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    settle(path.parent)


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    settle(path.parent)
