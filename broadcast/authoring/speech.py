"""The border to speech: from a bulletin's words to a script, and from speech errors to ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from broadcast.errors import (
    AudioTooLong,
    DiskFull,
    DomainError,
    EmptyBulletin,
    InvalidInput,
    NotAudio,
    NotText,
    SpeechFailed,
    StorageFailed,
    TextTooLong,
    Unavailable,
    VoiceInvalid,
    VoiceUnavailable,
)
from devices.messages import BulletinClass
from tts import errors as speech
from tts import normalise, text
from tts.lexicon import Lexicon
from tts.types import Chime, SpokenText

NO_ENTRIES = Lexicon()
TEXT_LIMIT = text.LIMIT  # characters
CHIMES = {
    BulletinClass.EMERGENCY: Chime.EMERGENCY,
    BulletinClass.PRIORITY: Chime.PRIORITY,
    BulletinClass.ROUTINE: Chime.ROUTINE,
}
SAME: dict[type[speech.SpeechError], type[DomainError]] = {
    speech.EmptyText: EmptyBulletin,
    speech.NotText: NotText,
    speech.StorageFull: DiskFull,
    speech.StorageFailed: StorageFailed,
    speech.NotAudio: NotAudio,
}


def read_aloud(words: str, language: str = "vi", lexicon: Lexicon = NO_ENTRIES) -> SpokenText:
    """The text as it will be read, with doubtful tokens marked."""
    return normalise.read(words, language=language, lexicon=lexicon)


def decode(data: bytes) -> str:
    """The text of an uploaded file. Errors: NotText, EmptyBulletin, TextTooLong."""
    with translated():
        return text.decode(data)


def clean(words: str) -> str:
    return text.clean(words).strip()


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except speech.SpeechError as error:
        raise _ours(error) from error


def _ours(error: speech.SpeechError) -> DomainError:
    if isinstance(error, speech.TextTooLong):
        return TextTooLong(count=error.characters, limit=error.limit)
    if isinstance(error, speech.AudioTooLong):
        return AudioTooLong(minutes=round(error.limit / 60))
    if isinstance(error, speech.MissingVoice):
        return VoiceInvalid(field="voice", value=f"{error.engine}/{error.name}/{error.language}")
    if isinstance(error, speech.SpeedOutOfRange):
        return VoiceInvalid(field="speed", value=str(error))
    if isinstance(error, speech.EngineUnavailable):
        return VoiceUnavailable(engine=error.engine, cause=error.reason, permanent=error.permanent)
    same = SAME.get(type(error))
    return same() if same is not None else SpeechFailed(cause=error.code)


def failure_code(error: Exception) -> str:
    """What a rendering keeps of its failure: a stable code, never a message."""
    if isinstance(error, InvalidInput | Unavailable):
        cause = error.params.get("cause")
        return f"{error.code}:{cause}"[:80] if cause else error.code
    return "render_crashed"
