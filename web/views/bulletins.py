"""Bulletins: write, see and hear what will be read, submit, decide, withdraw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import bulletins, cuts, rendering, stations
from broadcast.authoring.approval import writer
from broadcast.authoring.approvers import Judge
from broadcast.errors import DomainError, StaleVersion
from broadcast.models import Bulletin, BulletinState, RenderState, Role
from broadcast.units import permissions
from devices.messages import BulletinClass
from web.asked import integer
from web.auth import current_person, has_role, signed_in
from web.edge import now, only_reads, system
from web.errors import refuse, sentence
from web.forms import bulletins as forms
from web.forms.airtime import AirtimeForm, usual_end
from web.forms.bulletins import BulletinForm
from web.views import (
    airtime_page,
    drafting,
    history,
    marking,
    places,
    policy_words,
    sections,
    sounding,
    voicing,
    words,
)

blueprint = Blueprint("bulletins", __name__, url_prefix="/bulletins")

PER_PAGE = 20
LARGEST_FILE = 400_000  # bytes; more than any text that is accepted
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    state, klass = request.args.get("state", ""), request.args.get("klass", "")
    query = request.args.get("q", "").strip()[:200]
    found = bulletins.search(
        g.session,
        current_person(),
        query=query,
        state=BulletinState(state) if state in set(BulletinState) else None,
        klass=BulletinClass(klass) if klass in set(BulletinClass) else None,
        page=max(1, request.args.get("page", 1, type=integer)),
        per_page=PER_PAGE,
    )
    return render_template(
        "bulletins/index.html",
        found=found,
        state=state,
        klass=klass,
        query=query,
        classes=list(BulletinClass),
        may_write=has_role(Role.EDITOR),
        page_url=lambda page: url_for(
            ".index", page=page, q=query or None, state=state or None, klass=klass or None
        ),
        words=words,
    )


@blueprint.get("/new")
@signed_in
def write() -> str:
    recording_id = request.args.get("recording_id", 0, type=integer)
    return _form_page(BulletinForm(recording_id=recording_id, until_day=usual_end(now())))


@blueprint.post("/new")
@signed_in
def create() -> Answer:
    form = forms.read_bulletin(request.form)
    if form.errors:
        return _form_page(form), 422
    try:
        content = drafting.content_of(form)
        bulletin = bulletins.create(g.session, current_person(), area_id=form.area_id, now=now(), **content)
        if form.klass is BulletinClass.PRIORITY:
            airtime_page.hold_until(bulletin, form.until_day)
    except DomainError as error:
        return _form_page(form, problem=sentence(error)), refuse(error)
    flash(_("Đã lưu bản nháp. Máy đang đọc thành tiếng."), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin.id))


@blueprint.post("/import")
@signed_in
def import_file() -> Answer:
    """Put a text file into the form; nothing is saved and nothing typed is lost."""
    form = forms.read_bulletin(request.form)
    file = request.files.get("file")
    try:
        data = file.read(LARGEST_FILE + 1) if file else b""
        imported = bulletins.import_file(data, (file.filename or "") if file else "")
    except DomainError as error:
        return _form_page(replace(form, errors={"file": sentence(error)})), refuse(error)
    filled = replace(form, title=form.title or imported.title, text=imported.text, errors={})
    return _form_page(filled, imported=True)


@blueprint.post("/parts")
@only_reads
@signed_in
def arrange() -> str:
    """The form with its language versions added to or put in another order; nothing is saved."""
    form, action = forms.read_bulletin(request.form), request.form.get("arrange", "")
    if action == "add":
        action = f"add:{request.form.get('add_language', '')}"
    wanted = replace(form, parts=forms.arranged(form.parts, action), errors={})
    bulletin_id = request.form.get("editing", 0, type=integer)
    if not bulletin_id:
        return _form_page(wanted)
    return _form_page(wanted, bulletin=bulletins.get(g.session, current_person(), bulletin_id))


@blueprint.get("/<int:bulletin_id>")
@signed_in
def show(bulletin_id: int) -> str:
    return page(bulletin_id)


@blueprint.get("/<int:bulletin_id>/edit")
@signed_in
def edit(bulletin_id: int) -> str:
    bulletin = bulletins.get(g.session, current_person(), bulletin_id)
    station = stations.effective(g.session, bulletin.area_id)
    return _form_page(drafting.form_of(bulletin, station), bulletin=bulletin)


@blueprint.post("/<int:bulletin_id>/edit")
@signed_in
def save(bulletin_id: int) -> Answer:
    person, form = current_person(), forms.read_bulletin(request.form)
    bulletin = bulletins.get(g.session, person, bulletin_id)
    if form.errors:
        return _form_page(form, bulletin=bulletin), 422
    content = drafting.content_of(form)
    try:
        bulletins.edit(g.session, person, bulletin_id, expected_version=form.version, **content, now=now())
    except StaleVersion as error:
        theirs = bulletin.current
        mine = replace(form, version=theirs.number)  # saving once more is then a decision, not an accident
        return _form_page(mine, bulletin=bulletin, theirs=theirs), refuse(error)
    except DomainError as error:
        return _form_page(form, bulletin=bulletin, problem=sentence(error)), refuse(error)
    flash(_("Đã lưu. Máy đang đọc lại những câu đã sửa."), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin_id))


@blueprint.post("/<int:bulletin_id>/submit")
@signed_in
def submit(bulletin_id: int) -> Response:
    bulletins.submit(g.session, current_person(), bulletin_id, now=now())
    flash(_("Đã gửi duyệt. Người duyệt sẽ thấy bản tin ở trang Hôm nay."), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin_id))


@blueprint.post("/<int:bulletin_id>/recall")
@signed_in
def recall(bulletin_id: int) -> Response:
    bulletins.recall(g.session, current_person(), bulletin_id, now=now())
    flash(_("Đã lấy lại để sửa tiếp."), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin_id))


@blueprint.post("/<int:bulletin_id>/render")
@signed_in
def render_again(bulletin_id: int) -> Response:
    """Try once more after a failure, or with the wished voice after a fallback."""
    person = current_person()
    bulletin = bulletins.get(g.session, person, bulletin_id)
    permissions.require(person, writer(bulletin.klass), bulletin.area_id, g.session)
    if _may_sound_better(bulletin):
        rendering.request(g.session, bulletin.current, now(), again=True)
    return redirect(url_for(".show", bulletin_id=bulletin_id))


@blueprint.post("/<int:bulletin_id>/withdraw")
@signed_in
def withdraw(bulletin_id: int) -> Response:
    bulletins.withdraw(g.session, current_person(), bulletin_id, wire=system().wire, now=now())
    return redirect(url_for(".show", bulletin_id=bulletin_id))


@blueprint.post("/<int:bulletin_id>/restore")
@signed_in
def restore(bulletin_id: int) -> Response:
    bulletins.restore(g.session, current_person(), bulletin_id, now=now())
    flash(_("Đã khôi phục bản tin."), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin_id))


@blueprint.post("/<int:bulletin_id>/decision")
@signed_in
def decide(bulletin_id: int) -> Answer:
    person, form = current_person(), forms.read_decision(request.form)
    if form.errors:
        return page(bulletin_id, decision=form), 422
    try:
        if form.approve:
            bulletins.approve(
                g.session,
                person,
                bulletin_id,
                version=form.version,
                text_sha256=form.text_sha256,
                audio_sha256=form.audio_sha256,
                now=now(),
            )
        else:
            bulletins.send_back(
                g.session, person, bulletin_id, version=form.version, note=form.note, now=now()
            )
    except DomainError as error:
        return page(bulletin_id, decision=form, problem=sentence(error)), refuse(error)
    flash(_("Đã duyệt. Bản tin lên lịch phát được.") if form.approve else _("Đã trả lại người soạn."), "ok")
    return redirect(url_for(".show", bulletin_id=bulletin_id))


def _may_sound_better(bulletin: Bulletin) -> bool:
    """An approved bulletin keeps the very audio that was approved, but may have its languages made apart.

    Should it sound otherwise then, it waits for its approver again.
    """
    version = bulletin.current
    if version.render_state is RenderState.READY and cuts.are_missing(version):
        return bulletin.state is not BulletinState.WITHDRAWN
    failed = version.render_state is RenderState.FAILED
    replaced = (
        version.render_state is RenderState.READY and version.clip is not None and version.clip.fallback
    )
    return bulletin.state in (BulletinState.DRAFT, BulletinState.SUBMITTED) and bool(failed or replaced)


def _form_page(form: BulletinForm, **more: Any) -> str:
    person = current_person()
    form = marking.placed(form)
    station = stations.effective(g.session, form.area_id)
    editing = more.get("bulletin")
    back = url_for(".edit", bulletin_id=editing.id) if editing else url_for(".write")
    return render_template(
        "bulletins/write.html",
        form=form,
        areas=places.options(person, Role.EDITOR),
        classes=forms.CLASSES,
        draft=f"{person.id}:{editing.id if editing else 'new'}",
        words=words,
        **voicing.values(form, station),
        **sections.of_form(form),
        **marking.values(form.area_id, back),
        **more,
    )


def page(bulletin_id: int, airtime_form: AirtimeForm | None = None, **more: Any) -> str:
    """The page of a bulletin; ``airtime_form`` is what was typed there and could not be saved."""
    person = current_person()
    bulletin = bulletins.get(g.session, person, bulletin_id)
    version = bulletin.current
    roles, judge = permissions.roles_in(g.session, person, bulletin.area_id), Judge(g.session, person)
    return render_template(
        "bulletins/show.html",
        bulletin=bulletin,
        version=version,
        sound=sounding.of(version, bulletin),
        **sections.of_version(version, bulletin.area_id, bulletin.klass),
        **marking.values(bulletin.area_id, url_for("bulletins.show", bulletin_id=bulletin_id)),
        **airtime_page.values(bulletin, airtime_form),
        may_edit=writer(bulletin.klass) in roles,
        may_send=Role.URGENT in roles,
        may_render=writer(bulletin.klass) in roles and _may_sound_better(bulletin),
        may_decide=judge.refusal(bulletin) is None,
        approval_rule=policy_words.who_approves(judge.rule(bulletin), bulletin.area.name),
        history=history.entries(bulletin),
        words=words,
        **more,
    )
