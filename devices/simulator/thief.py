"""Somebody who has the broker password of a loudspeaker, but not its key: takes its place and tells lies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from devices.envelope import SigningKey, encode_report, seal
from devices.errors import LinkDown, LinkRefused
from devices.messages import ItemState, Journal, JournalEvent, State
from devices.speaker.identity import Identity
from devices.speaker.ports import Link, Message
from devices.topics import Topics

_PAUSE = 8.0  # seconds between two intrusions; each throws the true loudspeaker out
_STAYS = 1.0


class Thief:
    """Runs until cancelled; ``item`` names what it claims to have played."""

    def __init__(self, identity: Identity, link: Link, now_ms: Callable[[], int]) -> None:
        self._device = identity.device
        self._topics = Topics(identity.tenant)
        self._link = link
        self._now = now_ms
        self._key = SigningKey.generate()

    async def run(self) -> None:
        try:
            while True:
                with contextlib.suppress(LinkDown, LinkRefused):
                    await self._intrude()
                await asyncio.sleep(_PAUSE)
        finally:
            self._link.abort()

    async def _intrude(self) -> None:
        lie = State(
            device=self._device, online=True, boot="thief", session=1, at=self._now(), playing="thief"
        )
        state = Message(self._topics.state(self._device), encode_report(lie), retain=True)
        await self._link.connect(state, self._topics.device_reads(self._device, ()))
        await self._link.publish(state)
        await self._link.publish(Message(self._topics.evt(self._device), seal(self._forgery(), self._key)))
        await asyncio.sleep(_STAYS)
        await self._link.close()

    def _forgery(self) -> Journal:
        event = JournalEvent(
            seq=1, at=self._now(), event=ItemState.DONE.value, item="thief", played_ms=60_000, evidence=6
        )
        return Journal(device=self._device, boot="thief", events=(event,))
