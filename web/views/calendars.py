"""The programme of an area for subscribers: links that are made, shown once, fetched and revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import segno
from flask import Blueprint, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from broadcast.errors import DomainError, NotFound
from broadcast.models import Role
from broadcast.scheduling import feeds
from broadcast.scheduling.feeds import Published, Week
from broadcast.scheduling.public import Airing
from broadcast.units import areas, permissions
from schedules.types import LOCAL
from web import atom
from web.auth import current_person, signed_in
from web.edge import absolute, no_session, now, system
from web.errors import refuse, sentence
from web.filters import clock, day, weekday
from web.throttle import Throttle, household
from web.views import places

blueprint = Blueprint("calendars", __name__)

# A province's subscribers may sit behind one address of the mobile network.
FETCHES: Final = (600, 600.0)
MISSES: Final = (20, 600.0)
KEPT_S: Final = 900  # how long a subscriber need not ask again
NAMES: Final = uuid.UUID("6d0b1d5e-6d0c-5f6b-9a53-2f4f1f1c7a10")  # of what news readers tell apart
Asked = TypeVar("Asked")
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Served:
    """A file behind a link; ``published`` is kept as the link's last state."""

    published: Published
    body: bytes
    changed_at: dt.datetime
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """The addresses of a link that was just made."""

    name: str
    page: str
    calendar: str
    news: str


@blueprint.record
def _install(state: BlueprintSetupState) -> None:
    state.app.extensions["calendar_fetches"] = Throttle(*FETCHES)
    state.app.extensions["calendar_misses"] = Throttle(*MISSES)


@blueprint.get("/calendars/")
@signed_in
def index() -> Response:
    return places.to_page()


@blueprint.get("/calendars/<int:area_id>")
@signed_in
def show(area_id: int) -> str:
    return _page(area_id)


@blueprint.post("/calendars/<int:area_id>/links")
@signed_in
def create(area_id: int) -> Answer:
    """The link stands on the page that answers, and nowhere again."""
    name = request.form.get("name", "")[:500]
    try:
        feed, token = feeds.create(g.session, current_person(), area_id, name=name, now=now())
    except DomainError as error:
        return _page(area_id, name=name, error=sentence(error)), refuse(error)
    return _page(area_id, fresh=_fresh(feed.name, token))


@blueprint.post("/calendars/links/<int:feed_id>/revoke")
@signed_in
def revoke(feed_id: int) -> Response:
    feed = feeds.revoke(g.session, current_person(), feed_id, now=now())
    flash(_("Đã thu hồi “%(name)s”. Đường dẫn đó không mở được nữa.", name=feed.name), "ok")
    return redirect(url_for(".show", area_id=feed.area_id))


@blueprint.get("/calendar/<token>.ics")
@no_session
def fetch(token: str) -> Response:
    """For programs of calendars."""
    return _serve(token, feeds.fetch, _calendar)


@blueprint.get("/calendar/<token>.atom")
@no_session
def fetch_news(token: str) -> Response:
    """For readers of news: the coming seven days."""
    return _serve(token, feeds.fetch_week, _news)


def _serve(token: str, ask: Callable[..., Asked], show: Callable[[str, Asked], Served]) -> Response:
    """What is behind a link: no session, no cookie; written is only what is new."""
    address, at = household(request.remote_addr or ""), system().clock()
    fetches: Throttle = current_app.extensions["calendar_fetches"]
    misses: Throttle = current_app.extensions["calendar_misses"]
    wait = max(each.wait_s(address, at.timestamp()) for each in (fetches, misses))
    if wait:
        return _plain(429, wait)
    fetches.count(address, at.timestamp())
    try:
        with system().database.transaction(read_only=True) as session:
            served = show(token, ask(session, token, at))
            noted = feeds.is_noted(session, served.published, at)
    except NotFound:
        misses.count(address, at.timestamp())
        return _plain(404)
    if not noted:
        with system().database.transaction() as session:
            feeds.note(session, served.published, at)
    answer = make_response(served.body)
    answer.headers["Content-Type"] = f"{served.media_type}; charset=utf-8"
    answer.headers.set("Content-Disposition", "inline", filename=served.filename)
    answer.set_etag(hashlib.sha256(served.body).hexdigest()[:32])
    answer.last_modified = served.changed_at
    answer.cache_control.private, answer.cache_control.max_age = True, KEPT_S
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer.make_conditional(request)


def _calendar(_token: str, published: Published) -> Served:
    return Served(published, published.body, published.changed_at, "text/calendar", "lich-phat.ics")


def _news(token: str, week: Week) -> Served:
    page = absolute(url_for("public_programme.show", token=token))
    own = absolute(url_for(".fetch_news", token=token))
    title = _("Lịch phát thanh %(area)s", area=week.area.name)
    feed = atom.Feed(
        id=f"urn:uuid:{uuid.uuid5(NAMES, f'feed {week.published.feed_id}')}",
        title=str(title),
        author=week.area.name,
        updated=week.changed_at,
        own=own,
        page=page,
        language=str(get_locale()),
    )
    body = atom.write(feed, [_entry(*each) for each in week.airings])
    return Served(week.published, body, week.changed_at, atom.MEDIA_TYPE, "lich-phat.atom")


def _entry(airing: Airing, changed_at: dt.datetime) -> atom.Entry:
    start = airing.start.astimezone(LOCAL)
    when = f"{clock(start)} {weekday(start)} {day(start)}"
    return atom.Entry(
        id=f"urn:uuid:{uuid.uuid5(NAMES, f'{airing.schedule_id} {airing.scheduled.isoformat()}')}",
        title=f"{when}: {airing.title}",
        summary=f"{airing.area}, {clock(airing.start)} – {clock(airing.end)}",
        updated=changed_at,
        category=airing.klass.value,
    )


def _plain(status: int, wait_s: int = 0) -> Response:
    answer = make_response("", status)
    answer.headers["Content-Type"] = "text/plain; charset=utf-8"
    if wait_s:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


def _page(area_id: int, *, name: str = "", error: str = "", fresh: Fresh | None = None) -> str:
    person = current_person()
    permissions.require(person, Role.VIEWER, area_id, g.session)
    return render_template(
        "calendar/index.html",
        area=areas.get(g.session, area_id),
        areas=places.options(person, Role.VIEWER),
        links=feeds.list_feeds(g.session, person, area_id),
        may_edit=permissions.may(person, Role.EDITOR, area_id, g.session),
        name=name,
        error=error,
        fresh=fresh,
        picture=_picture(fresh.calendar) if fresh else "",
    )


def _fresh(name: str, token: str) -> Fresh:
    endpoints = ("public_programme.show", "calendars.fetch", "calendars.fetch_news")
    return Fresh(name, *(absolute(url_for(each, token=token)) for each in endpoints))


def _picture(url: str) -> Markup:
    """The link as a square that a telephone reads; on white, also where the page is dark."""
    drawn = segno.make_qr(url, error="m").svg_inline(scale=5, border=3, light="#fff", omitsize=True)
    return Markup(drawn)  # noqa: S704  drawn here, of squares only
