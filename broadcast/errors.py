"""What can go wrong in the application, as a tree the face can turn into a status and a sentence.

``code`` is stable and names the sentence; ``params`` are the values in it.
The errors of the libraries and of the database never pass this folder's border.
"""
# ruff: noqa: N818 - an error is named for what happened: except NotApproved reads as the rule does

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """Base of every expected refusal; ``kept`` errors are remembered: their transaction is committed."""

    code: ClassVar[str] = "domain_error"
    kept: ClassVar[bool] = False

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code, params)
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code} ({details})" if details else self.code


class NotFound(DomainError):
    """``kind`` and ``id`` of what is not there."""

    code = "not_found"


# --- who you are, what you may ------------------------------------------------


class NotAuthenticated(DomainError):
    code = "not_authenticated"


class BadCredentials(NotAuthenticated):
    code = "bad_credentials"
    kept = True  # the failure counts towards the throttle


class TooManyAttempts(NotAuthenticated):
    """``wait_s``: seconds until the next try."""

    code = "too_many_attempts"


class LinkInvalid(NotAuthenticated):
    code = "link_invalid"


class LinkUsed(LinkInvalid):
    code = "link_used"


class LinkExpired(LinkInvalid):
    code = "link_expired"


class Forbidden(DomainError):
    """``role`` that is missing and ``area_id`` where."""

    code = "forbidden"


class SelfApproval(Forbidden):
    """Nobody approves what they wrote."""

    code = "self_approval"


# --- the world has moved on ---------------------------------------------------


class Conflict(DomainError):
    code = "conflict"


class StaleVersion(Conflict):
    """``expected`` is what the caller saw, ``current`` what is there now."""

    code = "stale_version"


class ContentChanged(Conflict):
    """The text or the audio is not the one that was read or heard before approving."""

    code = "content_changed"


class WrongState(Conflict):
    """``state`` does not allow ``action``."""

    code = "wrong_state"


class AlreadyExists(Conflict):
    """``kind`` and ``value`` that is taken."""

    code = "already_exists"


class AlreadySetUp(Conflict):
    code = "already_set_up"


class UploadBusy(Conflict):
    """The same upload is being written or listened to in another request."""

    code = "upload_busy"


class LastAdministrator(Conflict):
    """Taking this grant away would leave nobody who can administer."""

    code = "last_administrator"


# --- the input cannot be used -------------------------------------------------


class InvalidInput(DomainError):
    code = "invalid_input"


class SettingInvalid(InvalidInput):
    """``name`` of the setting and ``why``, a Vietnamese phrase: it is read before any page is up."""

    code = "setting_invalid"


class EmptyTitle(InvalidInput):
    code = "empty_title"


class TitleTooLong(InvalidInput):
    """``count`` and ``limit`` in characters."""

    code = "title_too_long"


class EmptyBulletin(InvalidInput):
    code = "empty_bulletin"


class TextTooLong(InvalidInput):
    """``count`` and ``limit`` in characters."""

    code = "text_too_long"


class NotText(InvalidInput):
    """The uploaded file is not UTF-8 text."""

    code = "not_text"


class ValueTooLong(InvalidInput):
    """``field``, ``count`` and ``limit`` in characters."""

    code = "value_too_long"


class VoiceRefused(InvalidInput):
    """``name`` of a voice that may not be installed or used; ``cause`` is a stable word, ``why`` a phrase."""

    code = "voice_refused"


class VoiceInvalid(InvalidInput):
    """``field`` (engine, language, voice or speed) and its ``value``."""

    code = "voice_invalid"


class OutOfRange(InvalidInput):
    """``field`` and its ``value``, with ``minimum`` and ``maximum``."""

    code = "out_of_range"


class TooManyParts(InvalidInput):
    """``count`` and ``limit`` of the language versions of a bulletin."""

    code = "too_many_parts"


class NotAudio(InvalidInput):
    """The uploaded file holds no sound that can be read; ``name`` of the file."""

    code = "not_audio"


class AudioTooLong(InvalidInput):
    """``minutes`` that a recording may last."""

    code = "audio_too_long"


