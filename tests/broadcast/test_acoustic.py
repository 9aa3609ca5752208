"""jakarta_silent_tower: sound is proved by what a microphone heard, and the server alone judges that."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.evidence import acoustic
from broadcast.models import AsRun, Broadcast, BroadcastClip, Bulletin, Clip, JournalRow
from broadcast.storage import lease
from broadcast.storage.lease import Leadership
from broadcast.storage.library import CLIP, Library
from devices.acoustics.energies import energies
from devices.acoustics.match import LIKE, SECONDS
from devices.acoustics.room import Room
from devices.messages import Evidence
from devices.speaker.decode import decode
from devices.speaker.ports import RATE, Samples
from tts.normalise import read
from tts.synthesis import default_synthesiser
from tts.types import AudioClip, Script, Speech, Voice

TEXT = (
    "Trạm y tế xã tổ chức khám sức khỏe cho người cao tuổi vào sáng chủ nhật tuần này tại nhà văn hóa thôn. "
    "Các cụ mang theo thẻ bảo hiểm y tế và sổ khám bệnh cũ. Con cháu bố trí đưa đón các cụ."
)
OFFSET_MS = 3_000


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> AudioClip:
    synthesiser = default_synthesiser(tmp_path_factory.mktemp("cache"), engines=("espeak",))
    clip = synthesiser.render(Script((Speech(read(TEXT), Voice(engine="espeak")),)))
    synthesiser.close()
    return clip


@pytest.fixture(scope="module")
def sound(spoken: AudioClip, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    path = tmp_path_factory.mktemp("clip") / "clip.mp3"
    path.write_bytes(spoken.data)
    return decode(path)


@pytest.fixture
def library(tmp_path: Path, spoken: AudioClip) -> Library:
    library = Library(tmp_path / "library", reserve=0)
    library.put(spoken)
    return library


@pytest.fixture
def aired(stage: Any, spoken: AudioClip) -> Any:
    """A broadcast with real sound, and one loudspeaker that rendered it."""
    (box,) = stage.loudspeakers(1)
    bulletin = stage.bulletin(seconds=spoken.duration)
    stage.schedule("17:00", bulletin_ids=[bulletin])
    stage.plan()
    broadcast = stage.broadcasts()[0]
    stage.hear(box.journal(stage.now, *box.played(broadcast)))
    with stage.database.transaction() as session:
        session.scalars(select(Clip)).one().sha256 = spoken.sha256
    return box, broadcast


@pytest.fixture
def judge(stage: Any, library: Library) -> Callable[[], bool]:
    judges = acoustic.Judge(stage.database, library)

    def run() -> bool:
        with stage.database.transaction() as session:
            token = lease.acquire(session, "air", "me", stage.now, dt.timedelta(minutes=1))
        assert token is not None
        return judges.judge(Leadership("air", "me", token), stage.now)

    return run


def listened(stage: Any, box: Any, broadcast: Any, picture: bytes, offset_ms: int = OFFSET_MS) -> None:
    energies_ = base64.b64encode(picture).decode()
    event = box.event(stage.now, "heard", broadcast.occurrence, offset_ms=offset_ms, energies=energies_)
    stage.hear(box.journal(stage.now, event))


@pytest.fixture(scope="module")
def recorded(sound: Samples) -> Callable[[Room], bytes]:
    @functools.cache
    def hear(room: Room) -> bytes:
        begin = OFFSET_MS * RATE // 1000
        stretch = sound[begin - RATE : begin + SECONDS * RATE]
        return energies(room.hear(stretch, random.Random(3))[RATE:])

    return hear


def proof(stage: Any) -> tuple[int, float | None]:
    with stage.database.transaction(read_only=True) as session:
        row = session.scalars(select(AsRun)).one()
        return row.evidence, row.score


def test_a_horn_that_was_heard_is_proved_with_its_score(
    stage: Any, aired: Any, judge: Callable[[], bool], recorded: Callable[[Room], bytes]
) -> None:
    assert proof(stage) == (Evidence.RENDERED, None)
    listened(stage, *aired, recorded(Room()))
    assert judge() is False
    evidence, score = proof(stage)
    assert evidence == Evidence.ACOUSTIC
    assert score is not None
    assert score > 0.8


def test_a_village_is_judged_by_what_it_was_to_hear_and_not_by_what_others_heard(
    stage: Any, aired: Any, judge: Callable[[], bool], recorded: Callable[[Room], bytes]
) -> None:
    others = stage.bulletin("Chung")
    with stage.database.transaction() as session:
        spoken = session.scalars(select(Clip).order_by(Clip.id)).first()
        bulletin = session.get_one(Bulletin, others)
        own = BroadcastClip(position=1, clip_id=spoken.id, area_id=stage.cast.villages[0])
        broadcast = session.get_one(Broadcast, aired[1].id)
        broadcast.clips[0].clip_id = bulletin.current.clip_id
        broadcast.clips.append(own)
    listened(stage, *aired, recorded(Room()))
    judge()
    assert proof(stage)[0] == Evidence.ACOUSTIC


@pytest.mark.parametrize("room", [Room(horn_db=-math.inf), Room(horn_db=-math.inf, neighbour_m=100)])
def test_a_dead_horn_stays_at_what_was_rendered(
    stage: Any, aired: Any, judge: Callable[[], bool], recorded: Callable[[Room], bytes], room: Room
) -> None:
    listened(stage, *aired, recorded(room))
    judge()
    evidence, score = proof(stage)
    assert evidence == Evidence.RENDERED
    assert score is not None
    assert score < LIKE


@pytest.mark.parametrize("picture", [b"", b"\0" * 13, b"\7" * 1200], ids=["none", "odd", "flat"])
def test_a_picture_that_shows_nothing_scores_nothing_and_is_looked_at_once(
    stage: Any, aired: Any, judge: Callable[[], bool], picture: bytes
) -> None:
    listened(stage, *aired, picture)
    judge()
    assert proof(stage) == (Evidence.RENDERED, 0.0)
    with stage.database.transaction(read_only=True) as session:
        assert not session.scalars(
            select(JournalRow).where(JournalRow.event == "heard", JournalRow.score.is_(None))
        ).all()


def test_what_the_library_has_lost_proves_nothing(
    stage: Any, aired: Any, judge: Callable[[], bool], recorded: Callable[[Room], bytes], library: Library
) -> None:
    library.remove(next(library.root.glob("*/*.mp3")).stem, CLIP)
    listened(stage, *aired, recorded(Room()))
    judge()
    assert proof(stage) == (Evidence.RENDERED, 0.0)


def test_where_it_says_it_listened_is_where_it_is_compared(
    stage: Any, aired: Any, judge: Callable[[], bool], recorded: Callable[[Room], bytes]
) -> None:
    listened(stage, *aired, recorded(Room()), offset_ms=OFFSET_MS + 2_500)
    judge()
    assert proof(stage)[0] == Evidence.RENDERED
