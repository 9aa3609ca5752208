"""The live stream: one reader of the events table per process feeds every open page.

A stream holds one thread of the web server, so their number is capped at half of the
threads; a page that gets 503 asks again on its own every quarter of a minute instead.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Blueprint, Flask, Response, current_app, g, request

from broadcast.errors import DomainError, Unavailable
from broadcast.models import Event
from broadcast.storage import events
from broadcast.storage.database import Database
from broadcast.units import permissions

from .auth import current_person, signed_in

log = logging.getLogger(__name__)

TICK_S = 0.4  # between two looks at the events table
HEARTBEAT_S = 15.0
LONGEST_S = 600.0  # then the page connects again: rights and sessions are looked at anew
BATCH = 200
PER_PERSON = 4  # open tabs; the oldest gives way

blueprint = Blueprint("live", __name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the stream."""

    id: int
    kind: str
    area_id: int | None
    subject: int | None

    def encode(self) -> str:
        body = json.dumps({"kind": self.kind, "subject": self.subject})
        return f"id: {self.id}\ndata: {body}\n\n"


@dataclass(eq=False, slots=True)
class Stream:
    """One open page: what it may see and what waits to be sent to it; None ends it."""

    person_id: int
    areas: frozenset[int]
    waiting: queue.SimpleQueue[Change | None] = field(default_factory=queue.SimpleQueue)

    def sees(self, change: Change) -> bool:
        return change.area_id is None or change.area_id in self.areas


class Feed:
    """Reads new events while any stream is open and hands each to the streams that may see it."""

    def __init__(self, database: Database, capacity: int) -> None:
        self._database = database
        self._capacity = capacity
        self._streams: list[Stream] = []
        self._lock = threading.Lock()
        self._reader: threading.Thread | None = None
        self._shut = threading.Event()
        self._last = 0

    def open(self, stream: Stream) -> None:
        """Errors: Unavailable when as many streams as allowed are open."""
        with self._lock:
            own = [each for each in self._streams if each.person_id == stream.person_id]
            if len(own) >= PER_PERSON:
                own[0].waiting.put(None)
                self._streams.remove(own[0])
            if len(self._streams) >= self._capacity:
                raise Unavailable()
            self._streams.append(stream)
            if self._reader is None:
                self._last = self._newest()
                self._reader = threading.Thread(target=self._read, name="live-feed", daemon=True)
                self._reader.start()

    def close(self, stream: Stream) -> None:
        with self._lock:
            if stream in self._streams:
                self._streams.remove(stream)

    def shut(self) -> None:
        """End every stream and the reader, for an orderly stop of the server."""
        with self._lock:
            for stream in self._streams:
                stream.waiting.put(None)
            self._streams.clear()
            reader = self._reader
        self._shut.set()
        if reader is not None:
            reader.join(HEARTBEAT_S)

    def missed(self, stream: Stream, after_id: int) -> list[Change]:
        """What happened while the page was not connected."""
        with self._database.transaction(read_only=True) as session:
            return [_change(event) for event in events.since(session, after_id, stream.areas, BATCH)]

    def _newest(self) -> int:
        with self._database.transaction(read_only=True) as session:
            return events.last_id(session)

    def _read(self) -> None:
        while True:
            with self._lock:
                if not self._streams:
                    self._reader = None
                    return
                streams = tuple(self._streams)
            try:
                self._hand_out(streams)
            except DomainError:
                log.exception("The live feed could not read events", extra={"action": "live.read"})
                self._shut.wait(HEARTBEAT_S / 5)
            self._shut.wait(TICK_S)

    def _hand_out(self, streams: tuple[Stream, ...]) -> None:
        with self._database.transaction(read_only=True) as session:
            changes = [_change(event) for event in events.since(session, self._last, None, BATCH)]
        for change in changes:
            self._last = change.id
            for stream in streams:
                if stream.sees(change):
                    stream.waiting.put(change)


def _change(event: Event) -> Change:
    return Change(event.id, event.kind, event.area_id, event.subject)


def install(app: Flask, database: Database, threads: int) -> None:
    app.extensions["live_feed"] = Feed(database, max(2, threads // 2))
    app.add_template_global(live_after)
    app.register_blueprint(blueprint)


@blueprint.get("/live")
@signed_in
def stream() -> Response:
    feed: Feed = current_app.extensions["live_feed"]
    person = current_person()
    mine = Stream(person.id, frozenset(permissions.visible_areas(g.session, person)))
    feed.open(mine)
    answer = Response(_send(feed, mine, _last_seen()), mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(lambda: feed.close(mine))
    return answer


def live_after() -> int:
    """Where a page that is made now starts to listen, so that nothing falls between page and stream."""
    return events.last_id(g.session) if "unit" in g else 0


def _last_seen() -> int | None:
    text = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _send(feed: Feed, mine: Stream, after_id: int | None) -> Iterator[str]:
    ends = time.monotonic() + LONGEST_S
    yield "retry: 3000\n\n"
    told = 0  # what happens just now is missed and waits as well
    for change in feed.missed(mine, after_id) if after_id is not None else ():
        told = change.id
        yield change.encode()
    while time.monotonic() < ends:
        try:
            waited = mine.waiting.get(timeout=HEARTBEAT_S)
        except queue.Empty:
            yield ": still here\n\n"
            continue
        if waited is None:
            return
        if waited.id > told:
            yield waited.encode()
