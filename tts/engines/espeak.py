"""espeak-ng, the offline voice that is always there, kept in child processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from tts.audio import segment, to_wav
from tts.engines.children import ChildDiedError, Children, module
from tts.errors import EngineUnavailable, MissingVoice
from tts.types import Voice

_COMMAND: Final = module("tts.engines.espeak_child")


@dataclass(frozen=True, slots=True)
class _Manner:
    """How one voice of espeak-ng speaks; its own defaults are made for people who listen all day.

    3.5 to 4 syllables a second is an announcer's pace (espeak's own is 175 words a minute), and the
    gap between words keeps echoes between loudspeakers and wind from smearing one into the next.
    """

    voice: str
    words_per_minute: int = 150
    word_gap: int = 1  # 10 ms
    pitch: int = 50
    pitch_range: int = 50
    volume: int = 70  # espeak clips at its default of 100; mastering sets the loudness


_VOICES: Final[dict[str, dict[str, _Manner]]] = {
    "vi": {
        # Pitch carries the words of Vietnamese: its range is a little wider than espeak's own.
        "north": _Manner("vi", pitch_range=60),
        # The tones of the centre lie close together and low, where horns give little.
        "centre": _Manner("vi-vn-x-central", words_per_minute=145, pitch=55, pitch_range=65),
        "south": _Manner("vi-vn-x-south", pitch_range=60),
    },
    "en": {"standard": _Manner("gmw/en")},
    "zh": {"standard": _Manner("sit/cmn", pitch_range=60)},
    "ko": {"standard": _Manner("ko")},
    "ja": {"standard": _Manner("jpx/ja")},
    "fr": {"standard": _Manner("roa/fr")},
    "de": {"standard": _Manner("gmw/de")},
    "ru": {"standard": _Manner("zle/ru")},
    "th": {"standard": _Manner("tai/th", pitch_range=60)},
    "id": {"standard": _Manner("poz/id")},
    "ms": {"standard": _Manner("poz/ms")},
}


class EspeakEngine:
    """Up to ``children`` processes, started when first needed; a crashed one is replaced."""

    name = "espeak"

    def __init__(self, children: int = 2, timeout: float = 20.0, command: tuple[str, ...] = _COMMAND) -> None:
        self.version = _installed(self.name)
        self._children = Children(command, count=children, timeout=timeout)

    def voices(self) -> Mapping[str, tuple[str, ...]]:
        return {language: tuple(names) for language, names in _VOICES.items()}

    def synthesise(self, text: str, voice: Voice) -> bytes:
        try:
            manner = asdict(_VOICES[voice.language][voice.name])
        except KeyError as error:
            raise MissingVoice(self.name, voice.name, voice.language) from error
        manner["words_per_minute"] = round(manner["words_per_minute"] * voice.speed)
        header, samples = _ask(self._children, {"do": "say", "text": text, **manner})
        return to_wav(segment(samples, header["rate"]))

    def close(self) -> None:
        """End the children; the engine starts new ones if it is used again."""
        self._children.close()


class EspeakPhonemes:
    """What other voices take from espeak-ng: the sounds of a text, from a child process as well."""

    def __init__(self, timeout: float = 20.0, command: tuple[str, ...] = _COMMAND) -> None:
        self.version = _installed("espeak")
        self._children = Children(command, count=1, timeout=timeout)

    def of(self, text: str, voice: str) -> str:
        """The sounds in IPA, words apart. Raises MissingVoice and EngineUnavailable."""
        header, _ = _ask(self._children, {"do": "phonemes", "text": text, "voice": voice})
        return str(header["phonemes"])

    def close(self) -> None:
        self._children.close()


def _installed(engine: str) -> str:
    try:
        return f"{version('espeakng-loader')}+2"  # the number counts changes of the manners above
    except PackageNotFoundError as error:
        raise EngineUnavailable(engine, "not_installed", permanent=True) from error


def _ask(children: Children, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        header, data = children.ask(order)
    except ChildDiedError as error:
        raise EngineUnavailable("espeak", "crashed", permanent=True, detail=str(error)) from error
    if header["error"]:
        raise MissingVoice("espeak", header["error"], "")
    return header, data
