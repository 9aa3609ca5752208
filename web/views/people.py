"""The people of one's areas: invite with a role, see what they may do, take it away, end their sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.errors import DomainError, Forbidden, InvalidInput
from broadcast.models import LinkPurpose, Person, Role
from broadcast.units import areas, people, permissions
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import absolute, now
from web.errors import refuse, sentence
from web.names import ROLE_HINTS, ROLE_NAMES

blueprint = Blueprint("people", __name__, url_prefix="/people")

INVITATION = dt.timedelta(days=3)
SIGN_IN = dt.timedelta(hours=1)
FIELDS = {
    "already_exists": "username",
    "invalid_username": "username",
    "empty_title": "name",
    "value_too_long": "name",
}


@dataclass(frozen=True, slots=True)
class InviteForm:
    name: str = ""
    title: str = ""
    username: str = ""
    role: str = Role.EDITOR.value
    area_id: str = ""


@blueprint.get("/")
@signed_in
def index() -> str:
    person, managed = current_person(), _managed()
    rows = [
        each for each in people.list_people(g.session, person) if managed & {x.area_id for x in each.grants}
    ]
    return render_template(
        "people/index.html",
        rows=rows,
        managed=managed,
        role_names=ROLE_NAMES,
        fresh=_fresh_link(),
    )


@blueprint.get("/invite")
@signed_in
def invite() -> str:
    _managed()
    return _invite_page(InviteForm(), {})


@blueprint.post("/invite")
@signed_in
def send_invitation() -> tuple[str, int] | Response:
    form = InviteForm(**{name: request.form.get(name, "").strip() for name in InviteForm.__slots__})
    if not form.name or not form.username:
        return _invite_page(form, _lacking(form)), 422
    try:
        person = _invite(form)
    except DomainError as error:
        return _invite_page(form, {FIELDS.get(error.code, ""): sentence(error)}), refuse(error)
    _show_link(person, LinkPurpose.INVITE, INVITATION)
    return redirect(url_for("people.index"))


def _invite(form: InviteForm) -> Person:
    area_id = int(form.area_id) if form.area_id.isdigit() else 0
    me, area, role = current_person(), areas.get(g.session, area_id), _role(form.role)
    permissions.require(me, Role.ADMIN, area, g.session)
    made = people.create_person(
        g.session, username=form.username, name=form.name, title=form.title, now=now(), by=me.id
    )
    people.grant(g.session, made, role, area.id, now=now(), by=me.id)
    return made


@blueprint.get("/<int:person_id>")
@signed_in
def show(person_id: int) -> str:
    return _person_page(_managed_person(person_id))


@blueprint.post("/<int:person_id>/grant")
@signed_in
def grant(person_id: int) -> Response | tuple[str, int]:
    return _change(person_id, people.grant, _("Đã trao quyền."))


@blueprint.post("/<int:person_id>/revoke")
@signed_in
def revoke(person_id: int) -> Response | tuple[str, int]:
    return _change(person_id, people.revoke, _("Đã thu quyền."))


@blueprint.post("/<int:person_id>/link")
@signed_in
def link(person_id: int) -> Response:
    """A new way in: choose a password when there is none yet, else sign in once."""
    person = _managed_person(person_id)
    if person.password_hash is None:
        _show_link(person, LinkPurpose.INVITE, INVITATION)
    else:
        _show_link(person, LinkPurpose.SIGN_IN, SIGN_IN)
    return redirect(url_for("people.index"))


@blueprint.post("/<int:person_id>/end-sessions")
@signed_in
def end_sessions(person_id: int) -> Response:
    person = _managed_person(person_id)
    people.end_sessions(g.session, person, now(), by=current_person().id)
    flash(_("Đã đăng xuất %(name)s khỏi mọi thiết bị.", name=person.name), "ok")
    return redirect(url_for("people.show", person_id=person_id))


@blueprint.post("/<int:person_id>/active")
@signed_in
def set_active(person_id: int) -> Response | tuple[str, int]:
    person, active = _managed_person(person_id), request.form.get("active") == "1"
    try:
        people.set_active(g.session, person, active, now(), by=current_person().id)
    except DomainError as error:
        return _person_page(person, sentence(error)), refuse(error)
    text = (
        _("%(name)s dùng lại được.", name=person.name) if active else _("Đã khoá %(name)s.", name=person.name)
    )
    flash(text, "ok")
    return redirect(url_for("people.show", person_id=person_id))


def _change(person_id: int, change: Callable[..., object], done: str) -> Response | tuple[str, int]:
    person = _managed_person(person_id)
    try:
        area = areas.get(g.session, request.form.get("area_id", 0, type=integer))
        permissions.require(current_person(), Role.ADMIN, area, g.session)
        change(
            g.session, person, _role(request.form.get("role", "")), area.id, now=now(), by=current_person().id
        )
    except DomainError as error:
        return _person_page(person, sentence(error)), refuse(error)
    flash(done, "ok")
    return redirect(url_for("people.show", person_id=person_id))


def _role(text: str) -> Role:
    """Errors: InvalidInput."""
    if text not in set(Role):
        raise InvalidInput(field="role", value=text)
    return Role(text)


def _managed() -> set[int]:
    """The areas whose people one administers. Errors: Forbidden when there are none."""
    mine = permissions.visible_areas(g.session, current_person(), Role.ADMIN)
    if not mine:
        raise Forbidden(role=Role.ADMIN.value)
    return mine


def _managed_person(person_id: int) -> Person:
    """Somebody all of whose grants lie in one's areas: rights from above are not ours to handle."""
    mine, person = _managed(), people.get_person(g.session, person_id)
    if not all(each.area_id in mine for each in person.grants):
        raise Forbidden(role=Role.ADMIN.value)
    return person


def _show_link(person: Person, purpose: LinkPurpose, valid: dt.timedelta) -> None:
    token = people.issue_link(g.session, purpose=purpose, person_id=person.id, now=now(), valid=valid)
    session["fresh_link"] = {
        "name": person.name,
        "url": absolute(url_for("auth.link", token=token)),
        "until": (now() + valid).timestamp(),
    }


def _fresh_link() -> dict[str, object] | None:
    """The link that was just made; shown once and never again."""
    kept = session.pop("fresh_link", None)
    return kept and {**kept, "until": dt.datetime.fromtimestamp(kept["until"], dt.UTC)}


def _lacking(form: InviteForm) -> dict[str, str]:
    errors = {
        "name": "" if form.name else _("Hãy nhập họ và tên."),
        "username": "" if form.username else _("Hãy chọn tên đăng nhập."),
    }
    return {name: text for name, text in errors.items() if text}


def _area_options() -> list[tuple[int, str]]:
    nodes = (node for root in areas.tree(g.session, _managed()) for node in root.walk())
    found = [node.area for node in nodes]
    top = min(area.level for area in found)
    return [(area.id, "\u2003" * (area.level - top) + area.name) for area in found]


def _role_options() -> list[tuple[str, object, object]]:
    return [(role.value, ROLE_NAMES[role], ROLE_HINTS[role]) for role in Role]


def _invite_page(form: InviteForm, errors: dict[str, str]) -> str:
    return render_template(
        "people/invite.html",
        form=form,
        errors=errors,
        area_options=_area_options(),
        role_options=_role_options(),
    )


def _person_page(person: Person, error: str = "") -> str:
    return render_template(
        "people/show.html",
        person=person,
        error=error,
        area_options=_area_options(),
        role_options=[(role.value, ROLE_NAMES[role]) for role in Role],
        role_names=ROLE_NAMES,
        own=person.id == current_person().id,
    )
