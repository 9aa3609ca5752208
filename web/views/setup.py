"""The first start: whoever holds the one-time link makes the commune and becomes its administrator."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast import setup
from broadcast.errors import DomainError, LinkInvalid
from broadcast.models import LinkPurpose
from broadcast.units import people
from web.auth import start_session
from web.edge import now
from web.errors import refuse, sentence

blueprint = Blueprint("setup", __name__, url_prefix="/setup")

# Which field an error of the use case belongs to.
FIELDS = {
    "invalid_code": "code",
    "invalid_username": "username",
    "weak_password": "password",
}


@dataclass(frozen=True, slots=True)
class SetupForm:
    commune: str = ""
    code: str = ""
    villages: str = ""
    name: str = ""
    username: str = ""

    @property
    def village_names(self) -> list[str]:
        return [line.strip() for line in self.villages.splitlines() if line.strip()]


@blueprint.get("/<token>")
def index(token: str) -> str:
    if people.peek_link(g.session, token, now()).purpose is not LinkPurpose.SETUP:
        raise LinkInvalid()
    return _page(token, SetupForm(), {})


@blueprint.post("/<token>")
def submit(token: str) -> tuple[str, int] | Response:
    form = SetupForm(**{name: request.form.get(name, "").strip() for name in SetupForm.__slots__})
    password = request.form.get("password", "")
    errors = _lacking(form, password)
    if errors:
        return _page(token, form, errors), 422
    try:
        person = setup.set_up(
            g.session,
            token,
            commune=form.commune,
            code=form.code.upper(),
            villages=form.village_names,
            name=form.name,
            username=form.username,
            password=password,
            now=now(),
        )
    except LinkInvalid:
        raise
    except DomainError as error:
        return _page(token, form, {FIELDS.get(error.code, ""): sentence(error)}), refuse(error)
    session.clear()
    start_session(person)
    return redirect(url_for("today.index"))


def _lacking(form: SetupForm, password: str) -> dict[str, str]:
    errors = {
        "commune": "" if form.commune else _("Hãy nhập tên xã, phường."),
        "code": "" if form.code else _("Hãy nhập mã đơn vị."),
        "name": "" if form.name else _("Hãy nhập họ và tên."),
        "username": "" if form.username else _("Hãy chọn tên đăng nhập."),
        "password": "" if password else _("Hãy chọn mật khẩu."),
        "again": "",
    }
    if password and password != request.form.get("again", ""):
        errors["again"] = _("Hai mật khẩu không giống nhau. Hãy nhập lại.")
    return {name: text for name, text in errors.items() if text}


def _page(token: str, form: SetupForm, errors: dict[str, str]) -> str:
    return render_template("setup/index.html", token=token, form=form, errors=errors)
