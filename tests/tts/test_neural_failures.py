"""Children of neural voices that the system kills in the middle of a script."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tts.engines import kokoro_phonemes
from tts.engines.espeak import EspeakEngine
from tts.engines.kokoro import KokoroEngine
from tts.engines.piper import PiperEngine
from tts.engines.piper_folder import VoiceFolder
from tts.errors import EngineUnavailable
from tts.synthesis import Synthesiser
from tts.types import Chime, Script, Sentence, SentenceFailure, Speech, SpokenText, Voice

TEXTS = ("mời bà con đi họp", "đề nghị đến đúng giờ", "xin trân trọng cảm ơn")
PIPER = Voice(engine="piper", name="small")

# The real child, killed as the system kills it when memory runs out, whenever it is asked for one sentence.
KILLED_PIPER = """
import os
from tts.engines import neural, piper_child
class Doomed(piper_child.Piper):
    def say(self, order):
        if len(order["numbers"]) == {length}:
            os.kill(os.getpid(), 9)
        return super().say(order)
neural.serve(Doomed)
"""
KILLED_KOKORO = """
import os
import numpy as np
from tts.engines import neural
class Doomed:
    def say(self, order):
        if order["chunks"] == {chunks!r}:
            os.kill(os.getpid(), 9)
        return 0.3 * np.sin(np.arange(36_000) * 0.15), 24_000
neural.serve(Doomed)
"""


@pytest.fixture
def folder(tmp_path: Path, make_voice: Callable[..., Any]) -> VoiceFolder:
    made, voice = VoiceFolder(tmp_path / "voices"), make_voice()
    made.install("small", voice.model, voice.config, speaker="", accept=lambda _: None)
    return made


def script(voice: Voice) -> Script:
    sentences = tuple(Sentence(text, (), 0.4) for text in TEXTS)
    return Script((Speech(SpokenText("", sentences), voice),), chime=Chime.NONE)


def length(folder: VoiceFolder, text: str) -> int:
    """How many numbers the child is sent for a text."""
    with contextlib.closing(PiperEngine(folder, children=1)) as engine:
        config = folder.config("small", folder.installed()["small"])
        return len(config.numbers(engine._sounds(text, config)))


def test_a_voice_killed_once_in_the_middle_of_a_script_says_all_of_it(
    folder: VoiceFolder, cache_dir: Path
) -> None:
    class Killing(PiperEngine):
        def synthesise(self, text: str, voice: Voice) -> bytes:
            process = self._children._all[0]._process
            if text == TEXTS[1] and process is not None:
                os.kill(process.pid, signal.SIGKILL)
            return super().synthesise(text, voice)

    with contextlib.closing(Synthesiser([Killing(folder, children=1)], cache_dir, 1)) as synthesiser:
        clip = synthesiser.render(script(PIPER))
    assert (clip.engine, clip.fallback, clip.failures, len(clip.marks)) == ("piper", "", (), 3)


@pytest.mark.parametrize("k", [0, 2])
def test_a_piper_voice_killed_at_a_sentence_leaves_the_whole_script_to_the_next_engine(
    folder: VoiceFolder, cache_dir: Path, k: int
) -> None:
    child = KILLED_PIPER.format(length=length(folder, TEXTS[k]))
    piper = PiperEngine(folder, children=1, command=(sys.executable, "-c", child))
    with contextlib.closing(Synthesiser([piper, EspeakEngine(children=1)], cache_dir, 1)) as synthesiser:
        clip = synthesiser.render(script(PIPER))
    assert (clip.engine, clip.fallback) == ("espeak", "piper:crashed")
    assert clip.failures == (SentenceFailure(0, k, "piper", "crashed"),)
    assert len(clip.marks) == 3


def test_kokoro_killed_at_a_sentence_and_nobody_beside_it_is_an_error_that_names_the_sentence(
    cache_dir: Path,
) -> None:
    child = KILLED_KOKORO.format(chunks=list(kokoro_phonemes.chunks(TEXTS[1], 400)))
    engine = KokoroEngine(command=(sys.executable, "-c", child))
    with (
        contextlib.closing(Synthesiser([engine], cache_dir, 1)) as synthesiser,
        pytest.raises(EngineUnavailable, match="crashed") as failed,
    ):
        synthesiser.render(script(Voice(engine="kokoro", name="trial")))
    assert failed.value.failures == (SentenceFailure(0, 1, "kokoro", "crashed"),)
