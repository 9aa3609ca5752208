"""Who is signed in: the session cookie, the person behind it, and the pages of signing in and out."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast import setup
from broadcast.errors import DomainError, LinkInvalid, NotAuthenticated, WeakPassword
from broadcast.models import LinkPurpose, OneTimeLink, Person, Role
from broadcast.units import people

from .edge import now
from .errors import refuse, sentence
from .filters import initials

SESSION_DAYS = 14
ROLES = tuple(Role)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

blueprint = Blueprint("auth", __name__)


@dataclass(frozen=True, slots=True)
class Viewer:
    """What every page shows of the signed-in person; usable after the transaction is over."""

    id: int
    name: str
    initials: str
    language: str
    place: str
    roles: frozenset[Role]


def current_person() -> Person:
    """The signed-in person, from this request's transaction. Errors: NotAuthenticated."""
    person: Person | None = g.get("person")
    if person is None:
        raise NotAuthenticated()
    return person


def signed_in(view: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Only for people who are signed in; others are sent to sign in and come back."""

    @functools.wraps(view)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        current_person()
        return view(*args, **kwargs)

    return guarded


def has_role(role: Role) -> bool:
    """Whether the signed-in person holds ``role`` anywhere; use cases check the very area."""
    viewer: Viewer | None = g.get("viewer")
    return viewer is not None and role in viewer.roles


def install(app: Flask) -> None:
    app.permanent_session_lifetime = dt.timedelta(days=SESSION_DAYS)
    app.before_request(load_person)
    app.register_blueprint(blueprint)


def load_person() -> None:
    """Who the cookie says is there, where the request has a transaction."""
    if "session" not in g or "person_id" not in session:
        return
    person = g.session.get(Person, session["person_id"])
    if person is None or not person.active or person.session_epoch != session.get("epoch"):
        for name in ("person_id", "epoch"):
            session.pop(name, None)  # the token stays: the form to sign in may be open in another window
        return
    g.person = person
    g.viewer = _viewer(person)


def _viewer(person: Person) -> Viewer:
    grants = sorted(person.grants, key=lambda grant: (grant.area.level, grant.area.code))
    return Viewer(
        id=person.id,
        name=person.name,
        initials=initials(person.name),
        language=person.language,
        place=grants[0].area.name if grants else "",
        roles=frozenset(grant.role for grant in grants),
    )


def start_session(person: Person) -> None:
    """Begin a new session; nothing of the one before survives."""
    session.clear()
    session.permanent = True
    session["person_id"] = person.id
    session["epoch"] = person.session_epoch


def safe_next(target: str | None) -> str:
    """A path of this site, else the first page; never another host."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return url_for("today.index")
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(letter) < 32 for letter in target):
        return url_for("today.index")
    return target


def sign_in_url() -> str:
    """Where somebody who is not signed in goes, with the way back."""
    back = (
        request.full_path.rstrip("?") if request.method == "GET" and "X-Live" not in request.headers else None
    )
    return url_for("auth.sign_in", next=back if back != "/" else None)


@blueprint.get("/sign-in")
def sign_in() -> str | Response:
    if "person" in g:
        return redirect(safe_next(request.args.get("next")))
    return _sign_in_page()


@blueprint.post("/sign-in")
def sign_in_submit() -> tuple[str, int] | Response:
    username, password = request.form.get("username", ""), request.form.get("password", "")
    try:
        person = people.authenticate(g.session, username, password, now())
    except DomainError as error:
        return _sign_in_page(username=username, error=sentence(error)), refuse(error)
    start_session(person)
    return redirect(safe_next(request.form.get("next")))


def _sign_in_page(username: str = "", error: str = "") -> str:
    target = request.values.get("next", "")
    first = setup.needs_setup(g.session)
    return render_template(
        "auth/sign_in.html", username=username, error=error, next=target, needs_setup=first
    )


@blueprint.post("/sign-out")
def sign_out() -> Response:
    session.clear()
    flash(_("Đã đăng xuất."), "ok")
    answer = redirect(url_for("auth.sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.get("/link/<token>")
def link(token: str) -> str | Response:
    """Show what the one-time link is for; only the button uses it up, so a preview in a chat cannot."""
    found = people.peek_link(g.session, token, now())
    if found.purpose is LinkPurpose.SETUP:
        return redirect(url_for("setup.index", token=token))
    return _link_page(_owner(found), found.purpose)


@blueprint.post("/link/<token>")
def redeem(token: str) -> tuple[str, int] | Response:
    found = people.peek_link(g.session, token, now())
    person, password = _owner(found), request.form.get("password", "")
    invited = found.purpose is LinkPurpose.INVITE
    if invited and password != request.form.get("again", ""):
        return _link_page(person, found.purpose, again=_("Hai mật khẩu không giống nhau. Hãy nhập lại.")), 422
    try:
        people.redeem_link(g.session, token, now(), purpose=found.purpose)
        if invited:
            people.set_password(g.session, person, password, now())
    except WeakPassword as error:
        return _link_page(person, found.purpose, password=sentence(error)), refuse(error)
    start_session(person)
    return redirect(url_for("today.index"))


def _owner(found: OneTimeLink) -> Person:
    """Errors: LinkInvalid for one that belongs to nobody, or to somebody who is locked out."""
    person = None if found.person_id is None else people.get_person(g.session, found.person_id)
    if person is None or not person.active:
        raise LinkInvalid()
    return person


def _link_page(person: Person, purpose: LinkPurpose, **errors: str) -> str:
    invite = purpose is LinkPurpose.INVITE
    return render_template("auth/link.html", person=person, invite=invite, errors=errors)
