"""Saves how long a bulletin holds and how often it is to air."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import validity
from broadcast.errors import DomainError
from web.auth import current_person, signed_in
from web.edge import now
from web.errors import refuse, sentence
from web.forms.airtime import read_airtime
from web.views import bulletins

blueprint = Blueprint("airtime", __name__, url_prefix="/bulletins")

Answer = Response | tuple[str, int]


@blueprint.post("/<int:bulletin_id>/airtime")
@signed_in
def save(bulletin_id: int) -> Answer:
    form = read_airtime(request.form)
    if form.errors:
        return bulletins.page(bulletin_id, airtime_form=form), 422
    try:
        validity.save(
            g.session,
            current_person(),
            bulletin_id,
            valid_from=form.valid_from,
            valid_until=form.valid_until,
            airings=form.airings,
            now=now(),
        )
    except DomainError as error:
        shown = bulletins.page(bulletin_id, airtime_form=form, airtime_problem=sentence(error))
        return shown, refuse(error)
    flash(_("Đã lưu thời hạn và số lần phát."), "ok")
    return redirect(url_for("bulletins.show", bulletin_id=bulletin_id, _anchor="airtime"))
