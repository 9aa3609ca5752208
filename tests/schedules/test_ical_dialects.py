"""What other makers really write: each quirk is understood, or refused with its reason, and never lost."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from schedules import ical_reading, recurrence
from schedules.ical_reading import Proposal, Reading
from schedules.types import LOCAL, Rule

FOLDER = Path(__file__).with_name("calendars")
SIX = dt.time(6)
HANOI = "DTSTART;TZID=Asia/Ho_Chi_Minh:20260302T053000"
WHOLE = "DTSTART;VALUE=DATE:20260302"


def event(*lines: str, start: str = HANOI, uid: str = "1", title: str = "SUMMARY:Tin") -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", title, start, *lines, "END:VEVENT", ""))


def calendar(*parts: str, head: str = "VERSION:2.0") -> str:
    return "".join(("BEGIN:VCALENDAR\r\n", f"{head}\r\n", *parts, "END:VCALENDAR\r\n"))


def read(text: str | bytes, all_day_at: dt.time | None = SIX) -> Reading:
    return ical_reading.read(text if isinstance(text, bytes) else text.encode(), all_day_at=all_day_at)


def alone(text: str | bytes) -> Proposal:
    [proposal] = read(text).proposals
    return proposal


def rule_of(text: str) -> Rule:
    proposal = alone(text)
    assert proposal.rule is not None, proposal.refusal
    return proposal.rule


def airs(rule: Rule, days: int = 40) -> list[str]:
    begin = dt.datetime(2026, 3, 1, tzinfo=LOCAL)
    found = recurrence.occurrences(rule, begin, begin + dt.timedelta(days=days))
    return [f"{each.nominal:%d/%m %H:%M}" for each in found]


def told(proposal: Proposal) -> list[str]:
    return [each.code for each in proposal.notes]


def outcomes(reading: Reading) -> list[tuple[str, str]]:
    return [(each.title, each.refusal.code if each.refusal else "") for each in reading.proposals]


def test_exchange_s_calendar_in_which_no_event_ends_before_the_next_begins() -> None:
    reading = read((FOLDER / "exchange.ics").read_bytes())
    assert [each.code for each in reading.problems] == ["cut_off"]  # nor does the calendar end
    morning, day, called_off = reading.proposals
    assert morning.rule is not None
    assert airs(morning.rule, 9) == ["02/03 05:30", "05/03 17:00", "09/03 05:30"]  # moved: named by midnight
    assert morning.rule.skipped_days == (dt.date(2026, 4, 30),)
    assert told(morning) == []
    assert day.rule is not None
    assert (day.rule.starts_on, day.rule.times, day.length) == (dt.date(2026, 11, 18), (SIX,), None)
    assert told(day) == ["private", "all_day_at"]
    assert (told(called_off), called_off.times) == (["called_off"], (dt.time(17, 30),))


def test_zimbra_s_calendar_with_lines_that_end_in_nothing_but_a_feed() -> None:
    reading = read((FOLDER / "zimbra.ics").read_bytes())
    assert (reading.name, reading.problems) == ("Lịch Zimbra của xã", ())
    money, meeting, older = reading.proposals
    assert money.rule is not None
    assert (money.rule.month_days, money.rule.skipped_days) == ((-1,), (dt.date(2026, 4, 30),))
    assert (told(meeting), meeting.length) == (["tentative"], dt.timedelta(minutes=45))
    assert older.refusal is not None
    assert older.refusal.code == "repeated_uid"


def test_holidays_of_a_vietnamese_calendar_that_gives_all_of_them_one_uid() -> None:
    reading = read((FOLDER / "ngay_le.ics").read_bytes())
    assert outcomes(reading) == [
        ("🧧 Mùng 1 Tết Bính Ngọ", ""),
        ("Giỗ Tổ Hùng Vương (10/3 âm lịch)", ""),
        ("Quốc khánh", ""),
        ("Tết Trung thu", "rrule_unsupported"),  # the Chinese calendar is not the Vietnamese
        ("Ngày rằm", ""),
    ]
    assert len({each.uid for each in reading.proposals}) == 5
    assert "shared_uid" in told(reading.proposals[0])
    national = reading.proposals[2].rule
    assert national is not None  # since 1945, which no table knows
    assert (national.month_days, national.skipped_days) == ((2,), (dt.date(2026, 9, 2),))
    assert read((FOLDER / "ngay_le.ics").read_bytes(), None).proposals[0].refusal is not None


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("tzone://Microsoft/Utc", dt.time(12, 30)),
        ("(UTC) Coordinated Universal Time", dt.time(12, 30)),
        ("(GMT+07.00) Bangkok / Hanoi / Jakarta", dt.time(5, 30)),
        ("(UTC+09:00) Osaka, Sapporo, Tokyo", dt.time(3, 30)),
        ("GMT+0700", dt.time(5, 30)),
        ("UTC+7", dt.time(5, 30)),
        ("+07:00", dt.time(5, 30)),
        ("asia/ho chi minh", dt.time(5, 30)),
        ("Asia/Hanoi", dt.time(5, 30)),
        ("SE ASIA STANDARD TIME", dt.time(5, 30)),
        ("/freeassociation.sourceforge.net/Tzfile/Asia/Ho_Chi_Minh", dt.time(5, 30)),
    ],
)
def test_zones_have_many_names(zone: str, time: dt.time) -> None:
    assert rule_of(calendar(event(start=f'DTSTART;TZID="{zone}":20260302T053000'))).times == (time,)


@pytest.mark.parametrize(
    "zone",
    [
        "(UTC+01:00) Amsterdam, Berlin, Rome",  # an hour more in summer
        "(UTC+00:00) Dublin, Edinburgh, London",
        "(UTC) Dublin",
        "UTC+77",
        "Customized Time Zone",
    ],
)
def test_a_name_that_does_not_tell_the_hours_is_refused(zone: str) -> None:
    refusal = alone(calendar(event(start=f'DTSTART;TZID="{zone}":20260702T053000'))).refusal
    assert refusal is not None
    assert refusal.code == "unknown_zone"


def described(name: str, *more: str) -> str:
    rows = ("BEGIN:STANDARD", "DTSTART:16010101T000000", *more, "END:STANDARD")
    return "\r\n".join(("BEGIN:VTIMEZONE", f"TZID:{name}", *rows, "END:VTIMEZONE", ""))


def test_a_zone_is_what_the_file_says_of_it_if_it_says_one_thing() -> None:
    start = "DTSTART;TZID=Gio co quan:20260302T053000"
    two, nine = described("Gio co quan", "TZOFFSETTO:+0200"), described("Gio co quan", "TZOFFSETTO:+0900")
    assert rule_of(calendar(two, event(start=start))).times == (dt.time(10, 30),)
    assert outcomes(read(calendar(two) + calendar(nine, event(start=start)))) == [("Tin", "unknown_zone")]
    named = described("Gio co quan").replace("BEGIN:STANDARD", "X-LIC-LOCATION:Asia/Tokyo\r\nBEGIN:STANDARD")
    assert rule_of(calendar(named, event(start=start))).times == (dt.time(3, 30),)


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART;TZID=(UTC+07:00) Bangkok, Hanoi, Jakarta:20260302T053000",
        "DTSTART;VALUE=DATE-TIME;TZID=(GMT+07.00) Bangkok, Hanoi:20260302T053000",
    ],
)
def test_a_name_in_want_of_quotation_marks_is_put_together_again(start: str) -> None:
    assert rule_of(calendar(event(start=start))).times == (dt.time(5, 30),)


TOKYO = "DTSTART;TZID=Asia/Tokyo:20260302T083000"  # 06:30 here


@pytest.mark.parametrize(
    ("start", "lines", "gone"),
    [
        (TOKYO, ("EXDATE:20260304T083000",), "04/03 06:30"),  # without the event's zone
        (TOKYO, ("EXDATE:20260303T233000Z",), "04/03 06:30"),
        (TOKYO, ("EXDATE;VALUE=DATE:20260304",), "04/03 06:30"),
        (TOKYO, ("EXDATE;TZID=Asia/Tokyo:20260304T000000",), "04/03 06:30"),
        ("DTSTART:20260302T053000", ("EXDATE:20260304T053000Z",), "04/03 05:30"),  # a clock's time with a Z
        (WHOLE, ("EXDATE:20260304T000000",), "04/03 06:00"),
        (WHOLE, ("EXDATE:20260304T000000Z",), "04/03 06:00"),
        (WHOLE, ("EXDATE:20260303T170000Z",), "04/03 06:00"),  # midnight here
    ],
)
def test_an_exception_in_another_form_is_still_that_exception(
    start: str, lines: tuple[str, ...], gone: str
) -> None:
    proposal = alone(calendar(event("RRULE:FREQ=DAILY", *lines, start=start)))
    assert proposal.rule is not None
    assert "unmatched" not in told(proposal)
    assert gone not in airs(proposal.rule, 5)
    assert len(airs(proposal.rule, 5)) == 3


@pytest.mark.parametrize("which", ["20260304T083000", "20260303T233000Z", "20260304"])
def test_a_moved_occurrence_is_found_by_whatever_names_it(which: str) -> None:
    rule = rule_of(
        calendar(
            event("RRULE:FREQ=DAILY", start=TOKYO),
            event(f"RECURRENCE-ID:{which}", start="DTSTART:20260304T030000Z"),
        )
    )
    assert airs(rule, 5) == ["02/03 06:30", "03/03 06:30", "04/03 10:00", "05/03 06:30"]


def test_midnight_is_an_occurrence_where_one_begins_then() -> None:
    rule = rule_of(calendar(event("RRULE:FREQ=DAILY;BYHOUR=0,5;BYMINUTE=0", "EXDATE:20260304T000000")))
    assert airs(rule, 4)[-1] == "04/03 05:00"


@pytest.mark.parametrize("until", ["20260304", "20260304T000000Z", "20260303T170000Z", "20260304T165959Z"])
def test_the_last_of_whole_days_is_one_of_them_however_its_end_is_written(until: str) -> None:
    assert airs(rule_of(calendar(event(f"RRULE:FREQ=DAILY;UNTIL={until}", start=WHOLE)))) == [
        "02/03 06:00",
        "03/03 06:00",
        "04/03 06:00",
    ]


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART;TZID=SE Asia Standard Time:20260302T000000\r\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
        "DTSTART:20260301T170000Z\r\nX-MICROSOFT-MSNCALENDAR-ALLDAYEVENT:TRUE",
        "DTSTART;VALUE=DATE:20260302T000000",
        "DTSTART:20260302",
    ],
)
def test_a_whole_day_is_one_by_whatever_says_so(start: str) -> None:
    assert airs(rule_of(calendar(event(start=start)))) == ["02/03 06:00"]
    refusal = read(calendar(event(start=start)), None).proposals[0].refusal
    assert refusal is not None
    assert refusal.code == "all_day"


@pytest.mark.parametrize(
    ("start", "rule", "since"),
    [
        ("DTSTART;X-APPLE-OMIT-YEAR=1604;VALUE=DATE:16040902", "FREQ=YEARLY", dt.date(1968, 9, 2)),
        ("DTSTART:19600902T053000", "FREQ=WEEKLY;INTERVAL=1", dt.date(1988, 9, 2)),
    ],
)
def test_what_began_before_the_tables_do_goes_on_all_the_same(start: str, rule: str, since: dt.date) -> None:
    found = rule_of(calendar(event(f"RRULE:{rule}", start=start)))
    assert found.starts_on == since
    day = dt.datetime(2026, 8, 30, tzinfo=LOCAL)
    [coming] = recurrence.occurrences(found, day, day + dt.timedelta(days=7))
    assert coming.nominal.date() == (dt.date(2026, 9, 2) if "YEARLY" in rule else dt.date(2026, 9, 4))
    counted = alone(calendar(event(f"RRULE:{rule};COUNT=9999", start=start)))
    assert counted.refusal is not None  # which of them are left depends on the very first


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("RRULE:FREQ=DAILY", "EXDATE:20260303T053000,\r\n20260304T053000"), "broken_line"),  # not folded
        (("RRULE:FREQ=DAILY", f"EXDATE:{'20260303T053000,' * 1300}"), "broken_line"),
        (("RRULE:FREQ=DAILY", "EXDATE;TZID:20260303T053000"), "broken_line"),
        (("STATUS:CANCELED",), "cancelled"),
    ],
)
def test_what_would_air_against_its_calendar_is_refused(lines: tuple[str, ...], code: str) -> None:
    assert outcomes(read(calendar(event(*lines)))) == [("Tin", code)]


def test_a_description_that_nobody_folded_costs_its_event_nothing() -> None:
    proposal = alone(calendar(event("DESCRIPTION:Kính mời\r\nbà con\r\nđến dự", "RRULE:FREQ=DAILY")))
    assert (proposal.refusal, told(proposal)) == (None, ["bad_line", "bad_line"])


def test_a_message_that_calls_off_says_so_of_all_its_events() -> None:
    reading = read(calendar(event("STATUS:CONFIRMED"), head="METHOD:CANCEL"))
    assert outcomes(reading) == [("Tin", "cancelled")]
    assert not reading.is_whole
    assert read(calendar(event(), head="METHOD:PUBLISH")).is_whole


def test_a_file_that_was_cut_off_is_told_and_its_last_event_not_guessed() -> None:
    text = calendar(event(uid="a"), event("RRULE:FREQ=DAILY", "EXDATE:20260303T053000", uid="b"))
    reading = read(text[: text.index("EXDATE")])
    assert outcomes(reading) == [("Tin", ""), ("Tin", "cut_off")]
    assert [each.code for each in reading.problems] == ["cut_off"]


def test_events_outside_of_any_calendar_are_read_too() -> None:
    assert len(read(calendar(event(uid="a")) + event(uid="b")).proposals) == 2
    assert not read(event()).is_whole
    assert len(read(event()).proposals) == 1
    assert len(read(calendar(event(uid="a")) + calendar(event(uid="b"))).proposals) == 2


def test_of_several_versions_the_newest_counts() -> None:
    stamps = ("DTSTAMP:20260101T000000Z", "DTSTAMP:20260201T000000Z")
    reading = read(calendar(*(event(each, title=f"SUMMARY:{each[-10:]}") for each in stamps)))
    assert outcomes(reading) == [("01T000000Z", "repeated_uid"), ("01T000000Z", "")]
    moved = "RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20260304T053000"
    later = event("SEQUENCE:2", moved, start="DTSTART;TZID=Asia/Ho_Chi_Minh:20260304T070000")
    dropped = event("SEQUENCE:1", "STATUS:CANCELLED", moved)
    for changes in ((later, dropped), (dropped, later)):
        series = [each for each in read(calendar(event("RRULE:FREQ=DAILY"), *changes)).proposals if each.rule]
        assert [airs(each.rule, 5) for each in series if each.rule] == [
            ["02/03 05:30", "03/03 05:30", "04/03 07:00", "05/03 05:30"]
        ]


def test_changes_of_a_series_that_is_not_there_are_known_by_which_they_change() -> None:
    changes = [event(f"RECURRENCE-ID:202603{day:02}T053000", start=HANOI) for day in (4, 5, 6)]
    before, after = read(calendar(*changes)), read(calendar(*changes[1:]))
    assert [each.uid for each in before.proposals][1:] == [each.uid for each in after.proposals]
    assert all("lone_change" in told(each) for each in before.proposals)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("SUMMARY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:B=E1=BA=A3n tin =\r\ns=C3=A1ng", "Bản tin sáng"),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE:Tin =C4=\r\n =91=C3=B4ng=0D=0AXu=C3=A2n", "Tin đông Xuân"),
        ("SUMMARY:Ba\u0309n tin", "Bản tin"),
        ("SUMMARY:Tin một\\nTin hai\\, ba", "Tin một Tin hai, ba"),
        ("SUMMARY:Tin\r\n\t dài 🎺", "Tin dài 🎺"),
        ('SUMMARY;ALTREP="cid:a;b:c":Tin', "Tin"),
        ("SUMMARY:\r\nDESCRIPTION:<p>Mời <b>họp</b></p>", "Mời họp"),
        ("SUMMARY:\r\nDESCRIPTION:<html><body>Thu &amp\\; chi<br>tháng 3", "Thu & chi"),
    ],
)
def test_titles_are_shown_as_people_read_them(title: str, shown: str) -> None:
    assert alone(calendar(event(title=title))).title == shown


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
def test_a_calendar_in_another_encoding_is_the_same(encoding: str) -> None:
    assert alone(calendar(event(title="SUMMARY:Tin sáng")).encode(encoding)).title == "Tin sáng"


def test_spaces_in_a_rule_are_nothing() -> None:
    assert rule_of(calendar(event("RRULE: FREQ=DAILY; INTERVAL=2 "))).interval == 2
