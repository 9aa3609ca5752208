"""What an area allows: its own limits, those from above and whose they are, presets, and turns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.authoring import approval_rules
from broadcast.errors import DomainError
from broadcast.models import Area, AreaPolicy, Person, Role, StartMode
from broadcast.plans import turns
from broadcast.speakers import faults
from broadcast.units import areas, permissions, policies, presets
from broadcast.units.policies import STRICTNESS, Policy
from broadcast.units.presets import Preset
from web.auth import current_person, signed_in
from web.edge import now
from web.errors import refuse, sentence
from web.forms import policies as forms
from web.forms.policies import PolicyForm
from web.views import places, policy_words

blueprint = Blueprint("policies", __name__, url_prefix="/policies")

AT_ONCE = 500  # loudspeakers whose turns are worked out without being asked for
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> Response:
    return places.to_page()


@blueprint.get("/<int:area_id>")
@signed_in
def show(area_id: int) -> str:
    """With ``preset`` the form holds its values, to be looked at and saved, or not."""
    area, own = _seen(area_id), policies.read(g.session, [area_id]).get(area_id)
    preset = request.args.get("preset", "")
    if preset not in tuple(Preset):
        return _page(area, PolicyForm.of(own))
    wished = policies.proposed(own, area_id, presets.values(Preset(preset)))
    return _page(area, PolicyForm.of(wished), preset)


@blueprint.post("/<int:area_id>")
@signed_in
def save(area_id: int) -> Answer:
    area, form = _seen(area_id), forms.read_policy(request.form)
    if form.errors:
        return _page(area, form), 422
    try:
        _own, reopened = approval_rules.save(
            g.session, current_person(), area_id, values=form.values, now=now()
        )
    except DomainError as error:
        name = str(error.params.get("field", ""))
        return _page(area, replace(form, errors={name: sentence(error)})), refuse(error)
    flash(_("Đã lưu. Các cụm loa của %(area)s nhận giới hạn mới trong ít phút.", area=area.name), "ok")
    if reopened:
        flash(
            ngettext(
                "%(num)s bản tin đã duyệt theo quy định cũ cần duyệt lại trước lần phát tới.",
                "%(num)s bản tin đã duyệt theo quy định cũ cần duyệt lại trước lần phát tới.",
                reopened,
            ),
            "warn",
        )
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


def _page(area: Area, form: PolicyForm, preset: str = "") -> str:
    person = current_person()
    chain = areas.ancestors(g.session, area.id)
    said = policies.read(g.session, [each.id for each in chain])
    own = said.get(area.id)
    editor = g.session.get(Person, own.updated_by) if own else None
    holds = policies.effective(chain, said)
    whose = policies.sources(chain, said)
    return render_template(
        "policies/show.html",
        area=area,
        areas=places.options(person, Role.VIEWER),
        form=form,
        own=own,
        changed_by=editor.name if editor else "",
        may_edit=permissions.may(person, Role.ADMIN, area, g.session),
        holds=policy_words.holding(holds),
        said=policy_words.origins(chain, said),
        sources={name: policy_words.source(each, area) for name, each in whose.items()},
        day_name=policy_words.day_name,
        rules=[("", _("Như cấp trên"), ""), *_rules()],
        presets=policy_words.presets(),
        preset=preset,
        changes=_changes(chain, said, preset, holds),
        open_faults=faults.count_open(g.session, person),
        **_turns(area, person, holds),
    )


def _rules() -> list[tuple[str, str, str]]:
    """The strictest first."""
    return [(each.value, policy_words.approvers(each), "") for each in reversed(STRICTNESS)]


def _changes(
    chain: list[Area], said: dict[int, AreaPolicy], preset: str, holds: Policy
) -> list[policy_words.Change]:
    """What would hold with a preset; stricter words from above stay."""
    if not preset:
        return []
    area_id = chain[0].id
    wished = policies.proposed(said.get(area_id), area_id, presets.values(Preset(preset)))
    return policy_words.changes(holds, policies.effective(chain, said | {area_id: wished}))


def _turns(area: Area, person: Person, holds: Policy) -> dict[str, Any]:
    placed = turns.count(g.session, area.id)
    asked = 0 < placed <= AT_ONCE or "turns" in request.args
    return {
        "staggered": holds.start_mode is StartMode.STAGGERED,
        "placed": placed,
        "proposal": turns.propose(g.session, person, area.id) if asked else None,
        "in_force": turns.in_force(g.session, area.id),
    }
