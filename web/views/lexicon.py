"""The lexicon: how words are read here, which area says so, and what a change of it touches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from broadcast.authoring import lexicon, stations
from broadcast.authoring.lexicon import Change
from broadcast.errors import DomainError, EntryInvalid
from broadcast.models import LexiconEntry, Role
from broadcast.units import permissions
from web.asked import integer
from web.auth import current_person, safe_next, signed_in
from web.edge import now, only_reads
from web.errors import refuse, sentence, wants_json
from web.forms import lexicon as forms
from web.forms.lexicon import EntryForm
from web.views import places, read_out, voicing

blueprint = Blueprint("lexicon", __name__, url_prefix="/lexicon")

PER_PAGE = 50
UNDO = "lexicon_undo"  # in the session: what the next page offers to take back
Answer = str | Response | tuple[str | Response, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    person = current_person()
    choices = places.choices(person, Role.VIEWER)
    area = places.chosen(choices, request.args.get("area_id", type=integer))
    area_id = area.id if area else 0
    query = request.args.get("q", "").strip()[:100]
    page = max(1, request.args.get("page", 1, type=integer))
    return render_template(
        "lexicon/index.html",
        found=lexicon.search(g.session, person, area_id=area_id, query=query, page=page, per_page=PER_PAGE),
        query=query,
        area=area,
        areas=[choice.option for choice in choices],
        may_edit=permissions.may(person, Role.EDITOR, area_id, g.session),
        page_url=lambda number: url_for(".index", area_id=area_id, q=query or None, page=number),
        undo=session.pop(UNDO, None),
    )


@blueprint.get("/new")
@signed_in
def write() -> str:
    written, spoken, back = (request.args.get(name, "")[:300] for name in ("written", "spoken", "next"))
    area_id = request.args.get("area_id", 0, type=integer)
    return _entry_page(EntryForm(area_id=area_id, written=written, spoken=spoken, next=back))


@blueprint.get("/<int:entry_id>")
@signed_in
def edit(entry_id: int) -> str:
    entry = lexicon.get(g.session, current_person(), entry_id)
    form = EntryForm(entry.area_id, entry.written, entry.spoken, entry.language, entry.note)
    return _entry_page(form, entry=entry)


@blueprint.post("/entry")
@signed_in
def put() -> Answer:
    """Add or change: a redirect for a form, JSON for a dialog (``Accept: application/json``)."""
    form = forms.read_entry(request.form)
    if form.errors:
        return _refused(form, 422)
    try:
        before = lexicon.own(g.session, form.area_id, written=form.written, language=form.language)
        former: dict[str, Any] = {} if before is None else {"spoken": before.spoken, "note": before.note}
        change = lexicon.put(g.session, current_person(), **_values(form), note=form.note, now=now())
    except EntryInvalid as error:
        return _refused(replace(form, errors=forms.entry_errors(error)), refuse(error))
    except DomainError as error:
        return _refused(replace(form, errors={"": sentence(error)}), refuse(error))
    text = _("Đã lưu cách đọc “%(word)s”.", word=change.entry.written)
    return _changed(change, text, url_for(".undo", entry_id=change.entry.id, **former), form.next)


@blueprint.post("/<int:entry_id>/retire")
@signed_in
def retire(entry_id: int) -> Answer:
    change = lexicon.retire(g.session, current_person(), entry_id, now=now())
    text = _("Đã bỏ “%(word)s” khỏi từ điển.", word=change.entry.written)
    return _changed(change, text, url_for(".restore", entry_id=entry_id))


@blueprint.post("/<int:entry_id>/restore")
@signed_in
def restore(entry_id: int) -> Answer:
    change = lexicon.restore(g.session, current_person(), entry_id, now=now())
    return _changed(change, _("“%(word)s” đã có lại trong từ điển.", word=change.entry.written))


@blueprint.post("/<int:entry_id>/undo")
@signed_in
def undo(entry_id: int) -> Answer:
    """Take the last change back: to the reading before, or out again where there was none."""
    person, spoken = current_person(), request.args.get("spoken", "")
    if not spoken:
        change = lexicon.retire(g.session, person, entry_id, now=now())
        return _changed(change, _("Đã bỏ cách đọc vừa thêm."))
    entry = lexicon.get(g.session, person, entry_id)
    change = lexicon.put(
        g.session,
        person,
        area_id=entry.area_id,
        written=entry.written,
        spoken=spoken,
        language=entry.language,
        note=request.args.get("note", ""),
        now=now(),
    )
    return _changed(change, _("“%(word)s” được đọc như trước.", word=entry.written))


@blueprint.post("/impact")
@only_reads
@signed_in
def impact() -> str:
    """What saving would touch, asked while the entry is typed: a half-typed one is no failure."""
    form, found, refusal = forms.read_entry(request.form), None, ""
    if not form.errors:
        try:
            found = lexicon.impact(g.session, current_person(), **_values(form), now=now())
        except EntryInvalid as error:
            refusal = next(iter(forms.entry_errors(error).values()))
    return render_template("lexicon/_impact.html", impact=found, refusal=refusal)


@blueprint.post("/hear")
@only_reads
@signed_in
def hear() -> Response:
    area_id = request.form.get("area_id", 0, type=integer)
    permissions.require(current_person(), Role.VIEWER, area_id, g.session)
    text = request.form.get("spoken", "")[: forms.LONGEST_SPOKEN]
    return read_out.answer(area_id, text, stations.effective(g.session, area_id), _language())


def _language() -> str:
    """Of the entry, where some voice speaks it."""
    language = request.form.get("language", "")
    return language if voicing.speaks(language) else "vi"


def _values(form: EntryForm) -> dict[str, Any]:
    return {name: getattr(form, name) for name in ("area_id", "written", "spoken", "language")}


def _changed(change: Change, text: str, undo_url: str = "", target: str = "") -> Response:
    message = " ".join(
        each for each in (text, *consequences(len(change.bulletins), change.approvals)) if each
    )
    if wants_json():
        told = {"ok": True, "bulletins": len(change.bulletins), "approvals": change.approvals}
        return jsonify({**told, "message": message, "undo": undo_url})
    if undo_url and not target:
        session[UNDO] = {"url": undo_url, "text": message}
    else:
        flash(message, "ok")
    return redirect(safe_next(target) if target else url_for(".index", area_id=change.entry.area_id))


def consequences(bulletins: int, approvals: int) -> tuple[str, ...]:
    """What a change did to bulletins, in sentences; none for none."""
    again = ngettext("%(num)s bản tin được đọc lại.", "%(num)s bản tin được đọc lại.", bulletins)
    decide = ngettext("%(num)s bản tin phải duyệt lại.", "%(num)s bản tin phải duyệt lại.", approvals)
    return tuple(str(text) for text, count in ((again, bulletins), (decide, approvals)) if count)


def _refused(form: EntryForm, status: int) -> Answer:
    if wants_json():
        return jsonify(ok=False, error=next(iter(form.errors.values()))), status
    person = current_person()
    entry = None
    if form.written and form.area_id and permissions.may(person, Role.EDITOR, form.area_id, g.session):
        entry = lexicon.own(g.session, form.area_id, written=form.written, language=form.language)
    return _entry_page(form, entry), status


def _entry_page(form: EntryForm, entry: LexiconEntry | None = None) -> str:
    return render_template(
        "lexicon/write.html",
        form=form,
        entry=entry,
        areas=places.options(current_person(), Role.EDITOR),
        heading=_("Sửa “%(word)s”", word=entry.written) if entry else _("Thêm vào từ điển"),
    )
