"""The fleet and the as-run log as tables for a spreadsheet; no cell of them is ever a formula there."""

from __future__ import annotations

import contextlib
import csv as csv_format
import datetime as dt
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from xlsxwriter.exceptions import FileCreateError

from broadcast.models import Area, AreaClosure, AsRun, Loudspeaker, Person
from broadcast.storage.files import translated
from broadcast.storage.moments import day_start
from broadcast.units import areas, permissions
from schedules.types import LOCAL

from . import faults, fleet, whereabouts
from .conditions import HEARTBEAT
from .fleet import Filter

FLEET_COLUMNS = (
    *("device", "name", "area_code", "area", "status", "last_seen", "playing", "volume", "clock", "faults"),
    *("firmware", "maker", "hardware", "serial", "signal_dbm", "temperature_c", "voltage_v", "free_bytes"),
    *("used_bytes", "data_limit_mb", "key_expires_at", "latitude", "longitude"),
)
AS_RUN_COLUMNS = (
    *("planned_start", "device", "name", "area_code", "area", "title", "started_at", "ended_at"),
    *("planned_s", "played_s", "volume", "underruns", "result", "reason", "evidence", "score", "merged_at"),
)
FAULT_COLUMNS = (
    *("device", "name", "area_code", "area", "kind", "opened_at", "closed_at", "age_days"),
    *("note", "resolution", "merged_at"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would compute
BATCH = 500
MOST_ROWS = 1_048_575  # below the headings of one sheet; Excel opens no more
BOM = "\ufeff"  # without it Excel takes Vietnamese letters for another encoding

Cell = str | int | float | dt.datetime | None


def fleet_rows(
    session: Session,
    person: Person,
    wanted: Filter,
    *,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Iterator[tuple[Cell, ...]]:
    """What ``fleet.search`` finds, all of it, in the order of ``FLEET_COLUMNS``."""
    said = ("signal_dbm", "temperature_c", "voltage_v", "free_bytes")
    for row in fleet.every(session, person, wanted, now=now, heartbeat=heartbeat):
        yield (
            *(row.device, row.name, row.area_code, row.area_name, row.status.value, row.last_seen),
            *(row.playing_title or row.playing, row.volume, row.clock, " ".join(row.faults)),
            *(row.firmware, row.maker, row.hardware, row.serial),
            *(row.telemetry.get(name) for name in said),
            *(row.used_bytes, row.data_limit_mb, row.key_expires_at, row.latitude, row.longitude),
        )


def as_run_rows(
    session: Session, person: Person, *, area_id: int | None = None, first: dt.date, last: dt.date
) -> Iterator[tuple[Cell, ...]]:
    """What was played from ``first`` to ``last``, both local days, in the order of ``AS_RUN_COLUMNS``.

    Each is told where its loudspeaker hung then, and belongs to what it hung in.
    """
    scope = permissions.visible(person)
    if area_id is not None:
        scope = scope.where(AreaClosure.descendant_id.in_(areas.below(area_id)))
    elsewhere = _Elsewhere(session, scope)
    query = (
        select(AsRun, Loudspeaker.device, Loudspeaker.name, Area)
        .join(Loudspeaker, Loudspeaker.id == AsRun.loudspeaker_id)
        .join(Area, Area.id == Loudspeaker.area_id)
        .where(
            Loudspeaker.area_id.in_(scope) | Loudspeaker.id.in_(elsewhere.left),
            AsRun.planned_start >= day_start(first),
            AsRun.planned_start < day_start(last + dt.timedelta(days=1)),
        )
        .order_by(AsRun.planned_start, Loudspeaker.device)
    )
    for run, device, name, now in session.execute(query.execution_options(yield_per=BATCH)):
        area = elsewhere.place(run, now)
        if area is not None:
            yield (
                *(run.planned_start, device, name, area.code, area.name, run.title),
                *(run.started_at, run.ended_at, run.planned_ms / 1000, run.played_ms / 1000),
                *(run.volume, run.underruns, run.result.value, run.reason, run.evidence, run.score),
                merged(area, run.planned_start),
            )


class _Elsewhere:
    """The loudspeakers that once hung elsewhere than now, by where they hung."""

    def __init__(self, session: Session, scope: Select[int]) -> None:
        self._moved = whereabouts.moved(session)
        inside = set(session.scalars(scope)) if self._moved else set()
        places = {place for each in self._moved.values() for place in each.areas}
        found = session.scalars(select(Area).where(Area.id.in_(inside & places)))
        self._areas = {area.id: area for area in found}
        self.left = [id_ for id_, each in self._moved.items() if each.areas & self._areas.keys()]

    def place(self, run: AsRun, now: Area) -> Area | None:
        """None: it hung where the person does not look, or did not ask."""
        where = self._moved.get(run.loudspeaker_id)
        return now if where is None else self._areas.get(where.at(run.planned_start).area_id)


def merged(area: Area, at: dt.datetime) -> dt.datetime | None:
    """Since when the area is a part of another one, where it was so at that time."""
    return area.merged_at if area.merged_at is not None and area.merged_at <= at else None


def fault_rows(
    session: Session,
    person: Person,
    *,
    open_only: bool = True,
    area_id: int | None = None,
    kind: str | None = None,
    now: dt.datetime,
) -> Iterator[tuple[Cell, ...]]:
    """What ``faults.list_`` finds, all of it, in the order of ``FAULT_COLUMNS``."""
    query = faults.found(person, open_only=open_only, area_id=area_id, kind=kind)
    joined = query.join(Area, Area.id == Loudspeaker.area_id)
    wider = joined.add_columns(Loudspeaker.device, Loudspeaker.name, Area)
    for fault, device, name, area in session.execute(wider.execution_options(yield_per=BATCH)):
        days = round(faults.age(fault, now) / dt.timedelta(days=1), 1)
        yield (
            *(device, name, area.code, area.name, fault.kind, fault.opened_at, fault.closed_at, days),
            *(fault.note, fault.resolution, merged(area, fault.closed_at or now)),
        )


def csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The table line by line, times local, beginning with the mark that Excel needs."""
    line = io.StringIO()
    writer = csv_format.writer(line)
    yield BOM
    writer.writerow(headings)
    yield _taken(line)
    for row in rows:
        writer.writerow([_text(cell) for cell in row])
        yield _taken(line)


def xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]], folder: Path) -> IO[bytes]:
    """The table as a workbook, times local, in a nameless file of ``folder``, at its beginning.

    Memory does not grow with the table: its rows wait in ``folder``, since a system's own place for
    temporary files may be memory. Errors: DiskFull, StorageFailed.
    """
    with (
        translated(folder),
        contextlib.ExitStack() as unless_done,
        tempfile.TemporaryDirectory(dir=folder) as scratch,
    ):
        file = unless_done.enter_context(tempfile.TemporaryFile(dir=folder))
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": scratch})
        try:
            _fill(book, headings, rows)
            book.close()
        except FileCreateError as error:
            raise error.args[0] from error
        finally:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
        file.seek(0)
        unless_done.pop_all()
    return file


def _fill(book: Any, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    bold = book.add_format({"bold": True})
    time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet, number = _sheet(book, headings, bold), 0
    for row in rows:
        if number == MOST_ROWS:
            sheet, number = _sheet(book, headings, bold), 0
        number += 1
        for column, cell in enumerate(row):
            if isinstance(cell, dt.datetime):
                sheet.write_datetime(number, column, cell.astimezone(LOCAL).replace(tzinfo=None), time)
            elif isinstance(cell, str):
                sheet.write_string(number, column, neutral(cell))
            elif cell is not None:
                sheet.write_number(number, column, cell)


def _sheet(book: Any, headings: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    return sheet


def neutral(text: str) -> str:
    """What a spreadsheet shows and never computes, also after somebody saves it in another format."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _text(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return f"{cell.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"
    return neutral(cell) if isinstance(cell, str) else cell


def _taken(line: io.StringIO) -> str:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text
