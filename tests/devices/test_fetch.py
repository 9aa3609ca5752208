"""Downloads from a real HTTP server that behaves as badly as a mobile line and a wrong server can."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.errors import (
    DiskFull,
    FetchCorrupt,
    FetchError,
    FetchMissing,
    FetchRefused,
    FetchSwapped,
    FetchUnreachable,
)
from devices.simulator import Surroundings
from devices.speaker.fetch import Fetcher
from tests.devices.clip_server import CHANCE, CONTENT, SHA256, SIZE, Request, Server, answer


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.thread.join()
    server.http.server_close()


def fetch(server: Server, directory: Path, url: str = "", **options: Any) -> Path:
    fetcher = Fetcher(**{"pause_s": 0.01, "timeout_s": 1.0} | options)
    return asyncio.run(fetcher.fetch(url or server.url, SHA256, SIZE, directory))


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_is_brought_whole_and_under_the_name_of_its_content(server: Server, tmp_path: Path) -> None:
    path = fetch(server, tmp_path / "cache")
    assert path == tmp_path / "cache" / SHA256
    assert path.read_bytes() == CONTENT
    assert files(path.parent) == [SHA256]


def test_a_file_that_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    fetch(server, tmp_path)
    assert len(server.requests) == 1


def test_a_cut_download_is_continued_where_it_ended(server: Server, tmp_path: Path) -> None:
    def cut(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, request.start, cut_after=50_000)
        return True

    server.behave = cut  # six pieces: more than the attempts allowed without progress
    assert fetch(server, tmp_path, attempts=2).read_bytes() == CONTENT
    assert [request.start for request in server.requests] == [0, 50_000, 100_000, 150_000, 200_000, 250_000]


def test_a_download_given_up_is_continued_by_the_next_fetch(server: Server, tmp_path: Path) -> None:
    def cut_once(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, request.start, cut_after=70_000 if not request.start else None)
        return True

    server.behave = cut_once
    with pytest.raises(FetchUnreachable, match="70000 of 300000"):
        fetch(server, tmp_path, attempts=1)
    assert files(tmp_path) == [f"{SHA256}.part"]
    assert fetch(server, tmp_path, attempts=1).read_bytes() == CONTENT
    assert server.requests[-1].start == 70_000


def test_a_server_that_ignores_range_is_read_from_the_start(server: Server, tmp_path: Path) -> None:
    def ignore(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, 0, cut_after=100_000 if len(server.requests) == 1 else None)
        return True

    server.behave = ignore
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_server_that_ignores_range_and_always_cuts_is_given_up(server: Server, tmp_path: Path) -> None:
    def ignore(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, 0, cut_after=200_000)
        return True

    server.behave = ignore
    with pytest.raises(FetchUnreachable):
        fetch(server, tmp_path)
    assert len(server.requests) < 10


def test_wrong_content_is_thrown_away_and_never_named(server: Server, tmp_path: Path) -> None:
    def corrupt(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT[:-1] + b"?")
        return True

    server.behave = corrupt
    with pytest.raises(FetchSwapped):
        fetch(server, tmp_path, attempts=9)
    assert len(server.requests) == 2  # once may be an accident of the line
    assert not (tmp_path / SHA256).exists()
    server.behave = lambda handler, request: False
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_partial_file_that_rotted_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(b"?" * 100_000)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert [request.start for request in server.requests] == [100_000, 0]


@pytest.mark.parametrize("rotten", [SIZE, SIZE + 1])
def test_a_partial_file_that_is_too_long_or_rotten_is_fetched_anew(
    server: Server, tmp_path: Path, rotten: int
) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(b"?" * rotten)
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_more_than_was_announced_is_not_stored(server: Server, tmp_path: Path) -> None:
    def flood(handler: Any, request: Request) -> bool:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(CONTENT * 3)
        return True

    server.behave = flood
    with pytest.raises(FetchCorrupt, match="longer"):
        fetch(server, tmp_path, attempts=1)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= SIZE


def test_another_length_or_another_part_is_not_read(server: Server, tmp_path: Path) -> None:
    def other_length(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT + b"more")
        return True

    def other_part(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, request.start + 10)
        return True

    server.behave = other_length
    with pytest.raises(FetchCorrupt, match="instead of"):
        fetch(server, tmp_path, attempts=1)
    (tmp_path / f"{SHA256}.part").write_bytes(CONTENT[:1000])
    server.behave = other_part
    with pytest.raises(FetchCorrupt, match="another part"):
        fetch(server, tmp_path, attempts=1)


def test_a_server_that_stalls_is_given_up_in_time(server: Server, tmp_path: Path) -> None:
    release = threading.Event()

    def stall(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, request.start, cut_after=10)
        handler.wfile.flush()
        release.wait(10)
        return True

    server.behave = stall
    began = time.monotonic()
    with pytest.raises(FetchUnreachable, match="timed out"):
        fetch(server, tmp_path, attempts=2, timeout_s=0.3)
    assert time.monotonic() - began < 5
    release.set()


@pytest.mark.parametrize(
    ("status", "error", "asked"),
    [
        (404, FetchMissing, 1),
        (410, FetchMissing, 1),
        (403, FetchRefused, 1),
        (500, FetchUnreachable, 3),
        (503, FetchUnreachable, 3),
        (429, FetchUnreachable, 3),
    ],
)
def test_an_error_is_tried_again_only_where_that_may_help(
    server: Server, tmp_path: Path, status: int, error: type[FetchError], asked: int
) -> None:
    def refuse(handler: Any, request: Request) -> bool:
        handler.send_error(status)
        return True

    server.behave = refuse
    with pytest.raises(error):
        fetch(server, tmp_path, attempts=3)
    assert len(server.requests) == asked


def test_nobody_listening_is_unreachable(server: Server, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/clip"
        with pytest.raises(FetchUnreachable):
            fetch(server, tmp_path, url, attempts=2)


def test_a_redirection_is_followed_within_the_host_only(server: Server, tmp_path: Path) -> None:
    def redirect(to: str) -> Callable[[Any, Request], bool]:
        def behave(handler: Any, request: Request) -> bool:
            if request.path != "/clip":
                return False
            handler.send_response(302)
            handler.send_header("Location", to)
            handler.end_headers()
            return True

        return behave

    for elsewhere in (
        "http://evil.invalid/clip",
        "https://127.0.0.1/clip",
        "file:///etc/passwd",
        "http://[",
        "",
    ):
        server.behave = redirect(elsewhere)
        with pytest.raises(FetchRefused, match="another place"):
            fetch(server, tmp_path)
    server.behave = redirect("/clip")
    with pytest.raises(FetchRefused, match="too many"):
        fetch(server, tmp_path)
    server.behave = redirect("/there?v=1")
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.requests[-1].path == "/there?v=1"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x/y",
        "http://",
        "/clip",
        "",
        "http://x:0/",
        "http://x/\r\nHost: y",
        "http://[/",
    ],
)
def test_an_address_that_is_not_http_is_refused(server: Server, tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchRefused):
        asyncio.run(Fetcher().fetch(url, SHA256, SIZE, tmp_path))


def test_only_a_simulated_box_does_not_wait_until_the_disk_has_the_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(os, "fsync", written.append)
    for fetcher, writes in (
        (Fetcher(), 2),
        (Fetcher(fsync=False), 0),
        (Surroundings(tmp_path, CHANCE).fetcher, 0),
    ):
        written.clear()
        path = asyncio.run(fetcher.fetch(server.url, SHA256, SIZE, tmp_path))
        assert (path.read_bytes(), len(written)) == (CONTENT, writes)
        path.unlink()


def test_a_hash_that_is_a_path_and_a_senseless_size_are_refused(server: Server, tmp_path: Path) -> None:
    for sha256, size in (
        (f"../{SHA256}", SIZE),
        ("", SIZE),
        (SHA256.upper(), SIZE),
        (SHA256, 0),
        (SHA256, 10**12),
    ):
        with pytest.raises(FetchRefused):
            asyncio.run(Fetcher().fetch(server.url, sha256, size, tmp_path))
    assert server.requests == []


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(DiskFull):
        fetch(server, tmp_path)
    assert server.requests == []


def test_a_disk_that_fills_up_on_the_way_is_told_and_given_its_room_back(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / f"{SHA256}.part").symlink_to("/dev/full")  # the kernel answers every write with ENOSPC
    with pytest.raises(DiskFull):
        fetch(server, tmp_path)
    assert files(tmp_path) == []
    assert len(server.requests) == 1


def test_a_directory_that_cannot_be_written_is_an_error_of_the_fetch(server: Server, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(FetchError):
        fetch(server, tmp_path / "occupied", attempts=1)


def test_two_fetches_of_one_file_at_once_do_not_disturb_each_other(server: Server, tmp_path: Path) -> None:
    async def both() -> list[Path]:
        fetcher = Fetcher(pause_s=0.01)
        return await asyncio.gather(*(fetcher.fetch(server.url, SHA256, SIZE, tmp_path) for _ in range(5)))

    assert {path.read_bytes() for path in asyncio.run(both())} == {CONTENT}
    assert files(tmp_path) == [SHA256]
    assert len(server.requests) == 1


def test_a_cancelled_fetch_soon_lets_go_of_its_thread(server: Server, tmp_path: Path) -> None:
    ended = threading.Event()

    def drip(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, request.start, cut_after=0)
        try:
            for _ in range(300):
                handler.wfile.write(b"x" * 10)
                time.sleep(0.02)
        except OSError:
            ended.set()
        return True

    async def story() -> None:
        task = asyncio.create_task(Fetcher().fetch(server.url, SHA256, SIZE, tmp_path))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    server.behave = drip
    asyncio.run(story())
    assert ended.wait(60)


def test_a_cancelled_fetch_leaves_nothing_that_looks_whole(server: Server, tmp_path: Path) -> None:
    release = threading.Event()

    def slow(handler: Any, request: Request) -> bool:
        answer(handler, CONTENT, request.start, cut_after=100_000)
        handler.wfile.flush()
        release.wait(5)
        return True

    async def story() -> None:
        task = asyncio.create_task(Fetcher(pause_s=0.01).fetch(server.url, SHA256, SIZE, tmp_path))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    server.behave = slow
    asyncio.run(story())
    assert not (tmp_path / SHA256).exists()
    release.set()
    server.behave = lambda handler, request: False
    assert fetch(server, tmp_path).read_bytes() == CONTENT
