"""The form of a station: every field either its own or left to the area above."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from tts.types import Preset

from .bulletins import LONGEST_FORMULA, REPEATS, SPEEDS, VOICE
from .reading import FormReader

ABOVE = ""  # the value of a choice that is left to the area above
WORDS_FROM = ("above", "own", "none")  # whose opening or closing is read
LEAD_INS = ("0.5", "1", "1.5", "2", "3", "5")  # seconds
SLOTS = ("5", "10", "15", "20", "30", "45", "60")  # minutes


@dataclass(frozen=True, slots=True)
class StationForm:
    voice: str = ABOVE  # engine:name
    speed: str = ABOVE
    preset: str = ABOVE
    opening_from: str = "above"
    opening: str = ""
    closing_from: str = "above"
    closing: str = ""
    repeats: str = ABOVE
    lead_in_s: str = ABOVE
    slot_minutes: str = ABOVE
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """By column; None is inherited."""
        engine, _colon, name = self.voice.partition(":")
        return {
            "engine": engine or None,
            "voice": name or None,
            "speed": float(self.speed) if self.speed else None,
            "preset": self.preset or None,
            "opening": _words(self.opening_from, self.opening),
            "closing": _words(self.closing_from, self.closing),
            "repeats": int(self.repeats) if self.repeats else None,
            "lead_in_s": float(self.lead_in_s) if self.lead_in_s else None,
            "slot_minutes": int(self.slot_minutes) if self.slot_minutes else None,
        }


def read_station(form: MultiDict[str, str]) -> StationForm:
    reader = FormReader(form)
    voice = reader.raw("voice")
    if voice and not VOICE.fullmatch(voice):
        reader.refuse("voice", _("Hãy chọn một mục trong danh sách."))
    return StationForm(
        voice=voice if "voice" not in reader.errors else ABOVE,
        speed=reader.one_of("speed", (ABOVE, *SPEEDS), ABOVE),
        preset=reader.one_of("preset", (ABOVE, *Preset), ABOVE),
        opening_from=reader.one_of("opening_from", WORDS_FROM, "above"),
        opening=_formula(reader, "opening"),
        closing_from=reader.one_of("closing_from", WORDS_FROM, "above"),
        closing=_formula(reader, "closing"),
        repeats=reader.one_of("repeats", (ABOVE, *map(str, REPEATS)), ABOVE),
        lead_in_s=reader.one_of("lead_in_s", (ABOVE, *LEAD_INS), ABOVE),
        slot_minutes=reader.one_of("slot_minutes", (ABOVE, *SLOTS), ABOVE),
        errors=reader.errors,
    )


def _formula(reader: FormReader, name: str) -> str:
    own = reader.raw(f"{name}_from") == "own"
    missing = _("Hãy viết lời này, hoặc chọn “Không đọc”.") if own else ""
    return reader.text(name, longest=LONGEST_FORMULA, missing=missing)


def _words(whose: str, text: str) -> str | None:
    return {"own": text, "none": ""}.get(whose)
