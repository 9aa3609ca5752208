"""What a station may send to keep a listener busy for ever: chunks without an end, numbers that are none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import errors
from devices.relay import examine
from devices.relay.calling import _unchunked
from tests.devices.radio_station import HERE, Radio

LONG_ENOUGH = 10_000  # pieces that are read before one says that it never ends


@pytest.fixture
def radio() -> Iterator[Radio]:
    station = Radio()
    yield station
    station.close()


def written(chunks: list[bytes]) -> bytes:
    return b"".join(b"%x;name=v\r\n%b\r\n" % (len(each), each) for each in chunks)


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    ends = [0, *itertools.accumulate(sizes), len(data)]
    return (data[start:end] for start, end in itertools.pairwise(ends))


@given(
    st.lists(st.binary(min_size=1, max_size=60), max_size=8),
    st.lists(st.integers(0, 12), max_size=60),
)
def test_a_chunked_body_is_the_same_however_it_is_cut(chunks: list[bytes], sizes: list[int]) -> None:
    sent = written(chunks) + b"0\r\n\r\nbehind it"
    assert b"".join(_unchunked(cut(sent, sizes))) == b"".join(chunks)


def test_of_a_long_chunk_what_has_come_is_heard_at_once() -> None:
    heard = _unchunked(iter([b"100000\r\nab", b"cd"]))
    assert [next(heard), next(heard)] == [b"ab", b"cd"]


@pytest.mark.parametrize(
    "line", [b"-5\r\n", b"+5\r\n", b"0x5\r\n", b"\r\n", b"g\r\n", b"f" * 9 + b"\r\n", b"f"]
)
def test_chunks_without_a_length_end_the_call(line: bytes) -> None:
    sent = itertools.chain([line], itertools.repeat(b"f" * 16, LONG_ENOUGH))
    with pytest.raises(errors.RelayUnreachable):
        list(_unchunked(sent))
    assert next(sent, None) is not None, "read to its end"


@pytest.mark.parametrize("every", ["²", "-1", "0", "9" * 30, "x"])
def test_titles_that_come_every_so_often_need_a_number(radio: Radio, every: str) -> None:
    def send(handler: Any) -> None:
        head = f"ICY 200 OK\r\nContent-Type: text/html\r\nicy-metaint: {every}\r\n\r\n"
        handler.wfile.write(head.encode("latin-1") + b"<html>" + b" " * 9000)

    with pytest.raises(errors.RelayPage):
        examine(radio.on("/x", send), HERE)


def test_an_answer_that_begins_letter_by_letter_is_not_waited_for(radio: Radio) -> None:
    def send(handler: Any) -> None:
        while not radio.released.wait(0.005):
            handler.wfile.write(b"H")

    with pytest.raises(errors.RelayUnreachable):
        examine(radio.on("/slow", send), HERE, within_s=0.3)
