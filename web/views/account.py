"""One's own account: name, password, language, and whether the pages are light or dark."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from broadcast.errors import BadCredentials, DomainError
from broadcast.units import people, profile
from web.auth import current_person, safe_next, signed_in, start_session
from web.edge import is_https, now
from web.errors import refuse, sentence
from web.i18n import COOKIE as LANGUAGE_COOKIE
from web.i18n import LANGUAGES
from web.names import ROLE_NAMES

blueprint = Blueprint("account", __name__)

THEMES = ("auto", "light", "dark")
YEAR = 365 * 24 * 3600  # seconds


@blueprint.get("/account")
@signed_in
def index() -> str:
    return _page({})


@blueprint.get("/account/token")
@signed_in
def token() -> Response:
    """What a page asks for before a form leaves: it is signed in still, and this is its token."""
    return Response(generate_csrf(), mimetype="text/plain")


@blueprint.post("/account/name")
@signed_in
def name() -> tuple[str, int] | Response:
    person = current_person()
    try:
        profile.rename(
            g.session,
            person,
            name=request.form.get("name", ""),
            title=request.form.get("title", ""),
            now=now(),
        )
    except DomainError as error:
        return _page({"name": sentence(error)}), refuse(error)
    flash(_("Đã lưu tên."), "ok")
    return redirect(url_for("account.index"))


@blueprint.post("/account/password")
@signed_in
def password() -> tuple[str, int] | Response:
    """The old password is asked again, with the same throttle as signing in."""
    person, new = current_person(), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _page({"again": _("Hai mật khẩu không giống nhau. Hãy nhập lại.")}), 422
    try:
        people.authenticate(g.session, person.username, request.form.get("old", ""), now())
        people.set_password(g.session, person, new, now())
    except BadCredentials as error:
        refuse(error)
        return _page({"old": _("Mật khẩu hiện tại không đúng.")}), 422
    except DomainError as error:
        return _page({"new": sentence(error)}), refuse(error)
    start_session(person)
    flash(_("Đã đổi mật khẩu. Các thiết bị khác đã được đăng xuất."), "ok")
    return redirect(url_for("account.index"))


@blueprint.post("/account/sign-out-elsewhere")
@signed_in
def sign_out_elsewhere() -> Response:
    person = current_person()
    people.end_sessions(g.session, person, now())
    start_session(person)
    flash(_("Đã đăng xuất khỏi các thiết bị khác."), "ok")
    return redirect(url_for("account.index"))


@blueprint.post("/preferences")
def choose() -> Response:
    """Language and theme, also before signing in; kept in cookies, the language with the person too."""
    answer = redirect(safe_next(request.form.get("next")))
    language, theme = request.form.get("language", ""), request.form.get("theme", "")
    if language in LANGUAGES:
        if "person" in g:
            profile.set_language(g.session, current_person(), language)
        _keep(answer, LANGUAGE_COOKIE, language)
    if theme in THEMES:
        _keep(answer, "theme", theme)
    return answer


def _keep(answer: Response, cookie: str, value: str) -> None:
    answer.set_cookie(cookie, value, max_age=YEAR, secure=is_https(), httponly=True, samesite="Lax")


def _page(errors: dict[str, str]) -> str:
    person = current_person()
    return render_template(
        "account/index.html",
        person=person,
        errors=errors,
        form=request.form,
        role_names=ROLE_NAMES,
        languages=LANGUAGES,
    )