class AudioSilent(InvalidInput):
    """Nothing can be heard in the recording."""

    code = "audio_silent"


class FileTooLarge(InvalidInput):
    """``limit`` of an uploaded file in bytes."""

    code = "file_too_large"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params, limit_mb=params.get("limit", 0) // 1_000_000)


class EntryInvalid(InvalidInput):
    """``field`` of a lexicon entry (written, spoken, language or note) and ``why``.

    ``why`` is one of: empty, too_long, control, no_word, unspeakable, unknown.
    """

    code = "entry_invalid"


class TableInvalid(InvalidInput):
    """The file is no table of words; ``why``: header, too_many."""

    code = "table_invalid"


class TimeInPast(InvalidInput):
    code = "time_in_past"


class UnknownArea(InvalidInput):
    """``area_id``."""

    code = "unknown_area"


class InvalidCode(InvalidInput):
    """``value`` is no agency code of QĐ 20/2020/QĐ-TTg."""

    code = "invalid_code"


class InvalidWindow(InvalidInput):
    """``value`` is not an hour of the form HH:MM."""

    code = "invalid_window"


class InvalidPosition(InvalidInput):
    """``latitude`` and ``longitude`` in degrees."""

    code = "invalid_position"


class AreaCycle(InvalidInput):
    """An area cannot be moved below itself."""

    code = "area_cycle"


class InvalidUsername(InvalidInput):
    code = "invalid_username"


class WeakPassword(InvalidInput):
    """``minimum`` characters, or the password is the user name or too common."""

    code = "weak_password"


class NotApproved(InvalidInput):
    """``bulletin_id`` has no valid approval."""

    code = "not_approved"


class NoAudio(InvalidInput):
    """``bulletin_id`` has no audio yet."""

    code = "no_audio"


class RuleInvalid(InvalidInput):
    """``why``: what the recurrence rule lacks."""

    code = "rule_invalid"


class NothingToPlay(InvalidInput):
    """A programme without bulletins."""

    code = "nothing_to_play"


class NoLoudspeakers(InvalidInput):
    """``area_id`` has no loudspeaker in service."""

    code = "no_loudspeakers"


class ExpiryInvalid(InvalidInput):
    """``minimum_s`` and ``maximum_s``."""

    code = "expiry_invalid"


# --- something we need is not there -------------------------------------------


class Unavailable(DomainError):
    code = "unavailable"


class BrokerDown(Unavailable):
    code = "broker_down"


class BrokerMissing(Unavailable):
    """No broker program could be found or started."""

    code = "broker_missing"


class PortBusy(Unavailable):
    """``port`` is in use by another program."""

    code = "port_busy"


class DiskFull(Unavailable):
    """``free`` and ``needed`` in bytes where known."""

    code = "disk_full"


class UploadsFull(Unavailable):
    """Too much is being sent at the same time."""

    code = "uploads_full"


class StorageFailed(Unavailable):
    """``path`` cannot be read or written."""

    code = "storage_failed"


class FileDamaged(Unavailable):
    """``sha256`` of an audio file whose bytes no longer match their name."""

    code = "file_damaged"


class KeyDamaged(Unavailable):
    """``path`` of a key file that cannot be used."""

    code = "key_damaged"


class VoiceUnavailable(Unavailable):
    """``engine`` and ``permanent``: no speech engine could read the text."""

    code = "voice_unavailable"


class SpeechFailed(Unavailable):
    """``cause``: the stable code of a failure inside speech that has no other name here."""

    code = "speech_failed"


class DatabaseBusy(Unavailable):
    """Locked or deadlocked for too long; the same work may succeed when tried again."""

    code = "database_busy"


class DatabaseUnreachable(Unavailable):
    code = "database_unreachable"


class DatabaseDamaged(Unavailable):
    """The file is not a database or is corrupt."""

    code = "database_damaged"


class DatabaseOutdated(Unavailable):
    """``have`` and ``need``: revisions of the tables; run the migration."""

    code = "database_outdated"
