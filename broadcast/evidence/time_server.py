"""Answers loudspeakers that ask for the time, at once where the question comes in: late answers say less."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from broadcast.orders.outbox import Wire
from devices.envelope import open_report, seal
from devices.errors import OrderRejected
from devices.link import Inbound
from devices.messages import TimeRequest, TimeResponse
from devices.speaker.ports import Message
from devices.topics import Kind

log = logging.getLogger(__name__)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class TimeServer:
    """Called in the network's thread; touches no database."""

    def __init__(self, wire: Wire, clock: Callable[[], dt.datetime]) -> None:
        self._wire = wire
        self._clock = clock

    def reply(self, inbound: Inbound) -> Message | None:
        """The signed answer; None for what is no question, or not one of that loudspeaker."""
        if not inbound.topic.endswith(Kind.TIME_REQ):
            return None
        try:
            kind, device = self._wire.topics.parse(inbound.topic)
            request = open_report(inbound.payload, None) if kind is Kind.TIME_REQ else None
        except OrderRejected as error:
            log.debug("not a question for the time: %s", error, extra={"action": "time_request_refused"})
            return None
        if not isinstance(request, TimeRequest) or request.device != device or not request.nonce:
            return None
        response = TimeResponse(
            device=device,
            nonce=request.nonce[:64],
            received_us=(inbound.received_at - _EPOCH) // _MICROSECOND,
            sent_us=(self._clock() - _EPOCH) // _MICROSECOND,
        )
        return Message(self._wire.topics.time(device), seal(response, *self._wire.keys.current.signers))
