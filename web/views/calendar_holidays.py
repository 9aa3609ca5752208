"""The holidays of a year in an area: the nation's, what units above decided, and the area's own changes."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import DomainError
from broadcast.models import HolidayKind, Role
from broadcast.units import areas, holiday_book, permissions
from schedules.types import LOCAL
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now
from web.errors import refuse, sentence
from web.views import places

blueprint = Blueprint("calendar_holidays", __name__, url_prefix="/calendars/holidays")

Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> Response:
    return places.to_page()


@blueprint.get("/<int:area_id>")
@signed_in
def show(area_id: int) -> str:
    return _page(area_id)


@blueprint.post("/<int:area_id>")
@signed_in
def save(area_id: int) -> Answer:
    form = request.form
    try:
        day = dt.date.fromisoformat(form.get("day", ""))
    except ValueError:
        return _page(area_id, {"day": _("Hãy chọn một ngày.")}), 422
    kind = HolidayKind.WORKED if form.get("kind") == HolidayKind.WORKED else HolidayKind.OFF
    try:
        holiday_book.put(
            g.session, current_person(), area_id, day, kind=kind, name=form.get("name", ""), now=now()
        )
    except DomainError as error:
        name = "name" if error.params.get("field") == "name" else "day"
        return _page(area_id, {name: sentence(error)}), refuse(error)
    flash(_("Đã lưu. Lịch phát theo ngày nghỉ được lập lại trong ít phút."), "ok")
    return redirect(url_for(".show", area_id=area_id, year=day.year))


@blueprint.post("/<int:area_id>/<day>/remove")
@signed_in
def remove(area_id: int, day: str) -> Response:
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        return redirect(url_for(".show", area_id=area_id))
    holiday_book.remove(g.session, current_person(), area_id, date, now=now())
    flash(_("Ngày đó lại theo lịch chung."), "ok")
    return redirect(url_for(".show", area_id=area_id, year=date.year))


def _page(area_id: int, errors: dict[str, str] | None = None) -> str:
    person = current_person()
    permissions.require(person, Role.VIEWER, area_id, g.session)
    first, last = holiday_book.YEARS
    year = request.values.get("year", now().astimezone(LOCAL).year, type=integer)
    year = min(max(year, first), last)
    return render_template(
        "calendar/holidays.html",
        area=areas.get(g.session, area_id),
        areas=places.options(person, Role.VIEWER),
        year=year,
        years=(first, last),
        days=holiday_book.year(g.session, person, area_id, year),
        may_edit=permissions.may(person, Role.ADMIN, area_id, g.session),
        form=request.form,
        errors=errors or {},
    )
