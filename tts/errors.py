"""What can go wrong between a text and its clip; every class has a stable ``code``."""

from __future__ import annotations

import errno
from typing import Final

from tts.types import SentenceFailure

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SpeechError(Exception):
    """Root of this folder's errors; ``code`` is stable and never shown to people as it is.

    ``failures`` names the sentences that no engine could speak, where a rendering failed.
    """

    code = "speech_failed"
    failures: tuple[SentenceFailure, ...] = ()


class NotText(SpeechError):
    """The bytes are not a UTF-8 text."""

    code = "not_text"


class EmptyText(SpeechError):
    """There is nothing in the text that could be said."""

    code = "empty_text"


class TextTooLong(SpeechError):
    """The text has more characters than a bulletin may have."""

    code = "text_too_long"

    def __init__(self, characters: int, limit: int) -> None:
        super().__init__(f"the text has {characters} characters, the limit is {limit}")
        self.characters = characters
        self.limit = limit


class MissingVoice(SpeechError):
    """No installed engine has this voice in this language."""

    code = "missing_voice"

    def __init__(self, engine: str, name: str, language: str) -> None:
        super().__init__(f"no voice {name!r} for language {language!r} in engine {engine!r}")
        self.engine = engine
        self.name = name
        self.language = language


class SpeedOutOfRange(SpeechError):
    """Slower or faster than anybody understands."""

    code = "speed_out_of_range"


class EngineUnavailable(SpeechError):
    """An engine gave no speech; ``permanent`` says that trying again will not help.

    ``reason`` is one of: unreachable, timeout, rate_limited, refused, server_error, no_audio,
    garbage, bad_audio, crashed, not_installed.
    """

    code = "engine_unavailable"

    def __init__(self, engine: str, reason: str, *, permanent: bool = False, detail: str = "") -> None:
        super().__init__(f"{engine}: {reason}" + (f" ({detail})" if detail else ""))
        self.engine = engine
        self.reason = reason
        self.permanent = permanent


# Reasons that lie with an engine or the way to it; no sentence is to blame for them.
OF_THE_ENGINE = frozenset({"unreachable", "rate_limited", "refused", "not_installed"})


class VoiceDamaged(EngineUnavailable):
    """An installed voice must not be used as it is; another engine may speak instead.

    ``reason`` is one of: no_file, no_config, bad_config, wrong_hash, not_a_model, wrong_inputs,
    no_speaker, bad_manifest.
    """

    code = "voice_damaged"

    def __init__(self, engine: str, voice: str, reason: str, *, detail: str = "") -> None:
        super().__init__(engine, reason, permanent=True, detail=f"{voice}: {detail}" if detail else voice)
        self.voice = voice


class BadAudio(SpeechError):
    """An engine gave sound that must not go on air."""

    code = "bad_audio"


class SilentAudio(BadAudio):
    """The sound is empty or too quiet to be speech."""

    code = "silent_audio"


class TruncatedAudio(BadAudio):
    """The sound is too short to hold its text."""

    code = "truncated_audio"


class ClippedAudio(BadAudio):
    """Too many samples are at full scale."""

    code = "clipped_audio"


class MasteringFailed(SpeechError):
    """ffmpeg refused or broke."""

    code = "mastering_failed"


class Stopped(SpeechError):
    """The synthesiser was closed while the sound was being made; another one may make it."""

    code = "stopped"


class StorageFull(SpeechError):
    """The disk has no room for the speech cache."""

    code = "storage_full"


class StorageFailed(SpeechError):
    """The speech cache cannot be written for another reason."""

    code = "storage_failed"


class NotAudio(SpeechError):
    """A file in which there is no sound that can be read."""

    code = "not_audio"


class AudioTooLong(SpeechError):
    """A recording that is longer than a bulletin may be."""

    code = "audio_too_long"

    def __init__(self, limit: float) -> None:
        super().__init__(f"the recording is longer than {limit:.0f} s")
        self.limit = limit  # seconds


def storage(error: OSError) -> StorageFull | StorageFailed:
    """What a refusing disk means."""
    if error.errno in _NO_ROOM:
        return StorageFull("no room on the disk")
    return StorageFailed(str(error))
