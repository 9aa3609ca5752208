"""The sound of a version as pages show it: times of its sentences, what failed, what can be downloaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _

from broadcast.authoring import stations
from broadcast.folding import fold
from broadcast.models import Bulletin, BulletinVersion, Clip, VersionCut
from broadcast.storage.library import COMPACT
from devices.messages import BulletinClass
from web.views import words

Failures = dict[tuple[int, int], str]


@dataclass(frozen=True, slots=True)
class Download:
    url: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Part:
    """A language, or what is heard around all of them, to be listened to alone."""

    title: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class Sounding:
    """``marks`` are part, sentence, start and end in milliseconds; ``slot_ms`` is 0 for an alarm.

    ``is_quiet`` tells of a recording whose peaks forbid to make it as loud as the rest.
    """

    marks: list[list[int]]
    failures: Failures
    slot_ms: int
    is_quiet: bool
    opus: Download | None
    filename: str
    parts: tuple[Part, ...]


def of(version: BulletinVersion, bulletin: Bulletin) -> Sounding:
    details = version.clip.details if version.clip else {}
    return Sounding(
        marks=details.get("marks", []),
        failures=_failures([*details.get("failures", []), *version.render_failures]),
        slot_ms=slot_ms(bulletin.area_id, bulletin.klass),
        is_quiet=bool(details.get("quiet")),
        opus=_opus(details),
        parts=tuple(_parts(version.cuts)),
        filename=re.sub(r"[^a-z0-9]+", "-", fold(version.title)).strip("-")[:60] or "ban-tin",
    )


def _parts(cuts: Sequence[VersionCut]) -> Iterator[Part]:
    spoken = False
    for cut in cuts:
        spoken = spoken or bool(cut.language)
        around = _("Lời kết") if spoken else _("Chuông và lời mở đầu")
        yield Part(words.language(cut.language) if cut.language else around, cut.clip)


def slot_ms(area_id: int, klass: BulletinClass) -> int:
    """How long a broadcast of the area lasts; an alarm is on air whenever and as long as it must."""
    if klass is BulletinClass.EMERGENCY:
        return 0
    return stations.effective(g.session, area_id).slot_minutes * 60_000


def _opus(details: Mapping[str, Any]) -> Download | None:
    found = details.get("opus")
    if not found:
        return None
    return Download(url_for("api.media", name=found["sha256"], kind=COMPACT), found["size"])


def _failures(found: Iterable[Mapping[str, Any]]) -> Failures:
    return {
        (each["part"], each["sentence"]): _(
            "%(engine)s không đọc được câu này: %(reason)s.",
            engine=words.engine(each["engine"]),
            reason=words.voice_failure(each["reason"]),
        )
        for each in found
    }
