"""The server's side of a conformance run: signs orders, offers files, confirms journals, keeps the books."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from devices.envelope import KeySet, SigningKey, encode_plan, seal
from devices.errors import LinkDown, Malformed
from devices.link_async import SpeakerLink
from devices.messages import (
    Ack,
    Action,
    Alert,
    Alerts,
    AllowedWindow,
    ClipRef,
    Command,
    Cursor,
    Desired,
    GuardPolicy,
    Item,
    Order,
    Plan,
    PlanPointer,
    State,
    TimeRequest,
    TimeResponse,
    Tombstone,
)
from devices.speaker.ports import Message
from devices.topics import Kind, Topics

from .books import Books
from .errors import Broken, Unreachable
from .files import FileServer
from .station import Station
from .verdicts import demand

PATIENCE = 10.0  # seconds for whatever a loudspeaker must do at once
_DAY = 24 * 3600_000
ALL_DAY = GuardPolicy(
    windows=(AllowedWindow(start="00:00", end="24:00"),), night_volume=100, minutes_a_day=1440
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One loudspeaker and how to reach it."""

    broker: str
    device: str
    tenant: str
    server_key: SigningKey = field(repr=False)
    device_key: str  # public, base64
    username: str = ""
    password: str = field(default="", repr=False)
    device_password: str = field(default="", repr=False)  # to take over its connection
    group: str = "conformance"
    http_host: str = "127.0.0.1"
    http_port: int = 0
    lead_s: float = 4.0  # from an order to its start: time to fetch and to decode
    tolerance_ms: int = 250  # of a start
    power_cycle: str = ""  # shell command that cuts the power and gives it back
    rotate_keys: bool = False
    wait_s: float = 30.0  # for the first sign of life
    alarms_within_s: float = 65.0  # from the beginning of the run: one of a kind a minute is enough


