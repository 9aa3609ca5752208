"""Our programs against the published vectors of streams: addresses, redirections, first bytes, places."""

import array
import base64
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.errors import RelayError, RelayRefused
from devices.messages import ClipRef, Item, Relay
from devices.relay import Reach, calling, playlist, reception
from devices.speaker.core import Decode
from devices.speaker.ports import RATE
from devices.speaker.supplies import Supplies

PUBLISHED = json.loads((Path(__file__).parents[2] / "docs/protocol/vectors/relays.json").read_text("utf-8"))


def cases(part):
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=case.get("name")) for case in PUBLISHED[part]]
    )


@cases("addresses")
def test_an_address_is_called_or_not_as_published(case):
    assert Reach(case["relay_networks"]).permits(case["address"]) is case["may_be_called"]


@cases("urls")
def test_an_address_is_one_of_a_stream_as_published(case):
    if case["is_stream"]:
        assert calling.target(case["url"]).hostname
        return
    with pytest.raises(RelayRefused):
        calling.target(case["url"])


@cases("redirects")
def test_a_redirection_is_followed_as_published(case):
    if case["next"] is not None:
        assert calling._forward(case["from"], case["location"]) == case["next"]
        return
    with pytest.raises(RelayRefused):
        calling._forward(case["from"], case["location"])


@cases("streams")
def test_what_comes_is_judged_by_its_content(case):
    head = base64.b64decode(case["head_base64"])
    if case["result"] == "carried":
        assert reception._recognised(head, case["media_type"]).bit_rate == 64_000
        return
    with pytest.raises(RelayError) as refusal:
        reception._recognised(head, case["media_type"])
    assert refusal.value.code == case["result"]


@cases("lists")
def test_a_list_of_segments_is_read_as_published(case):
    if case["result"] == "carried":
        found = playlist.read(case["text"], PUBLISHED["list_at"])
        assert [segment.url for segment in found.segments] == case["segments"]
        return
    with pytest.raises(RelayError) as refusal:
        playlist.read(case["text"], PUBLISHED["list_at"])
    assert refusal.value.code == case["result"]


@cases("places")
def test_each_stream_is_the_published_part_of_its_item(case):
    clips = tuple(
        ClipRef(sha256=str(n), size=1, duration_ms=length, url="")
        for n, length in enumerate(case["clips_ms"])
    )
    relays = tuple(Relay(url="http://radio.example/live", **each) for each in case["relays"])
    basics = {"id": "a", "title": "a", "start": 0, "not_before": 0, "expires": 0}
    item = Item(**basics, clips=clips, relays=relays)
    assert item.duration_ms == case["duration_ms"]
    reel = supplies()._load(Decode(item, 1, 0))
    assert len(reel) == case["duration_ms"] * RATE // 1000
    assert [[1000 * at // RATE for at in part] for part in reel.live] == case["streams_ms"]


def supplies():
    """Of a box on whose disk every clip is silence of its length."""

    def load(directory, clips, repeat, gap_ms):
        return memoryview(array.array("h", bytes(2 * sum(clip.duration_ms for clip in clips) * RATE // 1000)))

    radio = SimpleNamespace(feed=lambda relay, networks: object())
    world = SimpleNamespace(loader=SimpleNamespace(load=load), radio=radio)
    nobody = SimpleNamespace(directory=Path())
    return Supplies(world, nobody, nobody, lambda event: None, rng=None, faults=None)
