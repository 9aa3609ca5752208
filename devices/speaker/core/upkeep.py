"""What a technician orders from afar: a tone, a self-test, missing files at once, a start anew."""

from __future__ import annotations

from devices.messages import Action, Command

from . import guard
from .amplifier import Amplifier
from .deck import Deck
from .documents import Documents
from .events import FetchNow, Identify, Reboot, RunSelfTest, SelfTested
from .holds import Holds
from .playing import Playing
from .record import Record

_TONE = 1_500  # ms; long enough for what the program sounds

Outcome = tuple[Command, str, str]  # stage and code of the answer


class Upkeep:
    """Commands that take a while; each ends in an outcome that ``settle`` tells."""

    def __init__(
        self,
        record: Record,
        *,
        deck: Deck,
        playing: Playing,
        documents: Documents,
        holds: Holds,
        amplifier: Amplifier,
    ) -> None:
        self._record = record
        self._deck = deck
        self._playing = playing
        self._documents = documents
        self._holds = holds
        self._amplifier = amplifier
        self._tones: list[tuple[int, Command]] = []  # when the amplifier is awake for it
        self._fetches: list[Command] = []
        self._hurry = False
        self._tests: dict[str, Command] = {}
        self._over: list[Outcome] = []

    def refusal(self, command: Command, now: int) -> str:
        """Why a command is refused at once, or an empty string."""
        if command.action is Action.REBOOT and self._deck.sounding is not None:
            return "playing"
        return self._why_mute(now) if command.action is Action.IDENTIFY else ""

    def begin(self, command: Command, now: int) -> None:
        match command.action:
            case Action.IDENTIFY:
                self._tones.append((self._amplifier.awake_at(now), command))
            case Action.SELF_TEST:
                at = now if self._why_mute(now) else self._amplifier.awake_at(now)
                self._tones.append((at, command))
            case Action.FETCH:
                self._deck.retry_now()
                self._documents.hurry(now)
                self._fetches.append(command)
                self._hurry = True
            case Action.REBOOT:
                self._record.act(Reboot())

    def tested(self, event: SelfTested, now: int) -> None:
        """Journal the result of a self-test, and answer who ordered it."""
        codes = ",".join(event.codes) or "ok"
        self._record.journal(now, "self_test", reason=codes[:200])
        command = self._tests.pop(event.command_id, None)
        if command is not None:
            self._over.append((command, "done", codes[:200]))

    def settle(self, now: int) -> list[Outcome]:
        """Go on with what is under way; tell what is over since the last time."""
        for entry in [entry for entry in self._tones if entry[0] <= now]:
            self._tones.remove(entry)
            self._sound(entry[1], now)
        if self._hurry:
            self._record.act(FetchNow())
            self._hurry = False
        self._settle_fetches()
        over, self._over = self._over, []
        return over

    def due_times(self) -> list[int]:
        return [at for at, _ in self._tones]

    def _sound(self, command: Command, now: int) -> None:
        """The tone of a command, unless something has come between."""
        mute = self._why_mute(now)
        volume = 0 if mute else min(self._deck.base_volume, guard.cap(self._deck.policy, now))
        if not mute:
            self._playing.note_sound(now + _TONE)
        if command.action is Action.SELF_TEST:
            self._tests[command.id] = command
            self._record.act(RunSelfTest(command.id, volume))
        elif mute:
            self._over.append((command, "refused", mute))
        else:
            self._record.act(Identify(volume))
            self._over.append((command, "done", ""))

    def _why_mute(self, now: int) -> str:
        """Why no tone may sound now, or an empty string."""
        if self._holds.is_silent(now):
            return "silenced"
        if not self._playing.is_clock_known:
            return "clock_unknown"
        if not self._playing.is_open(now):
            return "outside_hours"
        return "playing" if self._deck.sounding is not None else ""

    def _settle_fetches(self) -> None:
        """Done when nothing is missing; failed when everything that is missing was tried in vain."""
        if not self._fetches:
            return
        missing = self._deck.missing()
        if self._documents.is_plan_asked_for or self._deck.is_under_way(missing):
            return
        whole = not missing and not self._documents.is_plan_missing
        stage, code = ("done", "complete") if whole else ("failed", "incomplete")
        self._over += [(command, stage, code) for command in self._fetches]
        self._fetches = []
