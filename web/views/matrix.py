"""The as-run matrix: what every loudspeaker proved of every broadcast of a day, and its table to download."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import NotFound
from broadcast.evidence import matrix as matrices
from broadcast.evidence import witnesses
from broadcast.evidence.matrix import Cell, Matrix, Totals
from broadcast.joining import registry
from broadcast.models import Area, Broadcast, BroadcastState, Role
from broadcast.units import permissions
from schedules.types import LOCAL
from web.asked import calendar_day, integer
from web.auth import current_person, signed_in
from web.edge import now
from web.filters import clock, day
from web.views import airing, places, words

blueprint = Blueprint("matrix", __name__, url_prefix="/as-run")

MOST_ROWS = 300  # loudspeakers in one matrix; of more, the areas below are shown to be chosen from
FORMULA = ("=", "+", "-", "@", "\t")


@blueprint.get("/")
@signed_in
def index() -> str:
    choices = places.choices(current_person(), Role.VIEWER)
    area = places.chosen(choices, request.args.get("area", type=integer))
    date, today = _wanted_day(), now().astimezone(LOCAL).date()
    large = area is not None and matrices.size(g.session, area.id) > MOST_ROWS
    found = _matrix(area, date) if area and not large else None
    by_area = itertools.groupby(found.loudspeakers if found else (), key=lambda each: each.area_id)
    return render_template(
        "matrix/index.html",
        found=found,
        parts=_parts(area, date) if area and large else [],
        groups=[list(members) for _area, members in by_area],
        area=area,
        areas=[choice.option for choice in choices],
        date=date,
        today=today,
        one_day=dt.timedelta(days=1),
        words=words,
    )


@blueprint.get("/day.csv")
@signed_in
def download() -> Response:
    """One line a delivery, with a byte-order mark so that office programs read the accents."""
    choices = places.choices(current_person(), Role.VIEWER)
    area, date = places.chosen(choices, request.args.get("area", type=integer)), _wanted_day()
    if area is None:
        raise NotFound(kind="area", id=None)
    answer = Response("\ufeff" + _table(_matrix(area, date)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="nhat-ky-phat-{date.isoformat()}.csv"'
    return answer


@blueprint.get("/broadcasts/<int:broadcast_id>")
@signed_in
def broadcast(broadcast_id: int) -> str:
    found, cells = _broadcast(broadcast_id)
    each = found.broadcast
    roles = permissions.roles_in(g.session, current_person(), each.area_id)
    running = each.state in (BroadcastState.PLANNED, BroadcastState.DISPATCHED)
    return render_template(
        "matrix/broadcast.html",
        airing=found,
        broadcast=each,
        cells=cells,
        may_stop=running
        and (each.start <= now() or each.schedule_id is None)
        and bool(roles & ({Role.URGENT} if each.schedule_id is None else {Role.URGENT, Role.EDITOR})),
        words=words,
    )


@blueprint.get("/broadcasts/<int:broadcast_id>/loudspeakers/<int:loudspeaker_id>")
@signed_in
def cell(broadcast_id: int, loudspeaker_id: int) -> str:
    """One cell in full: times, seconds, volume, reason."""
    found, cells = _broadcast(broadcast_id)
    if loudspeaker_id not in cells:
        raise NotFound(kind="delivery", id=loudspeaker_id)
    witness = witnesses.of(g.session, found.broadcast, loudspeaker_id)
    return render_template(
        "matrix/cell.html",
        broadcast=found.broadcast,
        loudspeaker=registry.get(g.session, current_person(), loudspeaker_id),
        cell=cells[loudspeaker_id],
        witness=witness,
        may_retract=witness is not None and witness.person_id == current_person().id,
        may_witness=_may_witness(found.broadcast, loudspeaker_id),
        words=words,
    )


@blueprint.post("/broadcasts/<int:broadcast_id>/loudspeakers/<int:loudspeaker_id>/witness")
@signed_in
def testify(broadcast_id: int, loudspeaker_id: int) -> Response:
    """Somebody stood below the horn and heard it."""
    witnesses.testify(
        g.session, current_person(), broadcast_id=broadcast_id, loudspeaker_id=loudspeaker_id, now=now()
    )
    flash(_("Đã ghi nhận: có người nghe tận nơi."), "ok")
    return redirect(url_for(".cell", broadcast_id=broadcast_id, loudspeaker_id=loudspeaker_id))


@blueprint.post("/broadcasts/<int:broadcast_id>/loudspeakers/<int:loudspeaker_id>/witness/retract")
@signed_in
def retract(broadcast_id: int, loudspeaker_id: int) -> Response:
    witnesses.retract(
        g.session, current_person(), broadcast_id=broadcast_id, loudspeaker_id=loudspeaker_id, now=now()
    )
    flash(_("Đã rút lời xác nhận."), "ok")
    return redirect(url_for(".cell", broadcast_id=broadcast_id, loudspeaker_id=loudspeaker_id))


def _may_witness(broadcast: Broadcast, loudspeaker_id: int) -> bool:
    area_id = registry.get(g.session, current_person(), loudspeaker_id).area_id
    return broadcast.start <= now() and Role.EDITOR in permissions.roles_in(
        g.session, current_person(), area_id
    )


def _broadcast(broadcast_id: int) -> tuple[airing.Airing, dict[int, Cell]]:
    """The broadcast with its cells by loudspeaker, as far as the person sees its loudspeakers."""
    found = airing.find(current_person(), broadcast_id)
    cells = matrices.of_broadcast(g.session, current_person(), found.broadcast, now())
    return found, cells


def _matrix(area: Area, date: dt.date) -> Matrix:
    return matrices.matrix(g.session, current_person(), area.id, date, now())


def _parts(area: Area, date: dt.date) -> list[tuple[Area, Totals]]:
    return matrices.by_part(g.session, current_person(), area.id, date, now())


def _table(found: Matrix) -> str:
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(
        [
            _("Ngày"), _("Giờ"), _("Buổi phát"), _("Phạm vi"), _("Cụm loa"), _("Mã loa"), _("Địa bàn"),
            _("Kết quả"), _("Mức bằng chứng"), _("Bắt đầu thật"), _("Lệch (ms)"), _("Kết thúc"),
            _("Đã phát (giây)"), _("Âm lượng"), _("Đứt tiếng"), _("Lý do"),
        ]
    )  # fmt: skip
    where = {each.id: [each.name, each.device, each.area.name] for each in found.loudspeakers}
    heard: dict[int, list[tuple[int, Cell]]] = {each.id: [] for each in found.broadcasts}
    for (broadcast_id, loudspeaker_id), one in found.cells.items():
        heard[broadcast_id].append((loudspeaker_id, one))
    for each in found.broadcasts:
        columns = _broadcast_columns(each)
        for loudspeaker_id, one in heard[each.id]:
            writer.writerow(map(harmless, [*columns, *where[loudspeaker_id], *_cell_columns(one)]))
    return output.getvalue()


def _broadcast_columns(each: Broadcast) -> list[str]:
    return [day(each.start), clock(each.start, seconds=True), each.title, each.area.name]


def _cell_columns(one: Cell) -> list[str]:
    return [
        words.outcome(one).text,
        "" if one.evidence is None else f"E{int(one.evidence)}",
        clock(one.started_at, seconds=True) if one.started_at else "",
        "" if one.skew_ms is None else str(one.skew_ms),
        clock(one.ended_at, seconds=True) if one.ended_at else "",
        *(_measured(one) if one.started_at else ("", "", "")),
        words.reason(one.reason) if one.reason else "",
    ]


def _measured(one: Cell) -> tuple[str, str, str]:
    return f"{one.played_ms / 1000:.1f}", str(one.volume), str(one.underruns)


def harmless(value: str) -> str:
    """A cell that begins like a formula must stay text in office programs."""
    return f"'{value}" if value.startswith(FORMULA) and not value.lstrip("-").isdigit() else value


def _wanted_day() -> dt.date:
    return request.args.get("day", now().astimezone(LOCAL).date(), type=calendar_day)
