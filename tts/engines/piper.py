"""Piper, the neural voices that an operator installs; sounds by espeak-ng, speech by onnxruntime."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from tts.audio import segment, to_wav
from tts.engines.children import ChildDiedError, Children, module
from tts.engines.espeak import EspeakPhonemes
from tts.engines.piper_config import PiperConfig
from tts.engines.piper_folder import Pinned, VoiceFolder
from tts.errors import EngineUnavailable, MissingVoice, VoiceDamaged
from tts.types import Voice

_COMMAND: Final = module("tts.engines.piper_child")
_CLAUSE: Final = re.compile(r"([^,.;:?!]+)([,.;:?!]?)")
_LANGUAGE_SWITCH: Final = re.compile(r"\([^)]*\)")  # espeak-ng's note that a word is of another language
_OF_THE_MACHINE: Final = frozenset({"crashed", "garbage"})  # reasons that say nothing about the files


class PiperEngine:
    """Each of the ``children`` loads the voices it is asked for and holds them (about 100 MB a voice)."""

    name = "piper"

    def __init__(
        self,
        voices: VoiceFolder | Path,
        children: int = 2,
        timeout: float = 60.0,
        command: tuple[str, ...] = _COMMAND,
    ) -> None:
        try:
            self._runtime = version("onnxruntime")
        except PackageNotFoundError as error:
            raise EngineUnavailable(self.name, "not_installed", permanent=True) from error
        self._folder = voices if isinstance(voices, VoiceFolder) else VoiceFolder(voices)
        self._phonemes = EspeakPhonemes()
        self._children = Children(command, count=children, timeout=timeout)

    @property
    def version(self) -> str:
        """Names the installed files too: a voice may be exchanged under the same name."""
        hashes = "".join(each.model_sha256 + each.config_sha256 for each in self._installed().values())
        return f"{self._runtime}+1.{hashlib.sha256(hashes.encode()).hexdigest()[:8]}"

    def voices(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, pinned in self._installed().items():
            found[pinned.language] = (*found.get(pinned.language, ()), name)
        return found

    def synthesise(self, text: str, voice: Voice) -> bytes:
        pinned = self._installed().get(voice.name)
        if pinned is None or pinned.language != voice.language:
            raise MissingVoice(self.name, voice.name, voice.language)
        config = self._folder.config(voice.name, pinned)
        order = {
            "model": str(self._folder.model(voice.name).absolute()),
            "sha256": pinned.model_sha256,
            "numbers": config.numbers(self._sounds(text, config)),
            "scales": [config.noise_scale, config.length_scale / voice.speed, config.noise_w],
            "speaker": pinned.speaker,
            "rate": config.sample_rate,
        }
        return self._speak(voice.name, order)

    def close(self) -> None:
        self._children.close()
        self._phonemes.close()

    def _speak(self, name: str, order: dict[str, Any]) -> bytes:
        try:
            header, samples = self._children.ask(order)
        except ChildDiedError as error:
            raise EngineUnavailable(self.name, "crashed", permanent=True, detail=str(error)) from error
        if header["error"] in _OF_THE_MACHINE:
            raise EngineUnavailable(self.name, header["error"], permanent=True, detail=header["detail"])
        if header["error"]:
            raise VoiceDamaged(self.name, name, header["error"], detail=header["detail"])
        return to_wav(segment(samples, header["rate"]))

    def _installed(self) -> dict[str, Pinned]:
        try:
            return self._folder.installed()
        except VoiceDamaged:  # `doctor` names the damage; until it is mended there are no voices
            return {}

    def _sounds(self, text: str, config: PiperConfig) -> str:
        """Decomposed, as the voices learnt them; a sentence ends with a mark, or its end is swallowed."""
        if not config.espeak_voice:
            return unicodedata.normalize("NFD", text)
        sounds = " ".join(self._clauses(text, config.espeak_voice))
        return unicodedata.normalize("NFD", sounds if sounds[-1:] in ".?!" else sounds.rstrip(",;:") + ".")

    def _clauses(self, text: str, espeak_voice: str) -> Iterator[str]:
        """espeak-ng drops the marks that a voice makes its pauses of: each clause is asked for by itself."""
        for words, mark in _CLAUSE.findall(text):
            if words.strip():
                sounds = self._phonemes.of(words.strip(), espeak_voice)
                yield _LANGUAGE_SWITCH.sub("", sounds) + mark
