"""The catalogue of voices: what stands in lists for people to choose from, with its state and its origin."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tts.engines import kokoro
from tts.engines.piper_folder import MANIFEST, Pinned, VoiceFolder, file_hash
from tts.errors import VoiceDamaged

# In the order of lists; (Vietnamese, English).
LANGUAGES: Final[Mapping[str, tuple[str, str]]] = {
    "vi": ("tiếng Việt", "Vietnamese"),
    "en": ("tiếng Anh", "English"),
    "zh": ("tiếng Trung", "Chinese"),
    "ko": ("tiếng Hàn", "Korean"),
    "ja": ("tiếng Nhật", "Japanese"),
    "km": ("tiếng Khmer", "Khmer"),
    "th": ("tiếng Thái Lan", "Thai"),
    "lo": ("tiếng Lào", "Lao"),
    "fr": ("tiếng Pháp", "French"),
    "de": ("tiếng Đức", "German"),
    "ru": ("tiếng Nga", "Russian"),
    "id": ("tiếng Indonesia", "Indonesian"),
    "ms": ("tiếng Mã Lai", "Malay"),
    "my": ("tiếng Miến Điện", "Burmese"),
}
_ENGINES: Final = {"google": "Google", "espeak": "eSpeak", "piper": "Piper", "kokoro": "Kokoro"}
_ACCENTS: Final = {
    "north": ("giọng Bắc", "northern accent"),
    "centre": ("giọng Trung", "central accent"),
    "south": ("giọng Nam", "southern accent"),
}
_NOTES: Final = {
    "google": ("cần mạng", "needs the internet"),
    "kokoro": ("thử nghiệm, giọng lơ lớ", "experimental, foreign accent"),
}
_LICENCES: Final = {
    "google": "dịch vụ của Google",
    "espeak": "GPL-3.0-or-later",
    "kokoro": "Apache-2.0",
}
_RATES: Final = {"google": 24_000, "espeak": 22_050, "kokoro": 24_000}
_SIZES: Final = {"kokoro": 92_361_271}


class VoiceState(enum.StrEnum):
    """The kinds of damage have the names of the reasons of VoiceDamaged."""

    READY = "ready"
    NO_FILE = "no_file"
    NO_CONFIG = "no_config"
    BAD_CONFIG = "bad_config"
    WRONG_HASH = "wrong_hash"
    NO_SPEAKER = "no_speaker"
    BAD_MANIFEST = "bad_manifest"


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """``size`` in bytes and ``sha256`` are the model's; 0 and empty where there is none on this disk."""

    engine: str
    name: str
    language: str
    label_vi: str
    label_en: str
    experimental: bool = False
    licence: str = ""  # empty: what the voice's publisher says
    sample_rate: int = 0
    size: int = 0
    sha256: str = ""
    state: VoiceState = VoiceState.READY

    def label(self, language: str) -> str:
        return self.label_vi if language == "vi" else self.label_en


def catalogue(
    voices: Mapping[str, Mapping[str, tuple[str, ...]]],
    voices_dir: Path | None = None,
    *,
    thorough: bool = False,
) -> tuple[VoiceInfo, ...]:
    """``voices`` as ``Synthesiser.voices()`` gives them; ``thorough`` checks the hash of every model.

    Installed voices stand in it even where the engine ``piper`` is not used: they can be tested and removed.
    """
    found = [
        _of(engine, name, language)
        for engine, languages in voices.items()
        if engine != "piper"
        for language, names in languages.items()
        for name in names
    ]
    if voices_dir is not None:
        found += _installed(VoiceFolder(voices_dir), thorough)
    order = list(LANGUAGES)
    return tuple(sorted(found, key=lambda each: order.index(each.language) if each.language in order else 99))


def language_label(code: str, language: str = "vi") -> str:
    """The name of a language in Vietnamese or in English; its code where it has none here."""
    names = LANGUAGES.get(code)
    return code if names is None else names[0 if language == "vi" else 1]


def _of(engine: str, name: str, language: str) -> VoiceInfo:
    label_vi, label_en = _labels(engine, name, language)
    return VoiceInfo(
        engine=engine,
        name=name,
        language=language,
        label_vi=label_vi,
        label_en=label_en,
        experimental=engine == "kokoro",
        licence=_LICENCES.get(engine, ""),
        sample_rate=_RATES.get(engine, 0),
        size=_SIZES.get(engine, 0),
        sha256=kokoro.SHA256 if engine == "kokoro" else "",
    )


def _installed(folder: VoiceFolder, thorough: bool) -> Iterator[VoiceInfo]:
    try:
        known = folder.installed()
    except VoiceDamaged:
        yield VoiceInfo("piper", MANIFEST, "vi", MANIFEST, MANIFEST, state=VoiceState.BAD_MANIFEST)
        return
    for name, pinned in known.items():
        label_vi, label_en = _labels("piper", name, pinned.language)
        yield VoiceInfo(
            engine="piper",
            name=name,
            language=pinned.language,
            label_vi=label_vi,
            label_en=label_en,
            licence=pinned.licence,
            sample_rate=pinned.sample_rate,
            size=pinned.size,
            sha256=pinned.model_sha256,
            state=_state(folder, name, pinned, thorough),
        )


def _state(folder: VoiceFolder, name: str, pinned: Pinned, thorough: bool) -> VoiceState:
    model = folder.model(name)
    try:
        folder.config(name, pinned)
        if model.stat().st_size != pinned.size or (thorough and file_hash(model) != pinned.model_sha256):
            return VoiceState.WRONG_HASH
    except VoiceDamaged as error:
        return VoiceState(error.reason)
    except OSError:
        return VoiceState.NO_FILE
    return VoiceState.READY


def _labels(engine: str, name: str, language: str) -> tuple[str, str]:
    """Vietnamese and English: the engine, whose voice or which language, and what one must know."""
    detail = (name, name) if engine == "piper" else _ACCENTS.get(name)
    if engine == "kokoro":
        detail = None
    elif detail is None or language != "vi":
        own = LANGUAGES.get(language, (language, language))
        detail = own if detail is None else (f"{detail[0]}, {own[0]}", f"{detail[1]}, {own[1]}")
    note = _NOTES.get(engine)
    base = _ENGINES.get(engine, engine)
    return _join(base, detail and detail[0], note and note[0]), _join(
        base, detail and detail[1], note and note[1]
    )


def _join(engine: str, detail: str | None, note: str | None) -> str:
    return engine + (f", {detail}" if detail else "") + (f" ({note})" if note else "")