class Bench:
    """Everything a rule needs; made for one run."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.device = setup.device
        self.topics = Topics(setup.tenant)
        self.books = Books(setup.device, KeySet([setup.device_key]))
        self.files = FileServer(setup.http_host, setup.http_port)
        self.station = Station(self.files)
        self.epoch = int(time.time())  # grows from run to run
        self.confirming = True
        self._began = time.monotonic()
        self._rev = 0
        self._names = 0
        self._desired: Desired | None = None
        self._news = asyncio.Event()
        self._fresh_retained = 0
        self._link = SpeakerLink(
            setup.broker,
            setup.username,
            setup.password,
            client_id=f"conformance-{secrets.token_hex(4)}",
            clean_session=True,
        )
        self._reader: asyncio.Task[None] | None = None

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    # --- the connection ------------------------------------------------------

    async def open(self) -> None:
        """Connect, and wait until the loudspeaker shows itself. Raises LinkDown, LinkRefused, Unreachable."""
        reads = self.topics.device_writes(self.device)
        await self._link.connect(self._server_state(online=False), reads)
        self._reader = asyncio.create_task(self._read())
        await self.announce()
        try:
            await self.until(
                lambda: self.books.state is not None and self.books.state.online, "", self.setup.wait_s
            )
        except Broken:
            raise Unreachable(self.device) from None

    async def close(self) -> None:
        """Leave nothing behind on the broker."""
        with contextlib.suppress(LinkDown):
            for topic in (
                self.topics.alerts(self.setup.group),
                self.topics.desired(self.device),
                self.topics.cursor(self.device),
                self.topics.server_state,
            ):
                await self._link.publish(Message(topic, b"", retain=True))
        await self._link.close()
        if self._reader is not None:
            self._reader.cancel()
        self.station.close()
        self.files.close()

    async def announce(self) -> None:
        """The server is born: the loudspeaker tells everything again."""
        await self._link.publish(self._server_state(online=True))

    async def is_retained(self) -> bool:
        """Whether the broker keeps the loudspeaker's state for whoever comes later."""
        before = self._fresh_retained
        await self._link.subscribe([self.topics.state(self.device)])
        with contextlib.suppress(Broken):
            await self.until(lambda: self._fresh_retained > before, "", 5.0)
        return self._fresh_retained > before

    async def until(self, condition: Callable[[], object], why: str, within: float = PATIENCE) -> None:
        """Wait for what the loudspeaker says; raises Broken(why) when it does not come in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while not condition():
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                demand(condition(), why)

    async def wait_until(self, instant: int) -> None:
        """Let time pass until ``instant`` (UTC ms)."""
        await asyncio.sleep(max(0.0, (instant - self.now()) / 1000))

    # --- orders ----------------------------------------------------------------

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def soon(self, more_s: float = 0.0) -> int:
        """A start that leaves time to fetch and to decode."""
        return self.now() + round((self.setup.lead_s + more_s) * 1000)

    def name(self, word: str) -> str:
        """An id that no other run has used."""
        self._names += 1
        return f"ct{self.epoch}-{self._names}-{word}"

    def item(self, word: str, start: int, seconds: float = 1.0, **fields: Any) -> Item:
        clip: ClipRef = self.files.clip(seconds)
        basics = {"not_before": start, "expires": start + 60_000, "issued_at": self.now()}
        return Item(id=self.name(word), title=word, start=start, clips=(clip,), **(basics | fields))

    def desired(self, *items: Item, **fields: Any) -> Desired:
        """The next revision, with a plan of these items."""
        self._rev += 1
        now = self.now()
        body = encode_plan(Plan(start=now - _DAY, end=now + 7 * _DAY, items=items))
        sha256, url = self.files.put(body)
        pointer = PlanPointer(epoch=self.epoch, rev=self._rev, sha256=sha256, size=len(body), url=url)
        basics: dict[str, Any] = {
            "groups": (self.setup.group,),
            "policy": ALL_DAY,
            "plan": pointer,
            "heartbeat_s": 60,
        }
        order = Desired(
            device=self.device, epoch=self.epoch, rev=self._rev, issued_at=now, **(basics | fields)
        )
        self._desired = order
        return order

    async def program(self, *items: Item, **fields: Any) -> Desired:
        """Put a plan into force and wait until the loudspeaker has it."""
        order = self.desired(*items, **fields)
        await self.publish(self.topics.desired(self.device), order, retain=True)
        await self.has(order.rev)
        return order

    async def has(self, rev: int, within: float = 15.0) -> None:
        def taken() -> bool:
            state = self.books.state
            return state is not None and (state.have.epoch, state.have.rev) == (self.epoch, rev)

        await self.until(taken, f"bản {self.epoch}.{rev} của trạng thái mong muốn không có hiệu lực", within)

    async def alert(self, *items: Item, cancelled: tuple[str, ...] = ()) -> Alerts:
        """The next revision of the urgent announcements of the group."""
        self._rev += 1
        now = self.now()
        order = Alerts(
            group=self.setup.group,
            epoch=self.epoch,
            rev=self._rev,
            issued_at=now,
            alerts=tuple(Alert(item=item) for item in items),
            cancelled=tuple(Tombstone(id=name, at=now, until=now + _DAY) for name in cancelled),
        )
        await self.publish(self.topics.alerts(self.setup.group), order, retain=True)
        return order

    def command(self, action: Action, *items: str, valid_s: float = 30.0, **fields: Any) -> Command:
        now = self.now()
        basics: dict[str, Any] = {"target": self.device, "id": self.name(action)}
        basics |= {"issued_at": now, "expires_at": now + round(valid_s * 1000)}
        return Command(action=action, items=items, **(basics | fields))

    async def order(self, action: Action, *items: str, within: float = PATIENCE, **fields: Any) -> Ack:
        """Command the loudspeaker and wait for the answer."""
        command = self.command(action, *items, **fields)
        await self.send(command)
        return await self.answer(command, within)

    async def send(self, command: Command) -> None:
        own = command.target == self.device
        topic = self.topics.cmd(self.device) if own else self.topics.group_cmd(command.target)
        await self.publish(topic, command)

    async def answer(self, command: Command, within: float = PATIENCE) -> Ack:
        def answered() -> bool:
            return any(ack.stage != "received" for ack in self.books.answers(command.id))

        await self.until(answered, f"không có trả lời cho lệnh {command.action}", within)
        return next(ack for ack in self.books.answers(command.id) if ack.stage != "received")

    async def fence(self) -> None:
        """Whatever was sent before has been taken in once this command is answered."""
        ack = await self.order(Action.REPORT)
        demand(ack.stage == "done", f"lệnh report được trả lời {ack.stage}/{ack.code}")

    async def publish(self, topic: str, order: Order, *, retain: bool = False) -> None:
        await self._link.publish(Message(topic, seal(order, self.setup.server_key), retain))

    async def publish_raw(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await self._link.publish(Message(topic, payload, retain))

    # --- what comes back ---------------------------------------------------------

    async def _read(self) -> None:
        while True:
            message = await self._link.receive()
            with contextlib.suppress(Malformed):
                await self._take(self.topics.parse(message.topic).kind, message)
            self._news.set()

    async def _take(self, kind: Kind, message: Message) -> None:
        arrived_us = time.time_ns() // 1000
        if not message.payload:
            return
        report = self.books.take(kind, message.payload)
        if isinstance(report, State) and message.retain:
            self._fresh_retained += 1
        if isinstance(report, TimeRequest):
            await self._tell_time(report, arrived_us)
        if kind is Kind.EVT and self.confirming:
            await self.confirm()

    async def confirm(self) -> None:
        """Tell the loudspeaker up to where its journal is safe."""
        known = self.books.confirmable()
        if known is not None:
            cursor = Cursor(device=self.device, boot=known[0], seq=known[1], issued_at=self.now())
            await self.publish(self.topics.cursor(self.device), cursor, retain=True)

    async def _tell_time(self, request: TimeRequest, arrived_us: int) -> None:
        sent_us = time.time_ns() // 1000
        answer = TimeResponse(
            device=self.device, nonce=request.nonce, received_us=arrived_us, sent_us=sent_us
        )
        await self._link.publish(
            Message(self.topics.time(self.device), seal(answer, self.setup.server_key)), qos=0
        )

    def _server_state(self, *, online: bool) -> Message:
        body = {"online": online, "birth": f"conformance-{self.epoch}"}
        return Message(self.topics.server_state, json.dumps(body).encode(), retain=True)


def widened(order: Order) -> dict[str, Any]:
    """An order as a newer server would send it: with fields that nobody here knows, on every level."""
    wide: dict[str, Any] = _widen(msgspec.to_builtins(order))
    return wide


def _widen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _widen(part) for name, part in value.items()} | {"from_the_future": {"a": [1]}}
    if isinstance(value, list | tuple):
        return [_widen(part) for part in value]
    return value
