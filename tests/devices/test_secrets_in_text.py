"""No text of a value that travels while a box is enrolled holds what opens something."""

from __future__ import annotations

import pytest

from devices.enrolment import Granted, NewKey, Waiting
from devices.speaker.asking import Answer
from devices.speaker.enrol import Pending
from devices.speaker.identity import Identity

WAITING = Waiting(claim="HX4Q-7KMT", poll="SECRET", expires_at=1)


@pytest.mark.parametrize(
    "value",
    [
        WAITING,
        Granted(
            public_key="key",
            device="loa",
            tenant="xa",
            broker="mqtt://x",
            password="SECRET",
            server_keys=(),
        ),
        NewKey(device="d", request="r", password="SECRET", key_expires=1),
        Pending(server="https://x", private_key="SECRET", waiting=WAITING),
        Answer(200, b"SECRET"),
        Identity(
            device="loa",
            tenant="xa",
            broker="mqtt://x",
            password="SECRET",
            private_key="SECRET",
            server_keys=(),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_text_of_a_value_tells_no_secret(value: object) -> None:
    assert "SECRET" not in f"{value} {value!r}"
