"""One sentence of a text that is still being written or spoken, heard at once."""

from __future__ import annotations

from broadcast.errors import EmptyBulletin, NotFound
from tts.lexicon import Lexicon
from tts.synthesis import Synthesiser
from tts.types import Preset, Voice

from . import speech


def sentence(
    synthesiser: Synthesiser,
    *,
    text: str,
    index: int,
    language: str = "vi",
    engine: str = "auto",
    voice: str = "north",
    speed: float = 1.0,
    preset: str = "standard",
    lexicon: Lexicon = speech.NO_ENTRIES,
) -> bytes:
    """Sentence ``index`` of the text as MP3, from the cache when it was made before.

    Errors: NotFound, EmptyBulletin when it is silent, VoiceInvalid, VoiceUnavailable, SpeechFailed, DiskFull.
    """
    sentences = speech.read_aloud(speech.clean(text), language, lexicon).sentences
    if not 0 <= index < len(sentences):
        raise NotFound(kind="sentence", id=index)
    if not sentences[index].spoken:
        raise EmptyBulletin()
    wish = Voice(engine, voice, language, speed)
    with speech.translated():
        return synthesiser.sentence(sentences[index].spoken, wish, Preset(preset))
