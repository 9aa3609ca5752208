"""Calendars as Google, Outlook and Apple write them, and as an enemy would."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schedules import ical_reading, recurrence
from schedules.ical_reading import Proposal, Reading
from schedules.types import LOCAL, Frequency, Move, Rule

FOLDER = Path(__file__).with_name("calendars")


def local(*at: int) -> dt.datetime:
    return dt.datetime(*at)  # type: ignore[arg-type]  # noqa: DTZ001  local times stand without a zone


def opened(name: str, all_day_at: dt.time | None = None) -> Reading:
    return ical_reading.read((FOLDER / f"{name}.ics").read_bytes(), all_day_at=all_day_at)


def of(reading: Reading, title: str) -> list[Proposal]:
    return [each for each in reading.proposals if each.title == title]


def one(reading: Reading, title: str) -> Rule:
    [proposal] = of(reading, title)
    assert proposal.rule is not None, proposal.refusal
    return proposal.rule


def refusals(reading: Reading) -> dict[str, str]:
    return {each.title: each.refusal.code for each in reading.proposals if each.refusal}


def notes(proposal: Proposal) -> list[str]:
    return [each.code for each in proposal.notes]


def starts(rule: Rule, begin: dt.date, end: dt.date) -> list[str]:
    span = (dt.datetime.combine(day, dt.time(), tzinfo=LOCAL) for day in (begin, end))
    return [f"{each.nominal:%d/%m %H:%M}" for each in recurrence.occurrences(rule, *span)]


MARCH = (dt.date(2026, 3, 1), dt.date(2026, 4, 1))


def test_google_s_calendar_with_folds_inside_letters_exceptions_and_a_moved_day() -> None:
    reading = opened("google")
    assert (reading.name, reading.problems) == ("Lịch truyền thanh xã", ())
    morning = one(reading, "Bản tin sáng")
    assert morning.frequency is Frequency.WEEKLY
    assert morning.skipped_days == (dt.date(2026, 4, 27), dt.date(2026, 4, 30), dt.date(2026, 5, 1))
    assert morning.moved == (Move(local(2026, 3, 10, 5, 30), local(2026, 3, 10, 17, 0)),)
    assert morning.until == dt.date(2026, 12, 31)
    assert of(reading, "Bản tin sáng")[0].length == dt.timedelta(minutes=30)
    meeting = one(reading, "Mời họp thôn Đoài, nhà văn hóa")
    assert (meeting.starts_on, meeting.times) == (dt.date(2026, 3, 14), (dt.time(17),))
    assert refusals(reading) == {
        "Quốc khánh": "all_day",
        "Buổi họp đã bỏ": "cancelled",
        "Gặp gỡ kiều bào": "zone_shifts",
    }


def test_whole_days_are_taken_over_at_the_hour_that_was_chosen_for_them() -> None:
    reading = opened("google", dt.time(6, 0))
    day = one(reading, "Quốc khánh")
    assert (day.frequency, day.months, day.month_days) == (Frequency.YEARLY, frozenset({9}), (2,))
    assert day.times == (dt.time(6),)
    assert notes(of(reading, "Quốc khánh")[0]) == ["all_day_at"]


def test_outlook_s_calendar_with_its_own_names_of_zones_and_broken_lines() -> None:
    reading = opened("outlook")
    assert reading.name == "Lịch của văn phòng"
    council = one(reading, "Nghị quyết và đời sống")
    assert starts(council, *MARCH) == ["02/03 17:30"]
    assert council.moved == (Move(local(2026, 4, 6, 17, 30), local(2026, 4, 6, 17, 45)),)
    assert council.until == dt.date(2026, 8, 3)  # six times
    assert notes(of(reading, "Nghị quyết và đời sống")[0]) == ["other_title"]
    office = one(reading, "Tin Ủy ban")  # written in a zone that only the file describes, an hour ahead
    assert office.times == (dt.time(6),)
    assert office.skipped_days == (dt.date(2026, 3, 10), dt.date(2026, 3, 11))
    assert one(reading, "Họp dân phố").times == (dt.time(6),)
    [broken] = of(reading, "Chúc mừng phụ nữ")
    assert broken.rule is not None
    assert [(each.code, dict(each.params)) for each in broken.notes] == [("bad_line", {"line": 80})]
    assert refusals(reading) == {"Múi giờ lạ": "unknown_zone", "Gửi báo cáo tháng": "not_an_event"}


def test_apple_s_calendar_with_alarms_floating_times_and_lists_of_dates() -> None:
    reading = opened("apple")
    song = one(reading, "Bài hát quê hương 🎵")
    assert starts(song, *MARCH) == ["02/03 18:00", "16/03 18:00", "19/03 18:00", "30/03 18:00"]
    sport = one(reading, "Tập thể dục")
    assert sport.skipped_days == tuple(dt.date(2026, 3, day) for day in (4, 5, 6))
    assert notes(of(reading, "Tập thể dục")[0]) == ["floating"]
    vaccination = one(reading, "Tiêm chủng")
    assert vaccination.dates == tuple(dt.date(2026, m, d) for m, d in ((3, 7), (4, 4), (5, 2), (6, 6)))
    several = of(reading, "Vệ sinh môi trường")
    assert [(each.part, each.rule.frequency if each.rule else None) for each in several] == [
        (1, Frequency.WEEKLY),
        (2, Frequency.MONTHLY),
        (3, Frequency.ONCE),
    ]
    market = one(reading, "Tin thị trường")  # Sunday 22:30 in UTC
    assert (market.weekdays, market.times) == (frozenset({0, 3}), (dt.time(5, 30),))
    assert refusals(reading) == {"Đọc truyện": "rrule_unsupported", "Ngày không có": "bad_time"}


def wrapped(*lines: str) -> bytes:
    return "\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", "")).encode()


def event(*lines: str, uid: str = "1", start: str = "DTSTART:20260302T053000") -> tuple[str, ...]:
    return ("BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Tin", start, *lines, "END:VEVENT")


def refused(*lines: str, start: str = "DTSTART:20260302T053000") -> str:
    [proposal] = ical_reading.read(wrapped(*event(*lines, start=start))).proposals
    return proposal.refusal.code if proposal.refusal else ""


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("RRULE:FREQ=SECONDLY",), "rrule_unsupported"),
        (("RRULE:FREQ=DAILY;COUNT=999999999",), "rrule_out_of_range"),
        (("RRULE:W1 MO",), "rrule_malformed"),  # vCalendar 1.0
        (("RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), "rrule_unsupported"),
        (("RRULE:FREQ=DAILY", f"EXDATE:{','.join(['20260303T053000'] * 1001)}"), "too_many_dates"),
        (("RDATE:tomorrow",), "bad_time"),
        (tuple(f"RRULE:FREQ=DAILY;INTERVAL={n}" for n in range(1, 30)), "rrule_unsupported"),
    ],
)
def test_what_no_schedule_can_say_is_refused_with_its_reason(lines: tuple[str, ...], code: str) -> None:
    assert refused(*lines) == code


@pytest.mark.parametrize(
    ("start", "rule", "code"),
    [
        ("DTSTART;TZID=../../etc/passwd:20260302T053000", "FREQ=DAILY", "unknown_zone"),
        ("DTSTART;TZID=Europe/Paris:20260302T053000", "FREQ=DAILY", "zone_shifts"),
        ("DTSTART;TZID=Asia/Tokyo:20260302T003000", "FREQ=MONTHLY;BYMONTHDAY=2", "zone_other_day"),
        ("DTSTART;TZID=Asia/Tokyo:20260302T083000", "FREQ=DAILY;BYHOUR=8,9", "zone_by_time"),
        ("DTSTART:16010302T053000", "FREQ=DAILY", "date_out_of_range"),
        ("DTSTART:99991231T235959Z", "FREQ=DAILY", "bad_time"),
        ("X-NOTHING:1", "FREQ=DAILY", "no_start"),
    ],
)
def test_times_that_are_not_sure_here_are_refused(start: str, rule: str, code: str) -> None:
    assert refused(f"RRULE:{rule}", start=start) == code


@pytest.mark.parametrize(
    ("rule", "weekdays", "until"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE", {6, 1}, None),
        ("FREQ=WEEKLY", {6}, None),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", {6, 0, 1, 2, 3}, None),
        ("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260309T003000", {6}, dt.date(2026, 3, 8)),
    ],
)
def test_a_rule_of_another_zone_moves_to_the_day_it_is_here(
    rule: str, weekdays: set[int], until: dt.date | None
) -> None:
    start = "DTSTART;TZID=Asia/Tokyo:20260302T003000"  # a Monday there, Sunday 22:30 here
    [proposal] = ical_reading.read(wrapped(*event(f"RRULE:{rule}", start=start))).proposals
    assert proposal.rule is not None, proposal.refusal
    assert (proposal.rule.weekdays, proposal.rule.until) == (weekdays, until)
    assert proposal.times == (dt.time(22, 30),)


def test_one_uid_twice_is_the_newer_of_both_and_a_lone_change_is_an_event_of_its_own() -> None:
    twice = ical_reading.read(
        wrapped(*event("SEQUENCE:1"), *event("SEQUENCE:4", "RRULE:FREQ=DAILY"), *event("SEQUENCE:2"))
    )
    assert [each.refusal.code if each.refusal else "" for each in twice.proposals] == [
        "repeated_uid",
        "",
        "repeated_uid",
    ]
    alone = ical_reading.read(wrapped(*event("RECURRENCE-ID:20260301T053000")))
    [proposal] = alone.proposals
    assert proposal.rule is not None
    assert proposal.rule.frequency is Frequency.ONCE


def test_exceptions_that_meet_nothing_are_told() -> None:
    [proposal] = ical_reading.read(
        wrapped(*event("RRULE:FREQ=WEEKLY;BYDAY=TU", "EXDATE:20260303T060000"))
    ).proposals
    assert notes(proposal) == ["floating", "unmatched", "not_on_start"]


def test_the_file_itself_is_bounded() -> None:
    started = time.process_time()
    assert ical_reading.read(b"x" * 1_000_001).problems[0].code == "too_large"
    assert ical_reading.read(b"hello").problems[0].code == "no_calendar"
    many = ical_reading.read(wrapped(*(line for n in range(1200) for line in event(uid=str(n)))))
    assert [each.code for each in many.problems] == ["too_many_events"]
    assert len(many.proposals) == ical_reading.MAX_EVENTS
    deep = ical_reading.read(wrapped(*["BEGIN:VALARM"] * 50_000))
    assert [each.code for each in deep.problems] == ["bad_line"]
    unended = ical_reading.read(wrapped(*["BEGIN:VEVENT"] * 50_000))
    assert [each.code for each in unended.problems] == ["bad_line", "too_many_events"]
    wide = ical_reading.read(wrapped(*["BEGIN:VEVENT", "END:VEVENT"] * 30_000))
    assert [each.code for each in wide.problems] == ["bad_line", "too_many_events"]
    assert ical_reading.read(b"\r" * 900_000).problems
    costly = [f"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=10000;INTERVAL={n}" for n in range(1, 900)]
    bombs = ical_reading.read(
        wrapped(*(line for n, rule in enumerate(costly) for line in event(rule, uid=str(n))))
    )
    assert len(bombs.proposals) == len(costly)
    manifold = [f"RRULE:FREQ=MONTHLY;BYMONTHDAY=31;INTERVAL={n}" for n in range(1, 11)]
    many = ical_reading.read(wrapped(*(line for n in range(300) for line in event(*manifold, uid=str(n)))))
    assert [each.code for each in many.problems] == ["too_many_events"]
    assert len(many.proposals) == ical_reading.MAX_EVENTS
    assert time.process_time() - started < 10


def test_bytes_of_other_encodings_are_read() -> None:
    text = wrapped(*event()).decode()
    for encoded in (text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode(), text.encode("cp1258")):
        assert [each.title for each in ical_reading.read(encoded).proposals] == ["Tin"]


PIECES = st.sampled_from(
    [
        b"BEGIN:VCALENDAR",
        b"END:VCALENDAR",
        b"BEGIN:VEVENT",
        b"END:VEVENT",
        b"BEGIN:VTIMEZONE",
        b"END:VTIMEZONE",
        b"BEGIN:STANDARD",
        b"END:STANDARD",
        b"TZID:X",
        b"TZOFFSETTO:+9999",
        b"TZOFFSETTO:+0700",
        b"UID:1",
        b"UID:",
        b"SUMMARY:Tin",
        b"DTSTART:20260302T053000",
        b"DTSTART;TZID=X:20260302T053000",
        b"DTSTART:00010101T000000Z",
        b"DTSTART;VALUE=DATE:20260302",
        b"DTEND:99991231T235959Z",
        b"DURATION:P9999W",
        b"RRULE:FREQ=DAILY",
        b"RRULE:FREQ=WEEKLY;BYDAY=ZZ",
        b"RRULE:FREQ=DAILY;UNTIL=00010101",
        b"RECURRENCE-ID:20260303T053000",
        b"RECURRENCE-ID;RANGE=THISANDFUTURE:20260303T053000",
        b"EXDATE:20260303",
        b"RDATE:,,",
        b"RDATE:20260404",
        b"STATUS:CANCELLED",
        b"SEQUENCE:\xd9\xa3",
        b" folded",
        b"X-TRUYEN-THANH-SCHEDULE:a",
        b"DTSTART;TZID:1",
        b"DTSTART;TZID=(UTC+14:00) A, B:99991231T235959",
        b"DTSTART;VALUE=DATE:16040229",
        b"X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
        b"RRULE:FREQ=YEARLY",
        b"RECURRENCE-ID:00010101T000000Z",
        b"EXDATE;TZID=X",
        b"SUMMARY;ENCODING=QUOTED-PRINTABLE:=",
        b"METHOD:CANCEL",
        b"END:VCALENDAR",
        b"\xff\xfe",
    ]
)


@settings(max_examples=250, deadline=None)
@example(b"\xff\xfeB", None)
@example(b"\n \n", None)
@given(
    st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=30).map(b"\n".join)),
    st.sampled_from([None, dt.time(6)]),
)
def test_no_bytes_whatever_raise_anything(data: bytes, all_day_at: dt.time | None) -> None:
    for each in (data, b"BEGIN:VCALENDAR\n" + data, b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\n" + data):
        for proposal in ical_reading.read(each, all_day_at=all_day_at).proposals:
            assert (proposal.rule is None) == (proposal.refusal is not None)
            assert proposal.rule is None or recurrence.validate(proposal.rule) == proposal.rule
