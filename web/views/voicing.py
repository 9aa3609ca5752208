"""What a bulletin may sound like: languages, voices grouped by engine, and the choice told in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from broadcast.authoring.stations import Sound
from broadcast.models import Recording
from web.edge import system
from web.forms.bulletins import AS_STATION, PRESETS, REPEATS, SPEEDS, BulletinForm
from web.views import drafting, words

Group = tuple[str, list[tuple[str, str]]]  # a heading with its options

# No engine speaks these: they are recorded.
RECORDED = ("tyz", "nut", "mtq", "blt", "hmn", "ium", "km", "jra", "rad", "bdq", "sed", "kpm", "cjm", "brv")
FIRST = ("vi", "en")


def catalogue() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Engine, language, names of voices: what this server can speak with now."""
    return system().synthesiser.voices()


def speaks(language: str) -> bool:
    return any(language in voices for voices in catalogue().values())


def languages() -> list[Group]:
    """Those that are spoken, then those that are only recorded."""
    spoken = {language for voices in catalogue().values() for language in voices}
    others = sorted(spoken - set(FIRST), key=words.language)
    by_voice = [*(code for code in FIRST if code in spoken), *others]
    by_record = [code for code in RECORDED if code not in spoken]
    return [
        (_("Máy đọc được"), [(code, words.language(code)) for code in by_voice]),
        (_("Chỉ phát bản thu"), [(code, words.language(code)) for code in by_record]),
    ]


def groups(language: str = "vi") -> list[Group]:
    """The voices of a language by engine; the first group leaves the engine to the server."""
    engines = [(engine, voices[language]) for engine, voices in catalogue().items() if language in voices]
    names = dict.fromkeys(name for _engine, each in engines for name in each)
    if language != "vi" or len(engines) < 2:
        names = {}
    any_engine = [("auto", tuple(names))] if names else []
    return [
        (words.engine(engine), [(f"{engine}:{name}", words.voice(name)) for name in each])
        for engine, each in (*any_engine, *engines)
    ]


def values(form: BulletinForm, station: Sound) -> dict[str, Any]:
    """What the page needs to let somebody choose how a bulletin sounds."""
    own_speed = () if form.speed in ("", *SPEEDS) else (form.speed,)
    return {
        "station": station,
        "station_voice": f"{words.voice(station.voice)} ({words.engine(station.engine)})",
        "voice_groups": groups(form.language),
        "part_voices": {part.language: groups(part.language) for part in form.parts},
        "languages": languages(),
        "speaks": speaks,
        "speed_options": [
            (AS_STATION, _as_station(words.speed(station.speed))),
            *((speed, words.speed(float(speed))) for speed in (*own_speed, *SPEEDS)),
        ],
        "preset_options": [
            (AS_STATION, _as_station(words.preset(station.preset))),
            *((preset.value, words.preset(preset)) for preset in PRESETS),
        ],
        "repeat_options": [
            (AS_STATION, _as_station(words.times(station.repeats))),
            *((count, words.times(count)) for count in REPEATS),
        ],
        "voice_summary": summary(form),
        "recordings": _recordings(form),
    }


def _as_station(what: str) -> str:
    return str(_("Như đài: %(what)s", what=what))


def _recordings(form: BulletinForm) -> dict[int, Recording]:
    """Those that the form names and the person may hear."""
    ids = {form.recording_id, *(part.recording_id for part in form.parts)}
    found = (drafting.recording(recording_id) for recording_id in ids)
    return {each.id: each for each in found if each is not None}


def summary(form: BulletinForm) -> str:
    """What stands on the folded box."""
    if form.recording_id:
        return str(_("bản thu"))
    engine, _colon, name = form.voice.partition(":")
    as_station = form.voice == AS_STATION
    told = [_("giọng như đài") if as_station else f"{words.voice(name)} ({words.engine(engine)})"]
    if form.speed != AS_STATION:
        told.append(words.speed(float(form.speed)))
    if form.preset != AS_STATION:
        told.append(words.preset(form.preset).lower())
    if form.repeats not in (AS_STATION, "1"):
        told.append(_("đọc %(count)s lần", count=form.repeats))
    if form.say_title:
        told.append(_("đọc cả tên"))
    return ", ".join(told)
