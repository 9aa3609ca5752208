"""When and how loudly an area may sound: its own limits, those from above and whose they are, and turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast import areas, faults, permissions, policies, turns
from broadcast.errors import DomainError
from broadcast.models import Area, AreaPolicy, Person, Role, StartMode
from broadcast.policies import Policy
from schedules.types import Window
from web.auth import current_person, signed_in
from web.edge import now
from web.errors import refuse, sentence
from web.forms import policies as forms
from web.forms.policies import PolicyForm
from web.views import places

blueprint = Blueprint("policies", __name__, url_prefix="/policies")

AT_ONCE = 500  # loudspeakers whose turns are worked out without being asked for
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Said:
    """What one area says of a field; ``own`` is the area whose page this is."""

    area: str
    text: str
    own: bool


@blueprint.get("/")
@signed_in
def index() -> Response:
    return places.to_page()


@blueprint.get("/<int:area_id>")
@signed_in
def show(area_id: int) -> str:
    area = _seen(area_id)
    return _page(area, PolicyForm.of(policies.read(g.session, [area_id]).get(area_id)))


@blueprint.post("/<int:area_id>")
@signed_in
def save(area_id: int) -> Answer:
    area, form = _seen(area_id), forms.read_policy(request.form)
    if form.errors:
        return _page(area, form), 422
    try:
        policies.save(g.session, current_person(), area_id, values=form.values, now=now())
    except DomainError as error:
        name = str(error.params.get("field", ""))
        return _page(area, replace(form, errors={name: sentence(error)})), refuse(error)
    flash(_("Đã lưu. Các cụm loa của %(area)s nhận giới hạn mới trong ít phút.", area=area.name), "ok")
    return redirect(url_for(".show", area_id=area_id))


@blueprint.post("/<int:area_id>/turns")
@signed_in
def adopt(area_id: int) -> Response:
    _seen(area_id)
    adopted = turns.adopt(g.session, current_person(), area_id, now=now())
    count = len(adopted.turns)
    told = ngettext("Đã chia lượt cho %(num)s cụm loa.", "Đã chia lượt cho %(num)s cụm loa.", count)
    flash(told, "ok")
    return redirect(url_for(".show", area_id=area_id))


def _seen(area_id: int) -> Area:
    permissions.require(current_person(), Role.VIEWER, area_id, g.session)
    return areas.get(g.session, area_id)


def _page(area: Area, form: PolicyForm) -> str:
    person = current_person()
    chain = areas.ancestors(g.session, area.id)
    said = policies.read(g.session, [each.id for each in chain])
    own = said.get(area.id)
    editor = g.session.get(Person, own.updated_by) if own else None
    holds = policies.effective(chain, said)
    placed = turns.count(g.session, area.id)
    asked = 0 < placed <= AT_ONCE or "turns" in request.args
    return render_template(
        "policies/show.html",
        area=area,
        areas=places.options(person, Role.VIEWER),
        form=form,
        own=own,
        changed_by=editor.name if editor else "",
        may_edit=permissions.may(person, Role.ADMIN, area, g.session),
        holds=_told(holds),
        said=_origins(chain, said),
        modes=[(each.value, _mode(each)) for each in StartMode],
        staggered=holds.start_mode is StartMode.STAGGERED,
        placed=placed,
        proposal=turns.propose(g.session, person, area.id) if asked else None,
        in_force=turns.in_force(g.session, area.id),
        open_faults=faults.count_open(g.session, person),
    )


def _told(holds: Policy) -> dict[str, str]:
    return {
        "windows": _hours(holds.windows) or str(_("không giờ nào")),
        "quiet": _hours(holds.quiet) or str(_("không có")),
        "volumes": ", ".join(_cap(each.window, each.percent) for each in holds.volumes) or str(_("không có")),
        "max_volume": f"{holds.max_volume}%",
        "minutes_a_day": str(_("%(count)s phút", count=holds.minutes_a_day)),
        "start_mode": _mode(holds.start_mode),
        "open": _hours(holds.open) or str(_("không giờ nào")),
    }


def _origins(chain: list[Area], said: dict[int, AreaPolicy]) -> dict[str, list[Said]]:
    """By field, who says what, the nearest first; of the start mode only the nearest counts."""
    found: dict[str, list[Said]] = {name: [] for name in policies.FIELDS}
    for area in chain:
        own, policy = area.id == chain[0].id, said.get(area.id)
        found["windows"].append(Said(area.name, f"{area.window_start}–{area.window_end}", own=False))
        for name, text in _own_words(policy).items() if policy else ():
            found[name].append(Said(area.name, text, own))
    found["start_mode"] = found["start_mode"][:1]
    return found


def _own_words(policy: AreaPolicy) -> dict[str, str]:
    words: dict[str, Any] = {
        "windows": _rows(policy.windows),
        "quiet": _rows(policy.quiet),
        "volumes": _rows(policy.volumes),
        "max_volume": f"{policy.max_volume}%" if policy.max_volume is not None else "",
        "minutes_a_day": _("%(count)s phút", count=policy.minutes_a_day)
        if policy.minutes_a_day is not None
        else "",
        "start_mode": _mode(policy.start_mode) if policy.start_mode else "",
    }
    return {name: str(text) for name, text in words.items() if text}


def _rows(rows: Iterable[dict[str, Any]] | None) -> str:
    return ", ".join(
        f"{row['start']}–{row['end']}" + (f": {row['percent']}%" if "percent" in row else "")
        for row in rows or ()
    )


def _hours(windows: Iterable[Window]) -> str:
    return ", ".join(f"{each.start:%H:%M}–{each.end:%H:%M}" for each in windows)


def _cap(window: Window, percent: int) -> str:
    return f"{window.start:%H:%M}–{window.end:%H:%M}: {percent}%"


def _mode(mode: StartMode) -> str:
    if mode is StartMode.STAGGERED:
        return str(_("Lần lượt"))
    return str(_("Cùng lúc"))
