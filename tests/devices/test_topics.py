"""Topics are built, parsed back, and never wider than one device or group."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import Malformed
from devices.topics import Kind, Place, Topics

TOPICS = Topics("demo")
names = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,20}", fullmatch=True)


@given(names)
def test_every_topic_parses_back_to_its_kind_and_name(name):
    of_device = {
        Kind.DESIRED: TOPICS.desired,
        Kind.CMD: TOPICS.cmd,
        Kind.CURSOR: TOPICS.cursor,
        Kind.STATE: TOPICS.state,
        Kind.TELE: TOPICS.tele,
        Kind.EVT: TOPICS.evt,
        Kind.ACK: TOPICS.ack,
        Kind.ALERTS: TOPICS.alerts,
        Kind.GROUP_CMD: TOPICS.group_cmd,
    }
    for kind, build in of_device.items():
        assert TOPICS.parse(build(name)) == Place(kind, name)


def test_the_topics_are_those_of_the_protocol():
    assert TOPICS.desired("loa-1") == "ttcs/1/demo/d/loa-1/desired"
    assert TOPICS.group_cmd("H26.79") == "ttcs/1/demo/g/H26.79/cmd"
    assert TOPICS.parse("ttcs/1/demo/srv/state") == Place(Kind.SERVER_STATE, "")


@given(st.text(max_size=60))
def test_any_other_topic_is_malformed(topic):
    with pytest.raises(Malformed):
        TOPICS.parse(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "ttcs/1/other/d/loa-1/desired",
        "ttcs/1/demo/d/loa-1/alerts",
        "ttcs/1/demo/g/x/desired",
        "ttcs/1/demo/d/+/cmd",
        "ttcs/1/demo/d/loa-1/cmd/more",
    ],
)
def test_a_topic_of_another_tenant_or_place_is_malformed(topic):
    with pytest.raises(Malformed):
        TOPICS.parse(topic)


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "a b", "-a", "x" * 81])
def test_no_name_can_widen_a_subscription(name):
    with pytest.raises(ValueError, match="not usable"):
        TOPICS.desired(name)
    with pytest.raises(ValueError, match="not usable"):
        Topics(name)


def test_a_loudspeaker_reads_only_itself_and_its_groups_and_writes_only_itself():
    reads = TOPICS.device_reads("loa-1", ["thon-1", "xa"])
    assert set(reads) == {
        "ttcs/1/demo/d/loa-1/desired",
        "ttcs/1/demo/d/loa-1/cmd",
        "ttcs/1/demo/d/loa-1/cursor",
        "ttcs/1/demo/d/loa-1/time",
        "ttcs/1/demo/g/thon-1/alerts",
        "ttcs/1/demo/g/thon-1/cmd",
        "ttcs/1/demo/g/xa/alerts",
        "ttcs/1/demo/g/xa/cmd",
        "ttcs/1/demo/srv/state",
    }
    writes = TOPICS.device_writes("loa-1")
    assert {TOPICS.parse(topic) for topic in writes} == {
        Place(kind, "loa-1") for kind in (Kind.STATE, Kind.TELE, Kind.EVT, Kind.ACK, Kind.TIME_REQ)
    }
    assert not set(writes) & set(reads)
