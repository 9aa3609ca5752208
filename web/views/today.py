"""Today: what plays now and next, what needs me, which loudspeakers are silent, which alarms are open."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.auth import signed_in

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@signed_in
def index() -> str:
    return render_template("today.html")
