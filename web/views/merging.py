"""Units become one: both are chosen, what they bring is shown, and the new name is typed to confirm."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.authoring import approval_rules
from broadcast.errors import DomainError, EmptyTitle, Forbidden, InvalidInput
from broadcast.models import Area, Role
from broadcast.units import merging, permissions
from broadcast.units.merging import Part
from web.auth import current_person, signed_in
from web.edge import now
from web.errors import refuse, sentence
from web.views import places

blueprint = Blueprint("merging", __name__, url_prefix="/areas/merge")

MOST = 4  # units that become one on this page
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class MergeForm:
    area_ids: tuple[int, ...] = ()
    name: str = ""
    code: str = ""

    @classmethod
    def read(cls) -> MergeForm:
        chosen = [int(each) for each in request.form.getlist("unit") if each.isdecimal() and len(each) < 10]
        name = " ".join(request.form.get("name", "")[:500].split())
        return cls(tuple(chosen[:MOST]), name, request.form.get("code", "")[:100].strip().upper())


@blueprint.get("")
@signed_in
def index() -> str:
    return _page(MergeForm())


@blueprint.post("")
@signed_in
def merge() -> Answer:
    """Show what will happen; do it only when the name of the new unit has been typed once more."""
    form, typed = MergeForm.read(), request.form.get("typed")
    try:
        if typed is None or not _same(typed, form.name):
            parts, reopened = _tried(form)
            wrong = typed is not None
            page = _page(form, parts=parts, reopened=reopened, wrong=wrong)
            return (page, 422) if wrong else page
        made, reopened = _merge(form)
    except DomainError as error:
        return _page(form, problem=_sentence(error)), refuse(error)
    flash(_("Đã sáp nhập thành %(name)s. Lịch phát vẫn chạy như trước.", name=made.name), "ok")
    if reopened:
        flash(again(reopened), "warn")
    return redirect(url_for(".index"))


def again(count: int) -> str:
    """How many bulletins were approved under a milder rule."""
    return str(
        ngettext(
            "%(num)s bản tin đã duyệt theo quy định cũ cần duyệt lại trước lần phát tới.",
            "%(num)s bản tin đã duyệt theo quy định cũ cần duyệt lại trước lần phát tới.",
            count,
        )
    )


def _merge(form: MergeForm) -> tuple[Area, int]:
    if not form.name:
        raise EmptyTitle(field="name")
    return approval_rules.merge(
        g.session, current_person(), form.area_ids, code=form.code, name=form.name, now=now()
    )


def _tried(form: MergeForm) -> tuple[list[Part], int]:
    """What they bring, and how much needs another approval then: done, and taken back."""
    parts = merging.foresee(g.session, current_person(), form.area_ids)
    trial = g.session.begin_nested()
    try:
        return parts, _merge(form)[1]
    finally:
        trial.rollback()


def _page(
    form: MergeForm,
    *,
    parts: Sequence[Part] = (),
    reopened: int = 0,
    problem: str = "",
    wrong: bool = False,
) -> str:
    if not permissions.visible_areas(g.session, current_person(), Role.ADMIN):
        raise Forbidden(role=Role.ADMIN.value)
    return render_template(
        "merging/index.html",
        form=form,
        parts=parts,
        again=again(reopened) if reopened else "",
        units=[choice.option for choice in _units()],
        merged=merging.merged(g.session, current_person()),
        problem=problem,
        wrong=wrong,
        most=MOST,
    )


def _units() -> list[places.Choice]:
    """Those that have one of their kind beside them: nothing else can be merged."""
    found = [each for each in places.choices(current_person(), Role.ADMIN) if each.area.merged_at is None]
    beside = Counter((each.area.parent_id, each.area.kind) for each in found)
    found = [each for each in found if beside[each.area.parent_id, each.area.kind] > 1]
    while len(found) > places.MOST_OPTIONS:  # the lowest level is too long to be looked through
        deepest = max(each.depth for each in found)
        found = [each for each in found if each.depth < deepest]
    return found


def _same(typed: str, name: str) -> bool:
    """The same name, whichever way its accents are typed."""
    one, other = (unicodedata.normalize("NFC", " ".join(each.split())).casefold() for each in (typed, name))
    return one == other


def _sentence(error: DomainError) -> str:
    if isinstance(error, InvalidInput) and error.params.get("field") == "area_ids":
        return str(_("Hãy chọn ít nhất hai đơn vị cùng cấp, cùng thuộc một đơn vị trên."))
    return sentence(error)
