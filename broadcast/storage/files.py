"""What files may refuse, in the words of the use cases."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from broadcast.errors import DiskFull, StorageFailed

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Around work on files. Errors: DiskFull, StorageFailed."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(path=str(path)) from error
        raise StorageFailed(path=str(path), cause=errno.errorcode.get(error.errno or 0, "")) from error
