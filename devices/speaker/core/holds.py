"""What keeps the loudspeaker quiet: the hold of a STOP, the central silence, and the button on the box."""

from __future__ import annotations

from devices.messages import Item

from . import guard
from .events import Sync
from .memory import FOREVER
from .record import Record

LOCAL, CENTRAL = "local", "central"
_STOP, _SILENCE = "stop", "silence"


class Holds:
    """Kept over a power cut; in whichever order orders and releases come, what holds is the same."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._memory = record.memory

    @property
    def held_until(self) -> int:
        """Up to when a STOP lets nothing but an actual emergency sound."""
        return self._until(_STOP)

    @property
    def silenced(self) -> str:
        """Who lets nothing at all sound: the button before the server, or nobody."""
        if self._number("button"):
            return LOCAL
        return CENTRAL if self._number("silenced") else ""

    def is_silent(self, at: int) -> bool:
        return bool(self._number("button")) or at < self._until(_SILENCE)

    def refusal(self, item: Item, at: int) -> str:
        """Why an item may not sound at ``at``, or an empty string."""
        if self.is_silent(at):
            return "silenced"
        return "held" if at < self.held_until and not guard.is_emergency(item) else ""

    def hold(self, until: int, issued_at: int) -> None:
        self._add(_STOP, issued_at, until)

    def silence(self, until: int, issued_at: int) -> None:
        """Let nothing sound before ``until``; 0 means until a release."""
        self._add(_SILENCE, issued_at, until or FOREVER)

    def is_released(self, issued_at: int) -> bool:
        """Whether a release that was issued later came before the order it ends."""
        return issued_at <= self._number("released")

    def release(self, issued_at: int) -> None:
        """End what was ordered before; the button stays as it is."""
        self._record.keep("number", "released", max(issued_at, self._number("released")))

    def press(self, *, on: bool, now: int) -> None:
        """Follow the button; no order from afar overrides it."""
        if on != bool(self._number("button")):
            self._record.keep("number", "button", int(on))
            self._record.journal(now, "silenced" if on else "unsilenced", reason=LOCAL)
            self._record.act(Sync())

    def advance(self, now: int) -> None:
        """Tell when the central silence begins and when it ends."""
        silent = now < self._until(_SILENCE)
        if silent != bool(self._number("silenced")):
            self._record.keep("number", "silenced", int(silent))
            self._record.journal(now, "silenced" if silent else "unsilenced", reason=CENTRAL)
            self._record.act(Sync())

    def due_times(self) -> list[int]:
        return [self.held_until, self._until(_SILENCE)]

    def _until(self, kind: str) -> int:
        holds = self._memory.holds.get(kind, ())
        return max((until for issued, until in holds if not self.is_released(issued)), default=0)

    def _add(self, kind: str, issued: int, until: int) -> None:
        """Keep an order, and of the others those that outlast it or would outlive a release of it."""
        held = self._memory.holds.get(kind, ())
        if self.is_released(issued) or any(i >= issued and u >= until for i, u in held):
            return
        rest = [(i, u) for i, u in held if not self.is_released(i) and (i > issued or u > until)]
        self._record.keep("holds", kind, ((issued, until), *rest))
        self._record.act(Sync())

    def _number(self, key: str) -> int:
        return self._memory.number.get(key, 0)
