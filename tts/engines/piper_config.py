"""What stands in the JSON beside a Piper voice, checked, and the numbers its model is fed with."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tts.errors import VoiceDamaged

_START, _END, _PAD = "^", "$", "_"
_RATES: Final = range(8_000, 48_001)


@dataclass(frozen=True, slots=True)
class PiperConfig:
    """The scales are those the voice was published with."""

    sample_rate: int
    language: str  # two letters of the code
    espeak_voice: str  # empty: the text's own letters are the sounds
    noise_scale: float
    length_scale: float
    noise_w: float
    speakers: int
    speaker_names: Mapping[str, int]
    ids: Mapping[str, tuple[int, ...]]

    def numbers(self, sounds: Iterable[str]) -> list[int]:
        """Start, every sound with a pad behind it, end; a sound that the voice never learnt is left out."""
        pad = self.ids[_PAD]
        numbers = [*self.ids[_START], *pad]
        for sound in sounds:
            if sound in self.ids:
                numbers += [*self.ids[sound], *pad]
        return [*numbers, *self.ids[_END]]

    def speaker(self, wish: str) -> int:
        """The number of a speaker given by number or by name. Raises LookupError."""
        number = int(wish) if wish.isdecimal() else self.speaker_names[wish]
        if not 0 <= number < max(1, self.speakers):
            raise LookupError(wish)
        return number


def parse(name: str, data: bytes) -> PiperConfig:
    """Raises VoiceDamaged with ``bad_config``."""
    try:
        return _read(json.loads(data))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise VoiceDamaged("piper", name, "bad_config", detail=detail) from error


def _read(raw: dict[str, Any]) -> PiperConfig:
    kind = raw.get("phoneme_type") or "espeak"
    if kind not in ("espeak", "text"):
        raise ValueError(f"sounds of the kind {kind!r} cannot be made here")
    scales = raw.get("inference") or {}
    ids = {_text(sound): _numbers(numbers) for sound, numbers in raw["phoneme_id_map"].items()}
    _check_ids(ids, int(raw.get("num_symbols") or 0))
    espeak_voice = _text(raw["espeak"]["voice"]) if kind == "espeak" else ""
    code = (raw.get("language") or {}).get("code") or espeak_voice
    return PiperConfig(
        sample_rate=_within(_RATES, int(raw["audio"]["sample_rate"])),
        language=_text(code).replace("_", "-").split("-")[0].lower(),
        espeak_voice=espeak_voice,
        noise_scale=float(scales.get("noise_scale", 0.667)),
        length_scale=float(scales.get("length_scale", 1.0)),
        noise_w=float(scales.get("noise_w", 0.8)),
        speakers=int(raw.get("num_speakers") or 1),
        speaker_names={_text(key): int(number) for key, number in (raw.get("speaker_id_map") or {}).items()},
        ids=ids,
    )


def _check_ids(ids: Mapping[str, tuple[int, ...]], symbols: int) -> None:
    missing = [sound for sound in (_START, _END, _PAD) if sound not in ids]
    if missing:
        raise ValueError(f"phoneme_id_map lacks {missing}")
    if symbols and max(number for numbers in ids.values() for number in numbers) >= symbols:
        raise ValueError("phoneme_id_map counts further than num_symbols")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is no text")
    return unicodedata.normalize("NFD", value)


def _numbers(values: object) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(each) is int and each >= 0 for each in values):
        raise TypeError(f"{values!r} is no list of numbers")
    return tuple(values)


def _within(allowed: range, value: int) -> int:
    if value not in allowed:
        raise ValueError(f"{value} is not between {allowed[0]} and {allowed[-1]}")
    return value
