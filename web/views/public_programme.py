"""The programme of a commune for anybody who has its link: titles and times of a week, without an account."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, current_app, g, make_response, render_template, request
from werkzeug.wrappers import Response

from broadcast.errors import NotFound, TooManyAttempts
from broadcast.scheduling import feeds, public
from broadcast.scheduling.public import Airing
from broadcast.storage.moments import day_start
from broadcast.units.holiday_book import calendar_of
from schedules.types import LOCAL
from web.edge import now
from web.throttle import Throttle, household
from web.views.day_notes import note

blueprint = Blueprint("public_programme", __name__)

DAYS = 7


@blueprint.get("/calendar/<token>")
def show(token: str) -> Response:
    """Seven days from today. Counted with the fetches of the calendar behind the same link."""
    _count("calendar_fetches")
    try:
        feed = feeds.open_feed(g.session, token)
    except NotFound:
        _count("calendar_misses", missed=True)
        raise
    today = now().astimezone(LOCAL).date()
    airings = public.programme_of(
        g.session, feed.area_id, day_start(today), day_start(today + dt.timedelta(days=DAYS))
    )
    calendar = calendar_of(g.session, feed.area_id)
    dates = [today + dt.timedelta(days=number) for number in range(DAYS)]
    days = [(date, note(date, calendar), _of(airings, date)) for date in dates]
    page = render_template("programme/public.html", area=feed.area, days=days, token=token)
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _of(airings: list[Airing], date: dt.date) -> list[Airing]:
    return [each for each in airings if each.start.astimezone(LOCAL).date() == date]


def _count(name: str, *, missed: bool = False) -> None:
    """Errors: TooManyAttempts."""
    throttle: Throttle = current_app.extensions[name]
    address, at = household(request.remote_addr or ""), now().timestamp()
    misses: Throttle = current_app.extensions["calendar_misses"]
    wait = max(throttle.wait_s(address, at), misses.wait_s(address, at))
    if wait and not missed:
        raise TooManyAttempts(wait_s=wait)
    throttle.count(address, at)
