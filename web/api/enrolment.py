"""What boxes ask over HTTP: to be enrolled, what became of it, and to have their key replaced.

Nobody is signed in here. A new box is known by a secret name that it alone was told, a loudspeaker
by its signature; both are asked for slowly by whoever does not know them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import segno
from flask import Blueprint, Response, request

from broadcast.enrolment_errors import ClaimGone
from broadcast.errors import DomainError
from broadcast.joining import enrolment, rekeying
from broadcast.orders.outbox import Wire
from broadcast.storage.moments import to_ms
from devices.enrolment import Ask, Granted, NewKey, Waiting
from devices.envelope import seal
from web.edge import no_session
from web.errors import status_of
from web.throttle import Throttle, household

if TYPE_CHECKING:
    from broadcast.bootstrap import System

LARGEST: Final = 8_192  # bytes: a key, its proof and its seal fit many times over
POLL_S: Final = 5  # how often a box that waits should ask
# Boxes on the mobile network share an address with hundreds of others.
ASKS: Final = (30, 900.0)
POLLS: Final = (3_000, 900.0)
KEYS: Final = (300, 900.0)


def create_enrolment(system: System) -> Blueprint:
    """The three questions over this system."""
    api = Blueprint("enrolment_api", __name__, url_prefix="/api")
    asks, polls, keys = Throttle(*ASKS), Throttle(*POLLS), Throttle(*KEYS)

    def allowed(throttle: Throttle) -> None:
        request.max_content_length = LARGEST
        address, at = household(request.remote_addr or ""), system.clock().timestamp()
        wait = throttle.wait_s(address, at)
        if wait:
            raise _TooOftenError(wait)
        throttle.count(address, at)

    @api.post("/enrol")
    @no_session
    def ask() -> Response:
        allowed(asks)
        wanted = msgspec.json.decode(request.get_data(cache=False), type=Ask)
        with system.database.transaction() as session:
            asked = enrolment.ask(session, wanted, system.clock())
        url = f"{system.wire.public_url}/loudspeakers/claim/{asked.code}"
        answer = Waiting(
            claim=asked.code,
            poll=asked.poll,
            expires_at=to_ms(asked.expires_at),
            server_keys=system.wire.keys.current.public,
            url=url,
            qr=tuple("".join("01"[cell] for cell in row) for row in segno.make_qr(url, error="m").matrix),
        )
        return _answer(answer, 201)

    @api.get("/enrol/<poll>")
    @no_session
    def poll(poll: str) -> Response:
        allowed(polls)
        with system.database.transaction(read_only=True) as session:  # whoever waits or guesses blocks nobody
            if enrolment.is_waiting(session, poll, system.clock()):
                return _answer({"state": "waiting"}, 202, retry_s=POLL_S)
        with system.database.transaction() as session:
            granted = enrolment.collect(session, poll, wire=system.wire, now=system.clock())
        if granted is None:
            return _answer({"state": "waiting"}, 202, retry_s=POLL_S)
        system.kick("accounts")
        return _sealed(granted, system.wire)

    @api.post("/speakers/<device>/key")
    @no_session
    def replace_key(device: str) -> Response:
        allowed(keys)
        body = request.get_data(cache=False)
        with system.database.transaction() as session:
            made = rekeying.replace_key(session, device, body, system.clock())
        system.kick("accounts")
        return _sealed(made, system.wire)

    api.register_error_handler(DomainError, _refuse)
    for unreadable in (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        api.register_error_handler(unreadable, lambda _: _error("invalid_input", 422))
    api.register_error_handler(_TooOftenError, lambda error: _error("too_often", 429, error.wait_s))
    return api


class _TooOftenError(Exception):
    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


def _refuse(error: DomainError) -> Response:
    """A machine reads the code; which of several reasons it was is in the log of the server alone."""
    status = 410 if isinstance(error, ClaimGone) else status_of(error)
    return _error(error.code, status, POLL_S if status == 503 else 0)


def _error(code: str, status: int, retry_s: int = 0) -> Response:
    return _answer({"error": {"code": code}}, status, retry_s)


def _sealed(value: NewKey | Granted, wire: Wire) -> Response:
    """What a box stakes its identity on; whoever is on the way can read it, and change nothing."""
    return _respond(seal(value, *wire.keys.current.signers), 200)


def _answer(value: object, status: int, retry_s: int = 0) -> Response:
    return _respond(msgspec.json.encode(value), status, retry_s)


def _respond(body: bytes, status: int, retry_s: int = 0) -> Response:
    answer = Response(body, status, mimetype="application/json")
    answer.cache_control.no_store = True
    if retry_s:
        answer.headers["Retry-After"] = str(retry_s)
    return answer
