"""Whether a stream can be carried is told before anybody plans with it, and where it may be looked for."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import errors
from devices.relay import Reach, examine
from devices.relay.calling import target
from devices.relay.codecs import identify
from devices.relay.playlist import read
from tests.devices.radio_station import HERE, Radio, programme


@pytest.fixture
def radio() -> Iterator[Radio]:
    station = Radio()
    yield station
    station.close()


def refused(url: str, reach: Reach = HERE, **bounds: float) -> errors.RelayError:
    with pytest.raises(errors.RelayError) as caught:
        examine(url, reach, **bounds)
    return caught.value


def test_an_old_station_with_titles_between_its_sound_is_understood(radio: Radio) -> None:
    found = examine(radio.live(every=1000), HERE)
    assert (found.media_type, found.codec, found.bit_rate) == ("audio/mpeg", "MP3", 64_000)
    assert (found.sample_rate, found.channels, found.title) == (24_000, 1, "Thu")
    assert found.bytes_an_hour == 28_800_000


def test_a_list_of_segments_is_a_stream_and_the_cheapest_of_its_variants_is_taken(radio: Radio) -> None:
    radio.segments("/low.m3u8")
    master = (
        '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=256000,CODECS="mp4a.40.34"\nhigh.m3u8\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=64000\nlow.m3u8\n"
    )
    found = examine(radio.body("/main.m3u8", master.encode(), "application/vnd.apple.mpegurl"), HERE)
    assert (found.media_type, found.bit_rate) == ("application/vnd.apple.mpegurl", 64_000)
    assert "/high.m3u8" not in radio.calls


def test_a_stream_that_is_handed_on_to_another_address_is_followed(radio: Radio) -> None:
    radio.live("/far")
    assert examine(radio.forward("/near", "/far"), HERE).codec == "MP3"


@pytest.mark.parametrize(
    ("media_type", "content", "kind"),
    [
        ("text/html", b"<!DOCTYPE html><title>Nghe dai</title>" + b" " * 9000, errors.RelayPage),
        ("audio/mpeg", b"<html>" + b"loi " * 3000, errors.RelayPage),
        ("application/json", b'{"url": "x"}', errors.RelayPage),
        ("audio/mpeg", b"", errors.RelayUnreachable),
        ("application/vnd.apple.mpegurl", b"#EXTM3U\n", errors.RelayPage),
        ("application/vnd.apple.mpegurl", b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n', errors.RelayCodec),
    ],
)
def test_what_is_no_stream_is_called_by_its_name(
    radio: Radio, media_type: str, content: bytes, kind: type[errors.RelayError]
) -> None:
    assert type(refused(radio.body("/x", content, media_type))) is kind


def test_a_recording_is_no_stream(radio: Radio) -> None:
    assert isinstance(refused(radio.body("/a.mp3", programme(), "audio/mpeg")), errors.RelayFile)
    over = "#EXTM3U\n#EXTINF:1,\na.mp3\n#EXT-X-ENDLIST\n"
    listed = radio.body("/l.m3u8", over.encode(), "application/vnd.apple.mpegurl")
    assert isinstance(refused(listed), errors.RelayFile)


def test_a_stream_that_is_not_mp3_is_named(radio: Radio) -> None:
    aac = radio.body("/aac", programme("aac"), "audio/aacp", length=False)
    error = refused(aac)
    assert isinstance(error, errors.RelayCodec)
    assert error.codec == "AAC"
    assert identify(b"OggS" + bytes(9000))[0] == "Ogg"
    assert identify((b"\x47" + bytes(187)) * 3)[0] == "TS"


def test_going_round_in_circles_ends(radio: Radio) -> None:
    assert isinstance(refused(radio.forward("/round", "/round")), errors.RelayLoop)
    assert len(radio.calls) == 5


def test_a_stream_that_stands_still_is_not_waited_for(radio: Radio) -> None:
    body = radio.body("/slow", programme(), "audio/mpeg", length=False, wait=30)
    assert isinstance(refused(body, within_s=0.2), errors.RelayUnreachable)


def test_a_closed_door_and_a_missing_stream_are_told_apart(radio: Radio) -> None:
    assert isinstance(refused(radio.base + "/nothing"), errors.RelayMissing)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert isinstance(refused(closed), errors.RelayUnreachable)


def test_an_encrypted_address_where_nobody_speaks_encryption_is_told(radio: Radio) -> None:
    assert isinstance(refused(radio.base.replace("http:", "https:")), errors.RelayTls)


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "file:///etc/passwd", "http:///x", "http://a b/", "http://me@a/", "http://a:0/", "x"]
)
def test_only_web_addresses_are_called(url: str) -> None:
    with pytest.raises(errors.RelayRefused):
        target(url)


# --- where streams may be looked for --------------------------------------------


def answering(*addresses: str) -> Any:
    def resolve(host: str, port: int, **_: object) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    return resolve


PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
    *("224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1", "::ffff:192.168.1.1", "ff02::1"),
    *("2002:c0a8:101::1", "64:ff9b::c0a8:101", "::"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_inside_a_network_is_ever_called(address: str) -> None:
    with pytest.raises(errors.RelayPrivate):
        Reach(resolve=answering(address)).addresses("radio.vn", 80)


def test_public_addresses_are_called_and_no_other_beside_them() -> None:
    reach = Reach(resolve=answering("10.0.0.1", "113.160.0.1", "2405:4800::1"))
    assert reach.addresses("radio.vn", 80) == ["113.160.0.1", "2405:4800::1"]


def test_a_network_is_reached_only_when_the_policy_names_it() -> None:
    resolve = answering("10.20.0.7")
    assert Reach(["10.20.0.0/16"], resolve=resolve).addresses("dai", 80) == ["10.20.0.7"]
    for others in (["10.21.0.0/16"], ["rubbish"], ["fd00::/8"], []):
        with pytest.raises(errors.RelayPrivate):
            Reach(others, resolve=resolve).addresses("dai", 80)


def test_a_redirection_into_the_network_is_not_followed(radio: Radio) -> None:
    inside = radio.live("/inside").replace("127.0.0.1", "localhost")
    reach = Reach(["127.0.0.1/32"], resolve=_localhost_is_another_machine)
    assert isinstance(refused(radio.forward("/go", inside), reach), errors.RelayPrivate)
    assert radio.calls == ["/go"]


def _localhost_is_another_machine(host: str, port: int, **more: Any) -> list[Any]:
    return socket.getaddrinfo("127.0.0.2" if host == "localhost" else host, port, **more)


def test_the_address_that_was_judged_is_the_one_that_is_called(radio: Radio) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    radio.live()
    port = radio.base.rpartition(":")[2]
    examine(f"http://station.example:{port}/live", Reach(["127.0.0.1/32"], resolve=resolve))
    assert asked == ["station.example"]


@given(st.ip_addresses())
def test_what_is_permitted_without_a_policy_is_public(address: Any) -> None:
    if Reach().permits(str(address)):
        assert address.is_global


@given(st.binary(max_size=400))
def test_no_bytes_bring_the_reading_of_a_list_or_a_head_down(content: bytes) -> None:
    identify(content)
    with contextlib.suppress(errors.RelayError):
        read("#EXTM3U\n" + content.decode("latin-1"), "http://a/b")
