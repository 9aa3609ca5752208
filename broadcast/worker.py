"""The work that goes on by itself: speech is made by anyone, everything on the air by the one leader."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from schedules.clock import Clock, Ticks

from .authoring import recordings
from .authoring.rendering import render_next
from .care import key_watch, monitoring, retention, uptime, weekly_test
from .evidence import acoustic, closing, flood, swapped
from .joining import registry
from .orders import alerts, command_effects, standing
from .orders.outbox import Urgency
from .plans.dispatch import Dispatcher
from .plans.planner import NOTHING, Planner
from .storage import events, lease
from .storage.lease import Leadership, LeaseLost, fenced

if TYPE_CHECKING:
    from .bootstrap import System

log = logging.getLogger(__name__)

ROLES = frozenset({"render", "air"})
LEASE = "air"
LEASE_TTL = dt.timedelta(seconds=5)
SETTLING = dt.timedelta(minutes=3)  # after a connection, before silence means anything
RESTS = 10  # times as long as its last work the accounts of the broker are left alone
INSPECTED_EVERY = dt.timedelta(hours=1)
RETAINED_EVERY = dt.timedelta(days=1)
SECOND_LOOK = dt.timedelta(seconds=30)  # what is only on its way is there by then

Duty = Callable[[Leadership], bool]


class Worker:
    """The ticks of one process; any number of workers may share a database."""

    def __init__(
        self,
        system: System,
        roles: Collection[str] = ROLES,
        *,
        checkpoint: Callable[[str], None] = lambda name: None,  # noqa: ARG005
        ticks: Ticks | None = None,
    ) -> None:
        """``checkpoint`` hears the name of each step; ``ticks`` in place of this machine's clock."""
        self.name = f"{socket.gethostname()[:30]}.{os.getpid()}.{secrets.token_hex(3)}"
        self._system = system
        self._roles = roles
        self._clock: Ticks = ticks or Clock()
        self._leadership: Leadership | None = None
        self._connected_at: dt.datetime | None = None
        self._connections = 0
        self._tallied_at: dt.datetime | None = None
        self._published_for = 0  # the connection for which everything has been published
        self._inspect_at: dt.datetime | None = None  # None: at once
        self._retained_at: dt.datetime | None = None
        self._suspects = NOTHING
        self._checkpoint = checkpoint
        self._laggards = monitoring.Laggards()
        self._carried: standing.Carried = {}
        self._floods = flood.Watch(system.bounds)
        self._stopped = threading.Event()
        self._dispatcher = Dispatcher(
            system.database, system.link, system.wire, system.settings.plan_days, system.clock, checkpoint
        )
        self._acoustic = acoustic.Judge(system.database, system.library)
        self._accounts = 0
        self._accounts_rest_until: dt.datetime | None = None

    @property
    def leads(self) -> bool:
        return self._leadership is not None

    def start(self) -> None:
        """Begin to tick in the background."""
        if "render" in self._roles:
            self._clock.every(0.5, self._render, "render")
        if "air" in self._roles:
            self._clock.every(1.0, self._lead, "lead")
            for seconds, duty, name in (
                (5.0, self._plan, "plan"),
                (0.15, self._flush, "flush"),
                (0.2, self._store, "ingest"),
                (5.0, self._monitor, "monitor"),
                (2.0, self._judge, "judge"),
                (60.0, self._tally, "tally"),
                (600.0, self._care, "care"),
                (3600.0, self._prune, "prune"),
                (3600.0, self._retain, "retain"),
            ):
                self._clock.every(seconds, self._as_leader(duty), name)
        if self._system.broker is not None:
            self._clock.every(1.0, self._refresh_accounts, "accounts")
        self._clock.start()
        log.info("worker started", extra={"action": "worker_started", "worker": self.name})

    def stop(self) -> None:
        """Let running ticks finish, give the lease away and disconnect.

        A rendering is not finished but left to another worker: a recording of an hour takes minutes.
        """
        if self._stopped.is_set():
            return
        self._stopped.set()
        if "render" in self._roles:
            self._system.synthesiser.close()
        self._clock.stop()
        if self._leadership is not None:
            with self._system.database.transaction() as session:
                lease.release(session, LEASE, self._leadership.token, self._system.clock())
            self._step_down()
        log.info("worker stopped", extra={"action": "worker_stopped", "worker": self.name})

    def kick(self, tick: str = "plan") -> None:
        """Run a tick now instead of at its time; one that this worker does not have is no error."""
        if tick in self._clock.names:
            self._clock.kick(tick)

    # --- leading -------------------------------------------------------------

    def _lead(self) -> None:
        now = self._system.clock()
        with self._system.database.transaction() as session:
            lease.limit_idling(session)
            token = lease.acquire(session, LEASE, self.name, now, LEASE_TTL)
        if token is None:
            if self._leadership is not None:
                self._step_down()
            return
        if self._leadership is None:
            log.info("this worker leads", extra={"action": "lead", "worker": self.name, "token": token})
            self._system.link.start()
            self._clock.kick("plan")
        self._leadership = Leadership(LEASE, self.name, token)

    def _step_down(self) -> None:
        """Another leads, or nobody: leave the broker's account to them."""
        self._leadership = None
        self._published_for = 0
        self._tallied_at = self._inspect_at = None
        self._system.link.stop()
        self._system.inbox.forget()
        log.info("this worker leads no more", extra={"action": "step_down", "worker": self.name})

    def _as_leader(self, duty: Duty) -> Callable[[], bool]:
        def tick() -> bool:
            leadership = self._leadership
            if leadership is None:
                return False
            try:
                return duty(leadership)
            except LeaseLost:
                log.warning("a tick came too late to lead", extra={"action": "fenced", "worker": self.name})
                return False

        return tick

    # --- the duties ----------------------------------------------------------

    def _render(self) -> bool:
        system = self._system
        return render_next(system.database, system.library, system.synthesiser, self.name, system.clock)

    def _plan(self, leadership: Leadership) -> bool:
        """One transaction: whoever sees a new broadcast also sees the plan that contains it."""
        system, now = self._system, self._system.clock()
        connection = system.link.connections
        anew = system.link.connected and connection != self._published_for
        with fenced(system.database, leadership, now) as session:
            late = self._laggards.find(session, now)
            self._planner(session, now).plan(again=late, everyone=anew)
            if anew:
                alerts.republish(session, system.wire, now)
        self._checkpoint("planned")
        if self._inspect_at is None or now >= self._inspect_at:
            self._inspect(leadership, now)
        if anew:
            self._published_for = connection
        return False

    def _inspect(self, leadership: Leadership, now: dt.datetime) -> None:
        """Compare everything with a plan from scratch, while others write; mend what differs twice."""
        with self._system.database.transaction(read_only=True) as session:
            found = self._planner(session, now).inspect()
        confirmed = found & self._suspects
        if confirmed:
            with fenced(self._system.database, leadership, now) as session:
                self._planner(session, now).plan(suspects=confirmed)
        self._suspects = NOTHING if confirmed else found
        self._inspect_at = now + (SECOND_LOOK if self._suspects else INSPECTED_EVERY)

    def _planner(self, session: Session, now: dt.datetime) -> Planner:
        return Planner(session, self._system.wire, now, self._system.settings.plan_days, self._checkpoint)

    def _flush(self, leadership: Leadership) -> bool:
        link = self._system.link
        if link.connected and link.connections != self._connections:
            # The broker may have been restarted without its memory: everything retained goes out again.
            self._connections, self._connected_at = link.connections, self._system.clock()
            self._clock.kick("plan")
        # What waits since before the connection may be a plan with what was withdrawn since: plan anew first.
        fresh = self._published_for == link.connections
        return self._dispatcher.flush(leadership, upto=Urgency.CURSOR if fresh else Urgency.COMMAND)

    def _store(self, leadership: Leadership) -> bool:
        return self._system.inbox.store(leadership)

    def _monitor(self, leadership: Leadership) -> bool:
        system, now = self._system, self._system.clock()
        with fenced(system.database, leadership, now) as session:
            closing.close_over(session, system.wire, now)
            command_effects.expire(session, now)
            carried = standing.mark(session, now, self._carried)
            swapped.settle(session, now)
            self._floods.look(session, now)
            if self._settled(now):
                monitoring.watch(session, now, self._heartbeat)
        self._carried = carried
        return False

    def _tally(self, leadership: Leadership) -> bool:
        """While the server hears nobody, nobody is counted as away."""
        now, since = self._system.clock(), self._tallied_at
        self._tallied_at = now if self._settled(now) else None
        if since is not None and self._tallied_at is not None:
            with fenced(self._system.database, leadership, now) as session:
                uptime.tick(session, since, now, self._heartbeat)
        return False

    def _settled(self, now: dt.datetime) -> bool:
        """Whether silence means anything."""
        since = self._connected_at
        return self._system.link.connected and since is not None and now - since > SETTLING

    @property
    def _heartbeat(self) -> dt.timedelta:
        return dt.timedelta(seconds=self._system.settings.heartbeat_s)

    def _judge(self, leadership: Leadership) -> bool:
        return self._acoustic.judge(leadership, self._system.clock())

    def _care(self, leadership: Leadership) -> bool:
        """What has days of time: keys that end, and the weekly test of whether orders still count."""
        system, now = self._system, self._system.clock()
        with fenced(system.database, leadership, now) as session:
            key_watch.watch(session, system.wire.keys.current, now)
            weekly_test.order_if_due(session, system.wire, now)
            weekly_test.judge(session, now)
        return False

    def _prune(self, leadership: Leadership) -> bool:
        now = self._system.clock()
        with fenced(self._system.database, leadership, now) as session:
            events.prune(session, now - events.KEPT)
            recordings.prune(session, self._system.library, now)
        self._system.uploads.prune(now.timestamp())
        return False

    def _retain(self, leadership: Leadership) -> bool:
        """Once a day what units keep no longer, a batch a transaction: nobody waits for it."""
        now = self._system.clock()
        if self._retained_at is not None and now - self._retained_at < RETAINED_EVERY:
            return False
        with fenced(self._system.database, leadership, now) as session:
            deleted = retention.run(session, self._system.library, now)
        if not deleted.more:
            self._retained_at = now
        return deleted.more

    def _refresh_accounts(self) -> None:
        """New loudspeakers may connect, retired ones may not any more.

        The broker reads all accounts anew each time: while a province is entered it gets a tenth of the time.
        """
        began = self._system.clock()
        if self._accounts_rest_until is not None and began < self._accounts_rest_until:
            return
        with self._system.database.transaction(read_only=True) as session:
            revision = registry.accounts_revision(session, self._accounts)
            if revision == self._accounts:
                return
        self._system.refresh_accounts()
        self._accounts = revision
        now = self._system.clock()
        self._accounts_rest_until = now + RESTS * (now - began)
