"""Lays out what is heard and when: signal, opening, parts, repeats and closing, with their pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from tts.types import Chime, Preset, Recorded, Script, Speech, Voice

OPENING: Final = -1  # the opening's index among the parts, in marks and failures

SLOWEST: Final = 0.5  # beyond this nobody understands the voice
_OUTDOOR_SPEED: Final = 0.88
_OUTDOOR_PAUSES: Final = 1.6
_OUTDOOR_LEAD_IN: Final = 1.5
_AFTER_CHIME: Final = 0.8  # seconds
_AFTER_HEADING: Final = 1.2
_BETWEEN_PARTS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence and who says it."""

    text: str
    voice: Voice


Unit: TypeAlias = Line | Recorded | Chime


@dataclass(frozen=True, slots=True)
class Place:
    """Which sentence of which part, counted as in ``Mark``."""

    part: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is heard and the silence after it; no unit: a sentence in which nothing is said."""

    unit: Unit | None
    pause: float
    place: Place | None = None  # None for what has no mark: the signal and every reading but the first
    section: int | None = None  # None: the clip is not cut


@dataclass(frozen=True, slots=True)
class Layout:
    """Silence, steps, silence; the last step's pause counts for nothing."""

    lead_in: float
    steps: tuple[Step, ...]
    tail: float

    @property
    def lines(self) -> tuple[tuple[Place, Line], ...]:
        """Every sentence of the first reading that is said."""
        return tuple(
            (step.place, step.unit) for step in self.steps if step.place and isinstance(step.unit, Line)
        )

    @property
    def recordings(self) -> tuple[Recorded, ...]:
        return tuple(dict.fromkeys(step.unit for step in self.steps if isinstance(step.unit, Recorded)))

    @property
    def sections(self) -> tuple[int, ...]:
        """Those in which anything is heard."""
        heard = {step.section for step in self.steps if step.unit is not None and step.section is not None}
        return tuple(sorted(heard))


def lay_out(script: Script) -> Layout:
    outdoor = script.preset is Preset.OUTDOOR
    steps: list[Step] = []
    if script.chime is not Chime.NONE:
        steps.append(Step(script.chime, _AFTER_CHIME))
    if script.opening:
        steps += _spoken(script.opening, OPENING, script.preset)
    steps = _in_section(steps, OPENING if script.sections else None)
    reading = [
        step
        for index, part in enumerate(script.parts)
        for step in _in_section(
            _part(part, index, script.preset), script.sections[index] if script.sections else None
        )
    ]
    for number in range(max(1, script.repeats)):
        if number:
            steps = _pause_at_end(steps, script.gap)
        steps += reading if number == 0 else [replace(step, place=None) for step in reading if step.unit]
    if script.closing:
        closing = _spoken(script.closing, len(script.parts), script.preset)
        steps += _in_section(closing, max(script.sections) + 1 if script.sections else None)
    lead_in = max(script.lead_in, _OUTDOOR_LEAD_IN) if outdoor else script.lead_in
    return Layout(lead_in, tuple(steps), script.tail)


def voice(wish: Voice, preset: Preset) -> Voice:
    """The voice as the preset has it."""
    if preset is Preset.STANDARD:
        return wish
    return replace(wish, speed=max(min(wish.speed, SLOWEST), wish.speed * _OUTDOOR_SPEED))


def _in_section(steps: Iterable[Step], section: int | None) -> list[Step]:
    return [replace(step, section=section) for step in steps]


def _part(part: Speech | Recorded, index: int, preset: Preset) -> Iterator[Step]:
    if isinstance(part, Speech):
        yield from _spoken(part, index, preset)
    else:
        yield Step(part, _BETWEEN_PARTS * _pauses(preset), Place(index, 0))


def _spoken(speech: Speech, index: int, preset: Preset) -> list[Step]:
    said = voice(speech.voice, preset)
    steps = [
        Step(
            Line(s.spoken, said) if s.spoken else None, s.pause_after * _pauses(preset), Place(index, number)
        )
        for number, s in enumerate(speech.text.sentences)
    ]
    least = _AFTER_HEADING if speech.heading else _BETWEEN_PARTS
    last = next((step.pause for step in reversed(steps) if step.unit), 0.0)
    return _pause_at_end(steps, max(last, least * _pauses(preset)))


def _pause_at_end(steps: list[Step], seconds: float) -> list[Step]:
    """The last thing that is heard is followed by this silence."""
    heard = max((number for number, step in enumerate(steps) if step.unit), default=None)
    return [replace(step, pause=seconds) if number == heard else step for number, step in enumerate(steps)]


def _pauses(preset: Preset) -> float:
    return _OUTDOOR_PAUSES if preset is Preset.OUTDOOR else 1.0
