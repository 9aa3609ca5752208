"""What is heard of a bulletin as pages show it: every piece with its sentences, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from broadcast.models import BulletinVersion
from web.forms.bulletins import AS_STATION, BulletinForm
from web.views import spoken
from web.views.spoken import Pair, Reading


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of what is heard; ``part`` is its place in the script, as in the marks of a clip."""

    part: int
    title: str
    language: str
    reading: Reading | None

    @property
    def sentences(self) -> Sequence[Pair]:
        return self.reading.sentences if self.reading else ()

    @property
    def count(self) -> int:
        return sum(not sentence.silent for sentence in self.sentences)

    @property
    def doubts(self) -> int:
        return self.reading.doubts if self.reading else 0

    @property
    def shortened(self) -> bool:
        return self.reading is not None and self.reading.shortened


def of_form(form: BulletinForm) -> dict[str, Any]:
    """What a page needs to show the reading of what is being written."""
    speed = float(form.speed) if form.speed != AS_STATION else 1.0
    return _values([Section(0, "", form.language, spoken.beginning(form.text, speed, form.language))])


def of_version(version: BulletinVersion) -> dict[str, Any]:
    found = spoken.reading(version.text, version.speed, version.language)
    return _values([Section(0, "", version.language, found)])


def _values(found: list[Section]) -> dict[str, Any]:
    estimate = sum(each.reading.estimate_ms for each in found if each.reading)
    return {"sections": found, "estimate_ms": estimate}
