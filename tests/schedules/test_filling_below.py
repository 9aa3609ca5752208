"""What areas below one another play in the same slots, and what gives way where too much is fixed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from schedules import airings, filling
from schedules.airings import Sitting
from schedules.errors import OverFull
from schedules.slots import Airings, Candidate, Entry, Kind, Reason, Slot, Version

MONDAY = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MINUTE = 60_000
FLOW = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))
AREAS = {"xa": frozenset({"xa"}), "thon": frozenset({"thon", "xa"}), "xom": frozenset({"xom", "thon", "xa"})}
ABOVE = {"thon": "xa", "xom": "thon"}


def bulletin(name: str, minutes: float = 5, area: str = "", wish: Airings | None = None) -> Candidate:
    areas = frozenset({area} if area else ())
    return Candidate(
        name, "routine", (Version("vi", int(minutes * MINUTE)),), MONDAY, airings=wish, areas=areas
    )


def fixed(name: str) -> Entry:
    return Entry(Kind.BULLETIN, name)


def heard(*sittings: Sitting) -> dict[str, list[list[str]]]:
    spreads = airings.spread_below(sittings, AREAS, ABOVE, {}, horizon=MONDAY + 30 * DAY)
    return {
        name: [[placed.ref for placed in each.placed] for each in spread.programmes]
        for name, spread in spreads.items()
    }


def test_what_is_fixed_and_too_long_gives_way_from_the_last_bulletin_on_and_frames_at_the_very_last() -> None:
    slot = Slot(10 * MINUTE, (Entry(Kind.TUNE, "tune", MINUTE), fixed("a"), fixed("b"), FLOW))
    given = [bulletin("a", 5), bulletin("b", 6), bulletin("c", 2)]
    with pytest.raises(OverFull):
        filling.fill(slot, MONDAY, given, {})
    programme = filling.fill(slot, MONDAY, given, {}, yielding=True)
    assert [each.ref for each in programme.placed] == ["tune", "a", "c"]
    [left] = programme.left_out
    assert (left.ref, left.why, left.params) == ("b", Reason.NO_ROOM, {"missing_ms": 2 * MINUTE})
    short = Slot(MINUTE // 2, slot.entries)
    assert filling.fill(short, MONDAY, given, {}, yielding=True).placed == ()


def test_an_area_with_nothing_to_say_hears_what_sounds_above_it_and_counts_it() -> None:
    """In the village its own takes the room at first, so that its share of what is common is due later."""
    given = (
        bulletin("chung", 5, wish=Airings(2, 10)),
        replace(bulletin("thon", 4, "thon", Airings(1, 10)), klass="priority"),
    )
    slot = Slot(6 * MINUTE, (FLOW,))
    found = heard(*(Sitting(MONDAY + days * DAY, slot, given) for days in (0, 1, 5, 9)))
    assert found["xa"] == [["chung"], [], ["chung"], []]
    assert found["thon"] == found["xom"] == [["thon"], ["chung"], ["chung"], []]


def test_a_sitting_plays_of_its_own_candidates_and_airings_count_through_all_sittings() -> None:
    shared, other = bulletin("a", wish=Airings(2, 10)), bulletin("b")
    slot = Slot(20 * MINUTE, (FLOW,))
    sittings = [Sitting(MONDAY, slot, (shared, other)), Sitting(MONDAY + DAY, slot, (other,))]
    sittings += [Sitting(MONDAY + 2 * DAY, slot, (shared,)), Sitting(MONDAY + 9 * DAY, slot, (shared,))]
    assert heard(*sittings)["xa"] == [["a", "b"], ["b"], [], ["a"]]
    last_chance = [*sittings[:3], Sitting(MONDAY + 9 * DAY, slot, (other,))]
    assert heard(*last_chance)["xa"] == [["a", "b"], ["b"], ["a"], ["b"]]
