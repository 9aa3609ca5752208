"""The retained documents: desired state, plan, urgent announcements; accepted only when they grow (R1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from devices.messages import Alert, Alerts, Desired, Have, Item, ItemState, Plan, PlanPointer

from .deck import Deck
from .events import FetchPlan, Subscribe
from .keys import Keys
from .ledger import Ledger, Revision
from .memory import PLAN, HeldPlan, Occurrence
from .playing import Playing
from .record import Record
from .states import WAITING

_FIRST_RETRY = 2_000  # ms
_LONGEST_RETRY = 120_000


class Documents:
    """Adopts what the server wishes, without touching what plays unless it was withdrawn (R7)."""

    def __init__(self, record: Record, ledger: Ledger, deck: Deck, playing: Playing, keys: Keys) -> None:
        self._record = record
        self._memory = record.memory
        self._ledger = ledger
        self._deck = deck
        self._playing = playing
        self._keys = keys
        self._plan_attempts = 0
        self._plan_due: int | None = None  # when to ask for the plan again; None: asked, or nothing to ask

    @property
    def groups(self) -> tuple[str, ...]:
        desired = self._memory.desired.get("")
        return desired.groups if desired else ()

    @property
    def have(self) -> Have:
        """The newest desired state whose plan is here and in force."""
        epoch, rev = self._memory.revision.get("have", (0, 0))
        return Have(epoch=epoch, rev=rev)

    def boot(self, now: int) -> None:
        """Take up the kept documents: the programme goes on without a network."""
        held = self._memory.plan.get("")
        if held is not None:
            self._merge_plan(held.plan, now)
        for alerts in self._memory.alerts.values():
            self._merge_alerts(alerts, now)
        if self.is_plan_missing:
            self._plan_due = now

    def desired(self, order: Desired, now: int, reckoned: int) -> bool:
        """Adopt a newer wish, if it is one; ``reckoned`` is the time by which keys live and end."""
        if not self._is_new("desired", order.epoch, order.rev, now):
            return False
        before = self._memory.desired.get("")
        self._record.keep("desired", "", order)
        self._deck.adopt(order)
        if order.keyset is not None:
            # A box that knows no time yet knows at least when this was signed.
            self._keys.offer(order.keyset, now, max(reckoned, order.issued_at))
        if before is None or before.volume != order.volume:
            self._record.keep("number", "volume", order.volume)
        if before is None or before.groups != order.groups:
            self._regroup(set(before.groups) - set(order.groups) if before else set(), now)
        self._plan_attempts = 0
        if order.plan is None:
            self.adopt("", Plan(start=order.issued_at, end=1 << 53, items=()), now)
        elif self._is_held(order.plan):
            self._note_have()
        else:
            self._plan_due = None
            self._record.act(FetchPlan(order.plan))
        return True

    def plan_fetched(self, sha256: str, plan: Plan, now: int) -> None:
        pointer = self._pointer()
        if pointer is not None and pointer.sha256 == sha256:
            self.adopt(sha256, plan, now)

    def plan_failed(self, sha256: str, now: int) -> None:
        pointer = self._pointer()
        if pointer is None or pointer.sha256 != sha256 or self._is_held(pointer):
            return
        self._plan_due = now + min(_FIRST_RETRY << min(self._plan_attempts, 20), _LONGEST_RETRY)
        self._plan_attempts += 1

    def adopt(self, sha256: str, plan: Plan, now: int) -> None:
        """Put a plan into force."""
        self._plan_due = None
        self._record.keep("plan", "", HeldPlan(sha256=sha256, plan=plan))
        self._merge_plan(plan, now)
        self._note_have()

    def alerts(self, order: Alerts, now: int) -> None:
        if not self._is_new(f"alerts:{order.group}", order.epoch, order.rev, now):
            return
        self._record.keep("alerts", order.group, order)
        for tombstone in order.cancelled:
            self.bury(tombstone.id, tombstone.until, now, "cancelled")
        self._merge_alerts(order, now)

    def bury(self, item_id: str, until: int, now: int, reason: str) -> Occurrence | None:
        """Cancel an item, heard of or not (R3); says which occurrence that was."""
        self._ledger.bury(item_id, until)
        occurrence = self._deck.items.get(item_id)
        if occurrence is not None:
            self._playing.stop(occurrence, now, reason)
        return occurrence

    def hurry(self, now: int) -> None:
        """Ask for a plan that is missing without waiting for its next turn."""
        if self._plan_due is not None:
            self._plan_due = now

    @property
    def is_plan_asked_for(self) -> bool:
        return self.is_plan_missing and self._plan_due is None

    @property
    def is_plan_missing(self) -> bool:
        pointer = self._pointer()
        return pointer is not None and not self._is_held(pointer)

    def wanted_plan(self) -> set[str]:
        """The plan that is named, while it is not here."""
        pointer = self._pointer()
        return {pointer.sha256} if pointer is not None and not self._is_held(pointer) else set()

    def advance(self, now: int) -> None:
        pointer = self._pointer()
        if pointer is not None and self._plan_due is not None and self._plan_due <= now:
            self._plan_due = None
            self._record.act(FetchPlan(pointer))

    def due_times(self) -> list[int]:
        return [] if self._plan_due is None else [self._plan_due]

    def listed(self) -> set[str]:
        """The ids that a document in force still names."""
        held = self._memory.plan.get("")
        planned = {item.id for item in held.plan.items} if held else set()
        return planned.union(*({a.item.id for a in doc.alerts} for doc in self._memory.alerts.values()))

    def _is_new(self, document: str, epoch: int, rev: int, now: int) -> bool:
        match self._ledger.compare(document, epoch, rev):
            case Revision.OLD:
                self._record.alarm(now, "replayed", f"{document} {epoch}.{rev}")
                return False
            case Revision.SAME:
                return False
        self._ledger.accept(document, epoch, rev)
        return True

    def _merge_plan(self, plan: Plan, now: int) -> None:
        named = {item.id for item in plan.items}

        def withdrawn(o: Occurrence) -> bool:
            if o.item.id in named:
                return False
            # A plan begins in the past: by a clock that is slow, what was over by then is still to come.
            over = o.state in WAITING and o.item.expires < plan.start
            return over or plan.start <= o.item.start < plan.end

        self._withdraw(PLAN, withdrawn, now)
        for item in plan.items:
            self._deck.put(item, PLAN, now)
        self._lay_to_rest(plan.items, now)

    def _merge_alerts(self, order: Alerts, now: int) -> None:
        named = {alert.item.id for alert in order.alerts}

        def withdrawn(o: Occurrence) -> bool:
            # The server leaves out what is over; only a tombstone cuts what sounds.
            return o.item.id not in named and o.state in WAITING

        self._withdraw(order.group, withdrawn, now)
        for alert in order.alerts:
            self._put_alert(alert, order.group, now)
        self._lay_to_rest((alert.item for alert in order.alerts), now)

    def _put_alert(self, alert: Alert, group: str, now: int) -> None:
        self._deck.put(alert.item, group, now, repeat=alert.repeat, gap_ms=alert.gap_ms)

    def _withdraw(self, source: str, withdrawn: Callable[[Occurrence], bool], now: int) -> None:
        for occurrence in self._deck.alive():
            if occurrence.source == source and withdrawn(occurrence):
                self._playing.stop(occurrence, now, "withdrawn")

    def _lay_to_rest(self, items: Iterable[Item], now: int) -> None:
        """End what arrives after its own cancellation (R3)."""
        for item in items:
            occurrence = self._deck.items[item.id]
            if self._ledger.is_buried(item.id) and occurrence.state in WAITING:
                self._deck.move(occurrence, ItemState.CANCELLED, now, "cancelled")

    def _regroup(self, left: set[str], now: int) -> None:
        for group in left:
            self._record.drop("alerts", group)
            self._withdraw(group, lambda _: True, now)
        self._record.act(Subscribe(self.groups))

    def _pointer(self) -> PlanPointer | None:
        desired = self._memory.desired.get("")
        return desired.plan if desired else None

    def _is_held(self, pointer: PlanPointer) -> bool:
        held = self._memory.plan.get("")
        return held is not None and held.sha256 == pointer.sha256

    def _note_have(self) -> None:
        desired = self._memory.desired[""]
        self._record.keep("revision", "have", (desired.epoch, desired.rev))
