"""The child process that holds espeak-ng (GPL): JSON lines in, a JSON line and raw samples out.

Started by ``tts.engines.espeak``; it ends when its input ends, so it cannot outlive its parent.
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Any, BinaryIO, Final

import espeakng_loader

from tts.engines.children import answer

_SYNCHRONOUS: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_UTF8: Final = 1
_RATE: Final = 1
_VOLUME: Final = 2
_PITCH: Final = 3
_PITCH_RANGE: Final = 4
_WORD_GAP: Final = 7
_IPA: Final = 2
_CALLBACK: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Espeak:
    """The library with its one output buffer."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT)
        if self.rate <= 0:
            raise SystemExit(f"espeak-ng does not start with the data in {data!r}")
        self._samples = bytearray()
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._callback = _CALLBACK(self._collect)  # the library keeps only the pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def say(
        self,
        text: str,
        *,
        voice: str,
        words_per_minute: int,
        word_gap: int,
        pitch: int,
        pitch_range: int,
        volume: int,
    ) -> bytes:
        """Mono 16-bit samples; ValueError when espeak-ng does not have the voice."""
        self._set_voice(voice)
        for parameter, value in (
            (_RATE, words_per_minute),
            (_WORD_GAP, word_gap),
            (_PITCH, pitch),
            (_PITCH_RANGE, pitch_range),
            (_VOLUME, volume),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._samples.clear()
        written = text.encode()
        self._library.espeak_Synth(written, len(written) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return bytes(self._samples)

    def phonemes(self, text: str, *, voice: str) -> str:
        """The sounds in IPA; the library moves the pointer on by a clause and ends with none."""
        self._set_voice(voice)
        written = ctypes.create_string_buffer(text.encode())
        rest = ctypes.cast(written, ctypes.c_void_p)
        clauses = []
        while rest.value:
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA) or b"")
        return b" ".join(clauses).decode()

    def _set_voice(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"no voice {voice}")

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, count * 2)
        return 0


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request line until the input ends."""
    espeak = Espeak()
    for line in requests:
        order = json.loads(line)
        try:
            if order.pop("do") == "phonemes":
                answer(answers, phonemes=espeak.phonemes(**order))
            else:
                answer(answers, espeak.say(**order), rate=espeak.rate)
        except ValueError as refused:
            answer(answers, error=str(refused))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
