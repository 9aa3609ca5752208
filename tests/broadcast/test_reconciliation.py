"""The calendar beside what was heard: nothing is left out, and nothing is called equal that is not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.evidence.reconciliation import Change, Contact, Heard, Part, Shift, compare, totals
from broadcast.evidence.whys import Why
from devices.messages import ItemState as S

NOON = dt.datetime(2027, 2, 6, 5, tzinfo=dt.UTC)
SECOND, MINUTE, HOUR, DAY = (dt.timedelta(seconds=n) for n in (1, 60, 3600, 86400))
PART = Part(1, "s1.20270206T120000", "Bản tin trưa", NOON, 30_000, since=NOON - 3 * DAY)
DONE = Heard(S.DONE, "", 3, NOON, NOON, NOON + 30 * SECOND, 30_000, 30_000, "Bản tin trưa")
URGENT = Heard(S.DONE, "", 3, NOON, NOON - 10 * SECOND, NOON + 20 * SECOND, 30_000, 30_000, "Thông báo khẩn")
KEY, OTHER = (1, PART.key), (1, "u1")


def why(part=PART, heard=DONE, contact=None, beside=None):
    sounds = {KEY: heard} if heard else {}
    sounds |= {OTHER: beside} if beside else {}
    rows = compare([part], sounds, {1: contact} if contact else {})
    return next(row.why for row in rows if row.part.key == PART.key)


def lost(state, reason="", **more):
    return replace(
        DONE, state=state, reason=reason, evidence=1, started=None, ended=None, played_ms=0, **more
    )


def gone(at, kind=Why.MOVED):
    return replace(PART, gone=Change(kind, at, "Lan"))


def test_what_sounded_to_its_end_at_its_time_is_equal():
    assert why() is None


@pytest.mark.parametrize(
    "heard",
    [
        replace(DONE, started=NOON + 3 * SECOND),
        replace(DONE, started=NOON - 3 * SECOND),
        replace(DONE, played_ms=29_000),
        replace(DONE, evidence=2),
        replace(DONE, state=S.PLAYING),
        None,
    ],
)
def test_what_is_late_or_short_or_without_proof_is_not_equal_and_not_explained_by_itself(heard):
    assert why(heard=heard, contact=Contact(heard_at=NOON + DAY)) is Why.UNKNOWN


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("silenced", Why.SILENCED),
        ("held", Why.STOPPED),
        ("outside_hours", Why.HOURS),
        ("daily_limit", Why.LIMIT),
        ("clock_stepped", Why.CLOCK),
        ("power", Why.NO_POWER),
        ("no_audio", Why.NO_AUDIO),
        ("store_failed", Why.BROKEN),
    ],
)
def test_a_reason_in_the_journal_explains_the_row(reason, expected):
    assert why(heard=lost(S.SKIPPED, reason)) is expected


def test_what_a_box_only_calls_off_needs_a_time_without_power_or_without_contact():
    off = lost(S.MISSED, "off")
    heard_at = NOON + DAY
    assert why(heard=off, contact=Contact(heard_at=heard_at)) is Why.UNKNOWN
    without_power = Contact(off=((NOON - HOUR, NOON + HOUR),), heard_at=heard_at)
    assert why(heard=off, contact=without_power) is Why.NO_POWER
    away = Contact(away=((NOON - HOUR, NOON + HOUR),), heard_at=heard_at)
    assert why(heard=off, contact=away) is Why.UNKNOWN  # it had been told three days ago
    told_meanwhile = replace(PART, since=NOON - MINUTE)
    assert why(told_meanwhile, off, away) is Why.OUT_OF_TOUCH
    assert why(told_meanwhile, off, Contact(heard_at=heard_at)) is Why.TOO_LATE
    urgent = replace(told_meanwhile, at_once=True)
    assert why(urgent, off, Contact(heard_at=heard_at)) is Why.UNKNOWN  # it is always told so late


def test_a_box_without_a_network_plays_what_it_had_though_it_is_shorter_than_what_is_planned_now():
    shorter = replace(DONE, played_ms=20_000, length_ms=20_000)
    assert why(heard=shorter, contact=Contact(heard_at=NOON + DAY)) is Why.UNKNOWN
    away = Contact(away=((NOON - DAY, NOON + HOUR),), heard_at=NOON + DAY)
    assert why(heard=shorter, contact=away) is Why.OUT_OF_TOUCH


def test_a_box_that_was_not_heard_since_has_said_nothing_yet():
    assert why(heard=None, contact=Contact(heard_at=NOON - HOUR)) is Why.NO_WORD
    assert why(heard=None) is Why.NO_WORD


def test_what_was_taken_out_and_was_silent_is_explained_by_who_took_it_out():
    (row,) = compare([gone(NOON - DAY)], {KEY: lost(S.CANCELLED, "withdrawn")}, {})
    assert (row.why, row.change.by) == (Why.MOVED, "Lan")
    assert why(gone(NOON - DAY), None) is Why.MOVED


def test_what_was_taken_out_and_sounded_is_explained_only_by_a_box_that_could_not_know():
    away = Contact(away=((NOON - 2 * DAY, NOON + DAY),))
    assert why(gone(NOON - DAY)) is Why.UNKNOWN
    assert why(gone(NOON - DAY), contact=away) is Why.OUT_OF_TOUCH
    assert why(gone(NOON - 3 * DAY), contact=away) is Why.UNKNOWN
    assert why(gone(NOON - MINUTE)) is Why.TOO_LATE
    assert why(gone(NOON + 10 * SECOND), replace(DONE, played_ms=10_000)) is Why.MOVED


def test_what_nobody_ordered_is_a_row_of_its_own():
    rows = compare([], {OTHER: URGENT}, {})
    assert [(row.why, row.part.title) for row in rows] == [(Why.UNKNOWN, "Thông báo khẩn")]
    assert compare([], {OTHER: lost(S.CANCELLED, "withdrawn")}, {}) == []


def test_who_had_to_wait_names_what_played_before_it():
    waited = replace(DONE, started=NOON + 20 * SECOND, ended=NOON + 50 * SECOND)
    (row, _) = compare([PART], {KEY: waited, OTHER: URGENT}, {})
    assert (row.why, row.other) == (Why.IN_TURN, "Thông báo khẩn")
    assert why(heard=waited) is Why.UNKNOWN


def test_what_was_cut_and_went_on_is_told_with_what_cut_it():
    resumed = replace(DONE, ended=NOON + 60 * SECOND)
    within = replace(URGENT, started=NOON + 5 * SECOND, ended=NOON + 35 * SECOND)
    assert why(heard=resumed, beside=within) is Why.RESUMED
    cut = replace(DONE, state=S.PARTIAL, reason="preempted", played_ms=5_000)
    assert why(heard=cut, beside=within) is Why.PREEMPTED


DECIDED = Shift(Change(Why.ORDER_DECIDED, NOON - DAY, "Lan"), 40 * SECOND)
TURNS = Shift(Change(Why.STAGGERED, NOON - DAY, "Bình"), 32 * SECOND, turns=True)


@pytest.mark.parametrize(
    ("shifts", "seconds", "expected"),
    [
        ((DECIDED,), 40, Why.ORDER_DECIDED),
        ((DECIDED,), 80, Why.UNKNOWN),
        ((TURNS,), 32, Why.STAGGERED),
        ((TURNS,), 96, Why.STAGGERED),
        ((TURNS,), 48, Why.UNKNOWN),
        ((DECIDED, TURNS), 40, Why.ORDER_DECIDED),
        ((DECIDED, TURNS), 72, Why.ORDER_DECIDED),
        ((DECIDED, TURNS), 64, Why.STAGGERED),
        ((), 32, Why.UNKNOWN),
    ],
)
def test_what_begins_later_is_explained_by_an_order_of_just_so_much(shifts, seconds, expected):
    later = NOON + seconds * SECOND
    heard = replace(DONE, planned=later, started=later, ended=later + 30 * SECOND)
    (row,) = compare([replace(PART, shifts=shifts)], {KEY: heard}, {})
    assert row.why is expected
    assert row.shift == (later - NOON if expected is not Why.UNKNOWN else 0 * SECOND)
    assert row.part.start == NOON


def test_what_waits_in_turn_and_is_lost_is_explained_by_what_it_met_at_that_time():
    later = NOON + 32 * SECOND
    heard = lost(S.MISSED, "off")
    off = Contact(off=((NOON + 20 * SECOND, NOON + HOUR),), heard_at=NOON + DAY)
    (row,) = compare([replace(PART, shifts=(TURNS,))], {KEY: replace(heard, planned=later)}, {1: off})
    assert (row.why, row.shift) == (Why.NO_POWER, 32 * SECOND)
    assert why(heard=heard, contact=off) is Why.UNKNOWN


def test_only_what_nothing_explains_is_told_as_kept_no_more():
    gone_since = Contact(heard_at=NOON + DAY, kept_since=NOON + DAY)
    assert why(heard=lost(S.MISSED, "off"), contact=gone_since) is Why.NOT_KEPT
    assert why(heard=lost(S.MISSED, "power"), contact=gone_since) is Why.NO_POWER
    assert why(contact=gone_since) is None


def test_a_clock_that_is_wrong_makes_no_row_equal():
    assert why(heard=replace(DONE, clock_ahead=15 * MINUTE)) is Why.CLOCK
    assert why(heard=replace(DONE, clock_ahead=-15 * MINUTE)) is Why.CLOCK


def test_a_stop_on_the_air_is_told_with_who_stopped_it():
    stopped = replace(PART, stopped=Change(Why.STOPPED, NOON + 5 * SECOND, "Lan"))
    cut = replace(DONE, state=S.PARTIAL, reason="cancelled", played_ms=5_000)
    (row,) = compare([stopped], {KEY: cut}, {})
    assert (row.why, row.change) == (Why.STOPPED, stopped.stopped)
    assert why(stopped) is None  # it was over before the stop reached it
    away = Contact(away=((NOON - 4 * DAY, NOON + HOUR),), heard_at=NOON + DAY)
    assert why(stopped, None, away) is Why.OUT_OF_TOUCH  # and knew of neither
    assert why(stopped, None, Contact(heard_at=NOON + DAY)) is Why.STOPPED


instants = st.integers(-4 * 3600, 4 * 3600).map(lambda n: NOON + n * SECOND)
spans = st.lists(st.tuples(instants, instants).map(lambda two: (min(two), max(two))), max_size=3).map(tuple)
changes = st.none() | st.builds(
    Change, st.sampled_from([each for each in Why if each is not Why.UNKNOWN]), instants
)
parts = st.lists(
    st.builds(
        Part,
        st.integers(1, 2),
        st.sampled_from("abcd"),
        st.just("Tin"),
        instants,
        st.just(30_000),
        gone=changes,
        since=st.none() | instants,
        stopped=st.none() | st.builds(Change, st.just(Why.STOPPED), instants),
        shifts=st.sampled_from([(), (DECIDED,), (TURNS,), (DECIDED, TURNS)]),
    ),
    max_size=6,
    unique_by=lambda part: (part.loudspeaker_id, part.key),
)
words = st.builds(
    Heard,
    st.sampled_from(S),
    st.sampled_from(["", "off", "power", "preempted", "silenced", "withdrawn", "mới"]),
    st.integers(0, 6),
    instants,
    st.none() | instants,
    st.none() | instants,
    st.sampled_from([0, 5_000, 29_900, 30_000]),
    st.just(30_000),
)
keys = st.tuples(st.integers(1, 2), st.sampled_from("abcdef"))
contacts = st.dictionaries(st.integers(1, 2), st.builds(Contact, spans, spans, st.none() | instants))


@given(parts, st.dictionaries(keys, words, max_size=6), contacts)
def test_every_part_and_every_sound_is_exactly_one_row_and_equal_means_heard_whole_in_time(
    known, heard, contact
):
    rows = compare(known, heard, contact)
    expected = {(part.loudspeaker_id, part.key) for part in known}
    expected |= {key for key, each in heard.items() if each.sounded}
    assert sorted((row.part.loudspeaker_id, row.part.key) for row in rows) == sorted(expected)
    for row in rows:
        if row.is_equal:
            assert row.part.gone is None
            assert (row.heard.state, row.heard.evidence >= 3) == (S.DONE, True)
            assert abs(row.heard.started - row.part.start) <= 2 * SECOND
            assert row.heard.played_ms >= 29_500
    sums = totals(rows)
    assert sums.equal + sum(sums.differences.values()) == sums.rows == len(rows)


@given(parts, st.dictionaries(keys, words, max_size=6), contacts, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_handed_over_means_nothing(known, heard, contact, rng):
    shuffled, items = list(known), list(heard.items())
    rng.shuffle(shuffled)
    rng.shuffle(items)
    one, other = compare(known, heard, contact), compare(shuffled, dict(items), contact)
    assert [(row.part, row.why) for row in one] == [(row.part, row.why) for row in other]


@given(parts)
def test_silence_of_everyone_is_never_equal(known):
    assert not any(row.is_equal for row in compare(known, {}, {}))


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_turn_that_came_too_late_explains_silence_and_nothing_that_sounded(turn):
    order = Change(Why.STAGGERED, NOON - DAY, "Lan")
    part = replace(PART, shifts=(Shift(order, MINUTE, turns=True),), turn=turn, latest=NOON + MINUTE)
    seen = Contact(heard_at=NOON + DAY)
    assert why(part, None, seen) is (Why.OVERDUE if turn == 2 else Why.UNKNOWN)
    assert why(part, DONE, seen) is None
    assert why(part, lost(S.MISSED, "no_audio"), seen) is Why.NO_AUDIO
    assert why(replace(part, latest=None), None, seen) is Why.UNKNOWN


def test_what_a_unit_put_second_and_a_turn_add_up_until_it_does_not_hold_any_more():
    decided = Shift(Change(Why.ORDER_DECIDED, NOON - DAY, "Lan"), 2 * MINUTE)
    turns = Shift(Change(Why.STAGGERED, NOON - DAY, "Bình"), MINUTE, turns=True)
    part = replace(PART, shifts=(decided, turns), turn=1)
    assert replace(part, latest=NOON + 3 * MINUTE).overdue is None
    assert replace(part, latest=NOON + 2 * MINUTE).overdue == Change(Why.OVERDUE, NOON - DAY, "Bình")
    assert replace(part, latest=NOON + MINUTE).overdue == Change(Why.OVERDUE, NOON - DAY, "Lan")
