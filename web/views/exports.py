"""Tables to take away, none of them whole in memory: CSV as it is read, or a workbook from a file."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, request, send_file, stream_with_context
from flask_babel import lazy_gettext as _l

from broadcast.errors import NotFound
from broadcast.models import Person, Role
from broadcast.speakers import fleet_export
from broadcast.speakers.conditions import Status
from broadcast.speakers.fleet_export import Cell
from devices.messages import ItemState
from schedules.types import LOCAL
from web.asked import calendar_day, integer
from web.auth import current_person, signed_in
from web.edge import finish_reading, now, system
from web.views import fleet_words, places, words

blueprint = Blueprint("exports", __name__, url_prefix="/export")

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST: Final = dt.timedelta(days=366)
PIECE: Final = 16_000  # characters: a line at a time would be a packet at a time

Rows = Callable[[Any, Person], Iterator[tuple[Cell, ...]]]
NAMES: Final = {
    "device": _l("Mã"),
    "name": _l("Tên"),
    "area_code": _l("Mã địa bàn"),
    "area": _l("Địa bàn"),
    "status": _l("Trạng thái"),
    "last_seen": _l("Liên lạc cuối"),
    "playing": _l("Đang phát"),
    "volume": _l("Âm lượng"),
    "clock": _l("Đồng hồ"),
    "faults": _l("Lỗi loa báo"),
    "firmware": _l("Phần mềm"),
    "maker": _l("Hãng"),
    "hardware": _l("Loại máy"),
    "serial": _l("Số máy"),
    "signal_dbm": _l("Sóng (dBm)"),
    "temperature_c": _l("Nhiệt độ (°C)"),
    "voltage_v": _l("Điện áp (V)"),
    "free_bytes": _l("Bộ nhớ trống (byte)"),
    "used_bytes": _l("Dữ liệu tháng này (byte)"),
    "data_limit_mb": _l("Gói dữ liệu (MB)"),
    "key_expires_at": _l("Khóa hết hạn"),
    "latitude": _l("Vĩ độ"),
    "longitude": _l("Kinh độ"),
    "planned_start": _l("Giờ theo lịch"),
    "title": _l("Buổi phát"),
    "started_at": _l("Bắt đầu thật"),
    "ended_at": _l("Kết thúc thật"),
    "planned_s": _l("Dài theo lịch (giây)"),
    "played_s": _l("Đã phát (giây)"),
    "underruns": _l("Đứt tiếng"),
    "result": _l("Kết quả"),
    "reason": _l("Lý do"),
    "evidence": _l("Mức bằng chứng"),
    "score": _l("Điểm nghe được"),
    "kind": _l("Loại sự cố"),
    "opened_at": _l("Mở lúc"),
    "closed_at": _l("Đóng lúc"),
    "age_days": _l("Số ngày"),
    "note": _l("Ghi chú"),
    "resolution": _l("Đã xử lý"),
    "merged_at": _l("Sáp nhập lúc"),
    "day": _l("Ngày"),
    "planned_at": _l("Giờ theo lịch"),
    "why": _l("Giải thích"),
    "told": _l("Ai, lúc nào"),
    "box_reason": _l("Lý do loa báo"),
    "shift_s": _l("Muộn theo lệnh (giây)"),
}


def _faults(codes: str) -> str:
    return ", ".join(fleet_words.box_fault(code) for code in codes.split())


@dataclass(frozen=True, slots=True)
class Table:
    """Its columns, and how those are told that are kept as codes."""

    columns: tuple[str, ...]
    told: Mapping[str, Callable[..., str]]

    def headings(self) -> list[str]:
        return [str(NAMES[name]) for name in self.columns]

    def tell(self, row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(
            self.told[name](cell) if name in self.told and cell not in (None, "") else cell
            for name, cell in zip(self.columns, row, strict=True)
        )


FLEET: Final = Table(
    fleet_export.FLEET_COLUMNS,
    {
        "status": lambda value: fleet_words.status(Status(value)).text,
        "clock": lambda value: words.clock_quality(value).text,
        "faults": _faults,
    },
)
FAULTS: Final = Table(fleet_export.FAULT_COLUMNS, {"kind": fleet_words.fault_kind})
AS_RUN: Final = Table(
    fleet_export.AS_RUN_COLUMNS,
    {
        "result": lambda value: words.item_state(ItemState(value)).text,
        "reason": words.reason,
        "evidence": lambda value: f"E{value}",
    },
)


@blueprint.get("/as-run.<kind>")
@signed_in
def as_run(kind: str) -> Response:
    """Of an area or of everything one sees, from one local day to another."""
    choices = places.choices(current_person(), Role.VIEWER)
    area_id = request.args.get("area", type=integer)
    if area_id is not None and all(each.area.id != area_id for each in choices):
        raise NotFound(kind="area", id=area_id)
    today = now().astimezone(LOCAL).date()
    first = _day("first", today)
    last = min(max(_day("last", first), first), first + LONGEST)
    return answer(
        kind,
        f"nhat-ky-phat-{first.isoformat()}",
        AS_RUN,
        lambda session, person: fleet_export.as_run_rows(
            session, person, area_id=area_id, first=first, last=last
        ),
    )


def answer(kind: str, name: str, table: Table, rows: Rows) -> Response:
    """``rows`` are read in a transaction of their own: the request's is over when the first line leaves."""
    if kind not in ("csv", "xlsx"):
        raise NotFound(kind="export", id=kind)
    person_id, headings = current_person().id, table.headings()
    finish_reading()
    made = (
        _csv(person_id, headings, table, rows) if kind == "csv" else _xlsx(person_id, headings, table, rows)
    )
    file = f"{name}-{now().astimezone(LOCAL):%Y%m%d-%H%M}.{kind}"
    made.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return made


def _csv(person_id: int, headings: list[str], table: Table, rows: Rows) -> Response:
    def lines() -> Iterator[str]:
        with system().database.transaction(read_only=True) as session:
            told = map(table.tell, rows(session, session.get_one(Person, person_id)))
            waiting: list[str] = []
            size = 0
            for line in fleet_export.csv(headings, told):
                waiting.append(line)
                size += len(line)
                if size > PIECE:
                    yield "".join(waiting)
                    waiting, size = [], 0
            yield "".join(waiting)

    return Response(stream_with_context(lines()), mimetype="text/csv")


def _xlsx(person_id: int, headings: list[str], table: Table, rows: Rows) -> Response:
    with system().database.transaction(read_only=True) as session:
        told = map(table.tell, rows(session, session.get_one(Person, person_id)))
        file = fleet_export.xlsx(headings, told, system().settings.data_dir)
    made = send_file(file, XLSX, max_age=0)
    made.content_length = os.fstat(file.fileno()).st_size
    return made


def _day(name: str, default: dt.date) -> dt.date:
    return request.args.get(name, default, type=calendar_day)
