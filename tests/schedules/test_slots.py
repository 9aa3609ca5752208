"""What a slot may hold, and how it is stored."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import pytest

from schedules import slots
from schedules.errors import OverFull, SlotError
from schedules.slots import Airings, Candidate, Entry, Kind, Programme, Slot, Version

BOTH = frozenset({"priority", "routine"})
PRIORITY = frozenset({"priority"})
ROUTINE = frozenset({"routine"})
MORNING = Slot(
    length_ms=1_800_000,
    entries=(
        Entry(Kind.TUNE, "nhac-hieu", 20_000),
        Entry(Kind.FLOW, fixed=False, classes=PRIORITY),
        Entry(Kind.BULLETIN, "gio-tau-xe"),
        Entry(Kind.FLOW, fixed=False, classes=ROUTINE),
        Entry(Kind.RELAY, "dai-tinh", 600_000),
        Entry(Kind.PIECE, "dan-ca", 240_000, fixed=False),
        Entry(Kind.CLOSING, length_ms=10_000),
    ),
    languages=("vi", "tyz"),
)


def flow(classes: frozenset[str], *, fixed: bool = False) -> Entry:
    return Entry(Kind.FLOW, fixed=fixed, classes=classes)


def test_a_slot_comes_back_from_its_stored_form() -> None:
    assert slots.validate(MORNING) is MORNING
    stored = slots.to_dict(MORNING)
    assert json.loads(json.dumps(stored)) == stored
    assert slots.from_dict(stored) == MORNING


def test_equal_slots_are_stored_alike() -> None:
    assert slots.to_dict(MORNING)["entries"][1]["classes"] == ["priority"]
    assert slots.to_dict(Slot(60_000, (flow(BOTH),)))["entries"][0]["classes"] == ["priority", "routine"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "no_entries"),
        ([Entry(Kind.CHIME, length_ms=1_000)] * 101, "too_many_entries"),
        ([Entry(Kind.TUNE, "nhac-hieu")], "bad_entry_length"),
        ([Entry(Kind.RELAY, "dai-tinh")], "bad_entry_length"),
        ([Entry(Kind.PIECE, "dan-ca", -1)], "bad_entry_length"),
        ([Entry(Kind.RELAY, length_ms=1_000)], "no_ref"),
        ([Entry(Kind.BULLETIN)], "no_ref"),
        ([Entry(Kind.BULLETIN, "b1", 60_000)], "bad_entry_length"),
        ([flow(BOTH, fixed=True)], "flow_is_filling"),
        ([Entry(Kind.FLOW, "", 60_000, fixed=False, classes=BOTH)], "bad_entry_length"),
        ([Entry(Kind.BULLETIN, "b1", fixed=False)], "bulletin_is_fixed"),
        ([flow(frozenset())], "no_class"),
        ([flow(frozenset({"routine", "emergency"}))], "bad_class"),
        ([flow(BOTH), flow(ROUTINE)], "repeated_class"),
        ([flow(ROUTINE), flow(PRIORITY)], "routine_before_priority"),
        ([Entry(Kind.BULLETIN, "b1"), Entry(Kind.BULLETIN, "b1")], "repeated_bulletin"),
    ],
)
def test_entries_that_make_no_slot_are_refused(entries: list[Entry], code: str) -> None:
    with pytest.raises(SlotError) as refused:
        slots.validate(Slot(1_800_000, tuple(entries)))
    assert refused.value.code == code


@pytest.mark.parametrize("length_ms", [0, -1, 24 * 3600 * 1000 + 1])
def test_a_slot_lasts_between_a_moment_and_a_day(length_ms: int) -> None:
    with pytest.raises(SlotError, match="bad_length"):
        slots.validate(Slot(length_ms, (flow(BOTH),)))


def test_what_is_always_there_must_fit_when_the_slot_is_made() -> None:
    tune, song = Entry(Kind.TUNE, "nhac-hieu", 20_000), Entry(Kind.PIECE, "dan-ca", 90_000, fixed=False)
    assert slots.validate(Slot(20_000, (tune, song, flow(BOTH))))
    with pytest.raises(OverFull) as refused:
        slots.validate(Slot(19_000, (tune, song)))
    assert refused.value.over_ms == 1_000


def test_a_language_is_heard_once() -> None:
    with pytest.raises(SlotError, match="repeated_language"):
        slots.validate(Slot(60_000, (flow(BOTH),), ("vi", "vi")))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"length_ms": "long", "entries": []},
        {"length_ms": 60_000, "entries": [{"kind": "speech"}]},
        {"length_ms": 60_000, "entries": {"kind": "tune"}},
    ],
)
def test_what_is_no_stored_slot_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(SlotError, match="malformed"):
        slots.from_dict(data)


def test_a_stored_slot_is_validated() -> None:
    with pytest.raises(SlotError, match="no_entries"):
        slots.from_dict({"length_ms": 60_000, "entries": []})


def test_many_languages_are_read_in_no_more_than_their_own_time() -> None:
    entries = [{"kind": "chime", "length_ms": 1000}]
    many = [f"l{number}" for number in range(20_000)]
    begun = time.process_time()
    slots.from_dict({"length_ms": 60_000, "entries": entries, "languages": many})
    linear = time.process_time() - begun
    assert linear < 0.5  # seconds; comparing each with all before it takes several
    with pytest.raises(SlotError, match="repeated_language"):
        slots.from_dict({"length_ms": 60_000, "entries": entries, "languages": [*many, "l0"]})


@pytest.mark.parametrize(
    ("times", "days", "gap_h", "code"),
    [
        (0, 5, 0, "bad_times"),
        (1001, 5, 0, "bad_times"),
        (3, 0, 0, "bad_days"),
        (3, 367, 0, "bad_days"),
        (3, 5, -1, "bad_gap"),
        (3, 1, 12, "gap_too_long"),
        (1000, 366, 24 * 900_000_000, "gap_too_long"),
    ],
)
def test_a_wish_for_airings_that_nothing_could_fulfil_is_refused(
    times: int, days: int, gap_h: int, code: str
) -> None:
    with pytest.raises(SlotError) as refused:
        slots.validate_airings(Airings(times, days, dt.timedelta(hours=gap_h)))
    assert refused.value.code == code


def test_a_wish_may_take_its_days_to_the_full() -> None:
    for airings in (
        Airings(3, 5),
        Airings(1000, 366),
        Airings(2, 1, dt.timedelta(hours=12)),
        Airings(1, 1, dt.timedelta(days=9)),
    ):
        assert slots.validate_airings(airings) is airings


def test_a_bulletin_ends_with_its_validity_or_with_its_days_of_airing() -> None:
    monday = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    wednesday, saturday = monday + dt.timedelta(days=2), monday + dt.timedelta(days=5)
    wanted = Airings(times=3, days=5)
    assert Candidate("a", "routine", (), monday).until == slots.FOREVER
    assert Candidate("a", "routine", (), monday, airings=wanted).until == saturday
    assert Candidate("a", "routine", (), monday, wednesday, airings=wanted).until == wednesday


def test_a_bulletin_is_heard_in_the_languages_of_its_listeners_and_in_their_order() -> None:
    versions = (Version("vi", 60_000), Version("hmn", 0), Version("tyz", 50_000))
    bulletin = Candidate("a", "routine", versions, dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
    assert [each.language for each in bulletin.heard(())] == ["vi", "tyz"]
    assert [each.language for each in bulletin.heard(("tyz", "hmn", "vi"))] == ["tyz", "vi"]
    assert bulletin.heard(("hmn",)) == []


def test_a_frame_without_anything_in_it_says_nothing() -> None:
    start = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    tune = slots.Placed(0, Kind.TUNE, "nhac-hieu", 0, 20_000, slots.Why.FIXED)
    relay = slots.Placed(1, Kind.RELAY, "dai-tinh", 20_000, 60_000, slots.Why.FIXED)
    bulletin = slots.Placed(1, Kind.FLOW, "hop-thon", 20_000, 60_000, slots.Why.VALID)
    assert Programme(start, 90_000, (tune,), ()).says_nothing
    assert not Programme(start, 90_000, (tune, bulletin), ()).says_nothing
    assert not Programme(start, 90_000, (tune, relay), ()).says_nothing
    assert Programme(start, 90_000, (tune, relay), ()).used_ms == 80_000
