"""A large or doubtful calendar by its pages: nothing is lost between them, nothing is kept unasked."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from typing import Any

import pytest
from sqlalchemy import func, select

from broadcast.authoring import bulletins
from broadcast.models import Clip, Person, RenderState, Schedule
from broadcast.scheduling import calendar_import, calendar_rows
from broadcast.storage.database import Database
from schedules import recurrence

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

Form = dict[str, Any]


@pytest.fixture
def first() -> dt.date:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=20)).date()


@pytest.fixture
def approved(database: Database, cast: Any) -> int:
    """A bulletin of twenty minutes."""
    now = dt.datetime.now(dt.UTC)
    with database.transaction() as session:
        author, leader = session.get_one(Person, cast.lan.id), session.get_one(Person, cast.binh.id)
        made = bulletins.create(
            session, author, area_id=cast.commune, title="Tin dài", text="Xin chào bà con.", now=now
        )
        clip = Clip(
            sha256="c" * 64,
            key="c" * 64,
            media_type="audio/mpeg",
            size=1000,
            duration_ms=20 * 60_000,
            engine="espeak",
            engine_version="1",
            loudness=-16.0,
            true_peak=-1.5,
            peaks=[],
            created_at=now,
        )
        session.add(clip)
        session.flush()
        made.current.clip_id, made.current.render_state = clip.id, RenderState.READY
        session.flush()
        session.refresh(made.current)
        version = bulletins.submit(session, author, made.id, now=now).current
        bulletins.approve(
            session,
            leader,
            made.id,
            version=version.number,
            text_sha256=version.text_sha256,
            audio_sha256=clip.sha256,
            now=now,
        )
        return made.id


def calendar(first: dt.date, *times: str, apart: int = 1) -> bytes:
    """Events of one occurrence, on one day after the other or on the same."""
    days = [first + dt.timedelta(days=number * apart) for number in range(len(times))]
    events = "".join(
        f"BEGIN:VEVENT\nUID:{number}\nSUMMARY:Tin {number}\nDTSTART:{day:%Y%m%d}T{time}00\nEND:VEVENT\n"
        for number, (day, time) in enumerate(zip(days, times, strict=True))
    )
    return f"BEGIN:VCALENDAR\nX-WR-CALNAME:Lịch xã\n{events}END:VCALENDAR\n".encode()


def look(client: Any, cast: Any, data: bytes) -> str:
    form = {"area_id": cast.commune, "file": (io.BytesIO(data), "lich.ics")}
    return page_of(client.send("/calendars/import/preview", **form))


def page_of(answer: Any) -> str:
    text: str = answer.get_data(as_text=True)
    return text


def fields(page: str) -> Form:
    """The form of an import as a browser would send it."""
    [body] = re.findall(r'<form class="stack".*?</form>', page, re.DOTALL)
    found: Form = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ('type="checkbox"' not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(html.unescape(value[1]))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found.setdefault(name, []).append(chosen[1] if chosen else "")
    return {name: values for name, values in found.items() if name != "csrf_token"}


def choose(form: Form, bulletin: int, *numbers: int) -> Form:
    """With a bulletin for some of the rows of the page."""
    keys = [name for name in form if name.startswith("bulletin-")]
    return form | {keys[number]: [bulletin] for number in numbers}


def titles(database: Database) -> set[str]:
    with database.transaction(read_only=True) as session:
        return set(session.scalars(select(Schedule.title).where(Schedule.withdrawn_at.is_(None))))


def test_what_was_chosen_on_one_page_is_kept_while_others_are_looked_at(  # noqa: PLR0917 - fixtures
    lan: Any,
    cast: Any,
    approved: int,
    first: dt.date,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar_rows, "PAGE", 2)
    page = look(lan, cast, calendar(first, "0530", "0530", "0530", "0530", "0530"))
    assert "Trang 1 trên 3" in page
    form = choose(fields(page), approved, 1)
    page = page_of(lan.send("/calendars/import/preview", **form, page=2))
    assert "Trang 2 trên 3" in page
    form = choose(fields(page), approved, 0)
    page = page_of(lan.send("/calendars/import/preview", **form, page=1))
    form = fields(page)
    assert sorted(value for name, value in form.items() if name.startswith("bulletin-")) == [
        ["", ""],
        [str(approved), ""],
    ]
    answer = lan.send("/calendars/import/", **form)
    assert answer.status_code == 422
    assert "Chưa xem trang 3" in page_of(answer)
    assert titles(database) == set()
    assert "Thêm 2 lịch phát" in page_of(lan.send("/calendars/import/", **fields(page_of(answer))))
    assert titles(database) == {"Tin 1", "Tin 2"}


def test_what_was_chosen_first_can_be_left_out_again_on_its_page(  # noqa: PLR0917 - fixtures
    lan: Any,
    cast: Any,
    approved: int,
    first: dt.date,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar_rows, "PAGE", 2)
    page = look(lan, cast, calendar(first, "0530", "0530", "0530"))
    page = page_of(lan.send("/calendars/import/preview", **choose(fields(page), approved, 0, 1), page=2))
    page = page_of(lan.send("/calendars/import/preview", **fields(page), page=1))
    form = fields(page)
    name = next(name for name in form if name.startswith("bulletin-"))
    assert "Thêm 1 lịch phát" in page_of(lan.send("/calendars/import/", **form | {name: [""]}))
    assert titles(database) == {"Tin 1"}


def test_doubts_with_the_real_bulletin_are_shown_and_only_what_is_wanted_all_the_same_is_kept(
    lan: Any, cast: Any, approved: int, first: dt.date, database: Database
) -> None:
    data = calendar(first, "0530", "0540", "1700", apart=0)
    form = choose(fields(look(lan, cast, data)), approved, 0, 1, 2)
    answer = lan.send("/calendars/import/", **form)
    page = page_of(answer)
    assert answer.status_code == 422
    assert re.findall(r"Trùng với “(Tin \d)”", page) == ["Tin 0"]
    assert titles(database) == set()
    asked = fields(page)
    assert len(asked["doubted"]) == 1
    assert "anyway" not in asked
    back = page_of(lan.send("/calendars/import/preview", **asked))
    names = [name for name, value in fields(back).items() if value[0] == str(approved)]
    assert sum(name.startswith("bulletin-") for name in names) == 3
    wanted = asked | {"anyway": asked["doubted"]}
    assert "Thêm 2 lịch phát" in page_of(lan.send("/calendars/import/", **asked))
    assert titles(database) == {"Tin 0", "Tin 2"}
    assert "Thêm 1 lịch phát" in page_of(lan.send("/calendars/import/", **wanted))
    assert titles(database) == {"Tin 0", "Tin 1", "Tin 2"}


def test_a_new_doubt_is_asked_although_others_were_answered(
    lan: Any, cast: Any, approved: int, first: dt.date, database: Database
) -> None:
    form = choose(fields(look(lan, cast, calendar(first, "0530", "0540", apart=0))), approved, 0, 1)
    asked = fields(page_of(lan.send("/calendars/import/", **form)))
    other = calendar(first, "0535").replace(b"UID:0", b"UID:x").replace(b"Tin 0", b"Tin x")
    other_form = choose(fields(look(lan, cast, other)), approved, 0)
    assert "Thêm 1 lịch phát" in page_of(lan.send("/calendars/import/", **other_form))
    answer = lan.send("/calendars/import/", **asked | {"anyway": asked["doubted"]})
    assert answer.status_code == 422
    again = fields(page_of(answer))
    assert len(again["doubted"]) == 2
    assert again["anyway"] == asked["doubted"]
    assert titles(database) == {"Tin x"}


def test_more_than_one_import_takes_is_handed_on(  # noqa: PLR0917 - fixtures
    lan: Any,
    cast: Any,
    approved: int,
    first: dt.date,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar_import, "MOST_TAKEN", 2)
    page = look(lan, cast, calendar(first, "0530", "0530", "0530"))
    page = page_of(lan.send("/calendars/import/", **choose(fields(page), approved, 0, 1, 2)))
    assert "Còn 1 lịch phát đã chọn chưa được nhập" in page
    [rest] = re.findall(r'<form method="post" enctype="multipart/form-data" .*?</form>', page, re.DOTALL)
    page = page_of(lan.send("/calendars/import/preview", **fields(f'<form class="stack"{rest}')))
    assert "Thêm 1 lịch phát" in page_of(lan.send("/calendars/import/", **fields(page)))
    assert titles(database) == {"Tin 0", "Tin 1", "Tin 2"}


def test_one_occurrence_is_called_off_by_its_page_unless_somebody_says_otherwise(
    lan: Any, cast: Any, approved: int, first: dt.date, database: Database
) -> None:
    data = calendar(first, "0530").replace(b"END:VEVENT", b"RRULE:FREQ=DAILY\nEND:VEVENT")
    lan.send("/calendars/import/", **choose(fields(look(lan, cast, data)), approved, 0))
    day = first + dt.timedelta(days=3)
    off = f"METHOD:CANCEL\nBEGIN:VEVENT\nUID:0\nRECURRENCE-ID:{day:%Y%m%d}T053000\nEND:VEVENT\n"
    data = f"BEGIN:VCALENDAR\nX-WR-CALNAME:Lịch xã\n{off}END:VCALENDAR\n".encode()
    page = look(lan, cast, data)
    assert f"Lần phát bị huỷ: 05:30, {day:%d/%m/%Y}." in page
    form = fields(page)
    assert len(form["off"]) == 1
    without = {name: value for name, value in form.items() if name != "off"}
    assert "giữ nguyên" in page_of(lan.send("/calendars/import/", **without))
    result = page_of(lan.send("/calendars/import/", **form))
    assert "Huỷ lần phát của 1 lịch phát." in result
    with database.transaction(read_only=True) as session:
        rule = recurrence.from_dict(session.scalars(select(Schedule.rule)).one())
        assert session.scalar(select(func.count(Schedule.id))) == 1
    assert rule.skipped == (dt.datetime.combine(day, dt.time(5, 30)),)
    assert "Đã nhập, không đổi" in look(lan, cast, data)
