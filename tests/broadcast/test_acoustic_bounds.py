"""What a hostile loudspeaker says it heard costs the server no more than honest hearing does."""

from __future__ import annotations

import base64
import datetime as dt
import io
import random
import resource
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.evidence import acoustic
from broadcast.models import Clip, JournalRow
from broadcast.storage import lease
from broadcast.storage.lease import Leadership
from broadcast.storage.library import CLIP, Library

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PICTURE = base64.b64encode(bytes(range(120)) * 10).decode()
FAR_MS = 200_000_000  # two days: 6 GB of silence, were it made


@pytest.fixture(scope="module")
def sound() -> bytes:
    """Ten seconds of noise in a file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(random.Random(1).randbytes(960_000))
    return file.getvalue()


@pytest.fixture
def little_room() -> Iterator[None]:
    """What the process may take; a picture out of bounds would need more."""
    size = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size + 2_000_000_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@dataclass
class Ears:
    """A loudspeaker with a microphone, a broadcast that it rendered, and who judges what it heard."""

    stage: Any
    box: Any
    occurrence: str
    judges: acoustic.Judge

    def hear(self, count: int = 1) -> None:
        more = {"offset_ms": 0, "energies": PICTURE}
        events = [self.box.event(self.stage.now, "heard", self.occurrence, **more) for _ in range(count)]
        self.stage.hear(self.box.journal(self.stage.now, *events))

    def judge(self) -> list[float | None]:
        with self.stage.database.transaction() as session:
            token = lease.acquire(session, "air", "me", self.stage.now, dt.timedelta(minutes=1))
        assert token is not None
        while self.judges.judge(Leadership("air", "me", token), self.stage.now):
            pass
        with self.stage.database.transaction(read_only=True) as session:
            scores = select(JournalRow.score).where(JournalRow.event == "heard")
            return list(session.scalars(scores.order_by(JournalRow.id)))


@pytest.fixture
def ears(stage: Any, tmp_path: Path, sound: bytes) -> Ears:
    library = Library(tmp_path / "library", reserve=0)
    [box] = stage.loudspeakers(1)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin()])
    stage.plan()
    broadcast = stage.broadcasts()[0]
    stage.hear(box.journal(stage.now, *box.played(broadcast)))
    with stage.database.transaction() as session:
        session.scalars(select(Clip)).one().sha256 = library.keep(sound, CLIP)
    return Ears(stage, box, broadcast.occurrence, acoustic.Judge(stage.database, library))


@pytest.mark.parametrize("offset_ms", [FAR_MS, -FAR_MS, 2**53, -(2**53)])
@pytest.mark.usefixtures("little_room")
def test_a_place_far_outside_of_the_item_scores_nothing_and_stops_no_other(
    ears: Ears, offset_ms: int
) -> None:
    ears.hear()
    with ears.stage.database.transaction() as session:
        row = session.scalars(select(JournalRow).where(JournalRow.event == "heard")).one()
        row.body = {**row.body, "offset_ms": offset_ms}
    assert ears.judge() == [0.0]


def test_an_item_that_was_heard_again_and_again_is_looked_at_a_few_times(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, compare = [], acoustic.match
    monkeypatch.setattr(acoustic, "match", lambda *given: (looked.append(given), compare(*given))[1])
    ears.hear(3)
    assert None not in ears.judge()
    ears.hear(60)
    scores = ears.judge()
    assert len(looked) == acoustic.MOST_LOOKS
    assert set(scores[acoustic.MOST_LOOKS :]) == {0.0}
    assert None not in scores


@pytest.mark.parametrize(
    "said",
    [
        {"offset_ms": -1},
        {"offset_ms": 2**53},
        {"energies": "A" * 5_000},
        {"energies": "AAAA\0"},
        {"reason": "x" * 20_000},
    ],
    ids=["before", "beyond", "large", "null", "long"],
)
def test_what_no_honest_loudspeaker_writes_is_refused(stage: Any, said: dict[str, Any]) -> None:
    [box] = stage.loudspeakers(1)
    stage.hear(box.state(stage.now))
    event = box.event(stage.now, "heard", "s1.a", **said)
    assert stage.hear(box.journal(stage.now, event)).refused == 1
