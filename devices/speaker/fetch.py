"""Brings the files that signed orders name over HTTP: resumed after cuts, verified, whole or not at all."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import random
import re
import shutil
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from devices.errors import DiskFull, FetchCorrupt, FetchError, FetchRefused, FetchSwapped
from devices.folder import settle
from devices.speaker.download import Download

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PROGRESS = 16 * 1024  # bytes that make an attempt count as progress and not as a failure
_LONGEST_PAUSE = 30.0  # seconds
_SWAPPED = 2  # times other content, so that what a damaged part had spoilt is no swap
_SPARE = 4 * 1024 * 1024  # bytes left on the disk for the journal
_THREADS = ThreadPoolExecutor(16, thread_name_prefix="fetch")


class Fetcher:
    """Downloads to ``directory / sha256``; safe to share, and to call twice for the same file."""

    def __init__(
        self,
        *,
        attempts: int = 4,
        pause_s: float = 0.5,
        timeout_s: float = 15.0,
        max_bytes: int = 200_000_000,
        tls: ssl.SSLContext | None = None,
        chance: random.Random | None = None,
        fsync: bool = True,
    ) -> None:
        """``attempts`` in a row without progress end a fetch; between them pauses double from ``pause_s``.

        Without ``fsync`` a file may not outlive a power cut.
        """
        self._attempts = attempts
        self._pause = pause_s
        self._timeout = timeout_s
        self._max_bytes = max_bytes
        self._tls = tls
        self._chance = chance or random.Random()  # noqa: S311 - only spreads retries
        self._fsync = fsync

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        """Bring a file of ``size`` bytes; returns at once when it is there. Raises kinds of FetchError."""
        self._check(url, sha256, size)
        target = directory / sha256
        if _present(target, size):
            return target
        download = Download(url, size, timeout_s=self._timeout, tls=self._tls)
        loop = asyncio.get_running_loop()
        failures = swaps = 0
        while True:
            brought = download.received
            try:
                await loop.run_in_executor(_THREADS, _bring, download, target, self._fsync)
            except FetchError as error:
                swaps += isinstance(error, FetchCorrupt) and error.whole
                if swaps >= _SWAPPED:
                    raise FetchSwapped(str(error)) from error
                failures = 1 if _progressed(download, brought, error) else failures + 1
                if error.permanent or isinstance(error, DiskFull) or failures >= self._attempts:
                    raise
                log.info("fetching again: %s", error, extra={"action": "fetch_again", "sha256": sha256})
            except asyncio.CancelledError:
                download.abandoned = True
                raise
            else:
                return target
            pause = min(self._pause * 2 ** (failures - 1), _LONGEST_PAUSE)
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1.0))

    def _check(self, url: str, sha256: str, size: int) -> None:
        if not _SHA256.fullmatch(sha256):
            raise FetchRefused(f"not a hash: {sha256[:80]!r}")
        if not 0 < size <= self._max_bytes:
            raise FetchRefused(f"a file of {size} bytes is not fetched")
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or not url.isascii() or not url.isprintable() or " " in url:
            raise FetchRefused(f"not an address to fetch from: {url[:200]!r}")


def _progressed(download: Download, before: int, error: FetchError) -> bool:
    """A bad line that brings a piece each time is worth going on with; the same bytes for ever are not."""
    piece = download.received - before
    return (
        piece >= _PROGRESS and download.received < 2 * download.size and not isinstance(error, FetchCorrupt)
    )


def _present(target: Path, size: int) -> bool:
    """The name was given only to a verified file, so that the size is enough to know it is whole."""
    try:
        return target.stat().st_size == size
    except OSError:
        return False


def _bring(download: Download, target: Path, fsync: bool) -> None:
    """One attempt in a thread: continue the partial file, verify it, give it its name."""
    partial = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(partial) as file:
            if _present(target, download.size):
                partial.unlink()
                return
            _require_room(target.parent, download.size)
            download.run(file)
            file.flush()
            if fsync:
                os.fsync(file.fileno())
            _verify(file, target.name)
            partial.replace(target)
        if fsync:
            settle(target.parent)
    except DiskFull:
        partial.unlink(missing_ok=True)
        raise
    except OSError as error:
        if error.errno in DiskFull.ERRNOS:
            partial.unlink(missing_ok=True)
            raise DiskFull(f"no room in {target.parent}") from error
        raise FetchError(f"cannot write to {target.parent}: {error}") from error


def _require_room(directory: Path, size: int) -> None:
    if shutil.disk_usage(directory).free < size + _SPARE:
        raise DiskFull(f"no room for {size} bytes in {directory}")


@contextmanager
def _alone(partial: Path) -> Iterator[BinaryIO]:
    """The partial file, open and locked: an earlier attempt for the same file may still run in its thread."""
    while True:
        with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not partial.exists() or os.fstat(file.fileno()).st_ino != partial.stat().st_ino:
                continue  # the other one finished and renamed it while we waited
            yield file
            return


def _verify(file: BinaryIO, sha256: str) -> None:
    """Compare with the announced hash; what is wrong is thrown away, since it cannot be continued."""
    file.seek(0)
    if _digest(file) != sha256:
        file.truncate(0)
        raise FetchCorrupt(f"not the announced content: {sha256}", whole=True)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()
