"""The sounds of a unit: tunes, chimes, pieces and closings that its slots may play; heard, added, retired."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import recordings, sounds
from broadcast.errors import DomainError
from broadcast.models import Area, Person
from broadcast.storage.library import RECORDING
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import finish_reading, now, only_reads, system, takes_file
from web.errors import refuse, sentence
from web.forms import sounds as forms
from web.forms.sounds import KINDS, SoundForm
from web.views import offered, sitting_words

blueprint = Blueprint("sounds", __name__, url_prefix="/sounds")

Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@signed_in
def index() -> str:
    """With ``gone`` the way back for a sound that was retired just now."""
    return _page(request.args.get("area", type=integer), gone=offered.gone(sounds.SOUNDS))


@blueprint.post("/")
@takes_file
@only_reads
@signed_in
def create() -> Answer:
    """Mastered without a transaction, for others wait for their turn to write."""
    file = request.files.get("file")
    form = forms.read_sound(request.form, has_file=bool(file and file.filename))
    if form.errors:
        return _page(form.area_id, form=form), 422
    person_id = current_person().id
    try:
        recordings.require(g.session, current_person(), form.area_id)
        kept = _recorded(form)
        finish_reading()
        with system().library.incoming() as folder:
            source = kept or folder / "source"
            if file and not kept:
                file.save(source)
            _add(person_id, form, source)
    except DomainError as error:
        flash(sentence(error), "bad")
        return redirect(url_for(".index", area=form.area_id))
    flash(_("Đã thêm “%(title)s”. Xếp vào khung giờ được rồi.", title=form.title), "ok")
    return redirect(url_for(".index", area=form.area_id))


@blueprint.post("/<int:sound_id>/rename")
@signed_in
def rename(sound_id: int) -> Answer:
    sound = sounds.get(g.session, current_person(), sound_id)
    title = request.form.get("title", "")
    try:
        sounds.rename(g.session, current_person(), sound_id, title=title, now=now())
    except DomainError as error:
        return _page(sound.area_id, problem=sentence(error), wrong=sound_id), refuse(error)
    flash(_("Đã đổi tên."), "ok")
    return redirect(url_for(".index", area=sound.area_id))


@blueprint.post("/<int:sound_id>/retire")
@signed_in
def retire(sound_id: int) -> Response:
    sound = sounds.retire(g.session, current_person(), sound_id, now=now())
    return redirect(url_for(".index", area=sound.area_id, gone=sound.id))


@blueprint.post("/<int:sound_id>/restore")
@signed_in
def restore(sound_id: int) -> Response:
    sound = sounds.restore(g.session, current_person(), sound_id, now=now())
    flash(_("“%(title)s” dùng lại được như trước.", title=sound.title), "ok")
    return redirect(url_for(".index", area=sound.area_id))


def _recorded(form: SoundForm) -> Path | None:
    """The file that the recorder has sent before. Errors: NotFound."""
    if not form.recording_id:
        return None
    recording = recordings.get(g.session, current_person(), form.recording_id)
    return system().library.path(recording.sha256, kind=RECORDING)


def _add(person_id: int, form: SoundForm, source: Path) -> None:
    mastered = sounds.master(system().library, system().synthesiser, source)
    with system().database.transaction() as writing:
        person = writing.get_one(Person, person_id)
        sounds.add(
            writing, person, form.area_id, kind=form.kind, title=form.title, recording=mastered, now=now()
        )


def _page(wanted: int | None, form: SoundForm | None = None, **more: Any) -> str:
    common = offered.values(sounds.SOUNDS, wanted)
    area: Area | None = common["area"]
    return render_template(
        "sounds/index.html",
        groups=[
            (kind.value, sitting_words.kind(kind), these)
            for kind in KINDS
            if (these := [each for each in common["offered"] if each.kind is kind])
        ],
        kind_of=sitting_words.kind,
        kinds=[(kind.value, sitting_words.kind(kind)) for kind in KINDS],
        form=form or SoundForm(area_id=area.id if area else 0),
        retired=sounds.retired(g.session, area.id) if area and common["may_add"] else [],
        **common,
        **more,
    )
