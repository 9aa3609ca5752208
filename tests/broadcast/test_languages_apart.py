"""Languages of a bulletin as clips of their own: from the rendering, under its approval, to the plan."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins, rendering
from broadcast.authoring.content import PartContent
from broadcast.care import retention
from broadcast.models import Bulletin, BulletinState, BulletinVersion, Clip, VersionCut
from broadcast.plans.planner import NOTHING
from broadcast.scheduling import programme, sittings
from broadcast.storage.library import CLIP, Library
from broadcast.units import policies
from schedules.slots import Entry, Kind, Reason, Slot
from schedules.types import Frequency, Rule
from tests.broadcast.slot_stage import FLOW, MINUTE, hold, inspect, make_slot, plans
from tts.engines.espeak import EspeakEngine
from tts.synthesis import Synthesiser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ENGLISH = PartContent("en", title="Power cut", text="No power tomorrow from seven.")
FRENCH = PartContent("fr", text="Pas de courant demain.")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library", reserve=0)


@pytest.fixture(scope="module")
def synthesiser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesiser]:
    """What was said once is taken from the cache by all tests."""
    made = Synthesiser([EspeakEngine(children=1)], tmp_path_factory.mktemp("speech"), workers=1)
    with contextlib.closing(made):
        yield made


@pytest.fixture
def render(stage: Any, library: Library, synthesiser: Synthesiser) -> Callable[[], bool]:
    return lambda: rendering.render_next(stage.database, library, synthesiser, "w1", lambda: stage.now)


def write(stage: Any, *parts: PartContent, **more: Any) -> int:
    words: dict[str, Any] = {
        "title": "Cúp điện",
        "text": "Mai cúp điện từ bảy giờ.",
        "closing": "Hết bản tin.",
        **more,
    }
    with stage.database.transaction() as session:
        given = {"area_id": stage.cast.commune, "parts": parts, "now": stage.now, **words}
        return bulletins.create(session, stage.cast.lan, **given).id


def approve(stage: Any, bulletin_id: int) -> None:
    with stage.database.transaction() as session:
        bulletins.submit(session, stage.cast.lan, bulletin_id, now=stage.now)
        version = session.get_one(Bulletin, bulletin_id).current
        hashes = {"text_sha256": version.text_sha256, "audio_sha256": version.clip.sha256}
        bulletins.approve(
            session, stage.cast.binh, bulletin_id, version=version.number, now=stage.now, **hashes
        )


def again(stage: Any, bulletin_id: int) -> None:
    with stage.database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        rendering.request(session, version, stage.now, again=True)


def state(stage: Any, bulletin_id: int) -> BulletinState:
    with stage.database.transaction(read_only=True) as session:
        return BulletinState(session.get_one(Bulletin, bulletin_id).state)


def whole(stage: Any, bulletin_id: int) -> Clip:
    with stage.database.transaction(read_only=True) as session:
        clip: Clip | None = session.get_one(Bulletin, bulletin_id).current.clip
        assert clip is not None
        return clip


def cuts(stage: Any, bulletin_id: int) -> list[tuple[str, str, int]]:
    """Language, hash and length, as they stand in the clip."""
    with stage.database.transaction(read_only=True) as session:
        found = session.get_one(Bulletin, bulletin_id).current.cuts
        return [(each.language, each.clip.sha256, each.clip.duration_ms) for each in found]


def test_every_frame_of_the_clip_is_in_one_language_or_around_them(
    stage: Any, library: Library, render: Callable[[], bool]
) -> None:
    bulletin_id = write(stage, ENGLISH, FRENCH, opening="Đây là đài xã.")
    assert render()
    found, clip = cuts(stage, bulletin_id), whole(stage, bulletin_id)
    assert [language for language, _, _ in found] == ["", "vi", "en", "fr", ""]
    files = [library.path(sha256, verify=True).read_bytes() for _, sha256, _ in found]
    assert b"".join(files) == library.path(clip.sha256).read_bytes()
    assert sum(length for _, _, length in found) == clip.duration_ms


def test_one_language_is_not_cut(stage: Any, render: Callable[[], bool]) -> None:
    plain = write(stage)
    both = write(stage, PartContent("vi", text="Nhắc lại, mai cúp điện."), opening="")
    assert all([render(), render()])
    assert (cuts(stage, plain), cuts(stage, both)) == ([], [])


def test_read_twice_each_language_is_said_twice_and_nothing_is_lost(
    stage: Any, library: Library, render: Callable[[], bool]
) -> None:
    bulletin_id = write(stage, ENGLISH, repeats=2)
    assert render()
    found, clip = cuts(stage, bulletin_id), whole(stage, bulletin_id)
    assert sum(length for _, _, length in found) == clip.duration_ms
    assert sum(library.path(sha256).stat().st_size for _, sha256, _ in found) == clip.size


def test_what_was_made_before_is_cut_as_it_was(
    stage: Any, library: Library, render: Callable[[], bool]
) -> None:
    first = write(stage, ENGLISH)
    assert render()
    second = write(stage, ENGLISH)
    assert render()
    assert cuts(stage, first) == cuts(stage, second) != []
    library.remove(cuts(stage, first)[1][1], CLIP)
    third = write(stage, ENGLISH)
    assert render()
    assert cuts(stage, third) == cuts(stage, first)
    assert library.exists(cuts(stage, first)[1][1])


def test_an_approval_is_bound_to_the_languages_apart_as_to_the_whole(
    stage: Any, render: Callable[[], bool]
) -> None:
    bulletin_id = write(stage, ENGLISH)
    assert render()
    approve(stage, bulletin_id)
    with stage.database.transaction() as session:
        bulletin = session.get_one(Bulletin, bulletin_id)
        assert bulletins.approved_version(session, bulletin) is bulletin.current
        cut = session.scalars(select(VersionCut).where(VersionCut.language == "en")).one()
        cut.language = "vi-x"
        session.flush()
        assert bulletins.approved_version(session, bulletin) is None
        cut.language = "en"
        session.delete(cut)
        session.flush()
        session.expire_all()
        assert bulletins.approved_version(session, bulletin) is None


def test_made_again_with_the_same_sound_and_the_same_cuts_it_stays_approved(
    stage: Any, render: Callable[[], bool]
) -> None:
    bulletin_id = write(stage, ENGLISH)
    assert render()
    before = cuts(stage, bulletin_id)
    approve(stage, bulletin_id)
    again(stage, bulletin_id)
    assert render()
    assert (state(stage, bulletin_id), cuts(stage, bulletin_id)) == (BulletinState.APPROVED, before)


def test_one_approved_before_there_were_cuts_stays_approved_when_they_come(
    stage: Any, render: Callable[[], bool]
) -> None:
    """They are frames of the very audio that was heard."""
    bulletin_id = write(stage, ENGLISH)
    assert render()
    approve(stage, bulletin_id)
    with stage.database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        version.cuts.clear()
        [decision] = bulletins.decisions(session, session.get_one(Bulletin, bulletin_id))
        decision.cuts_sha256 = None
    again(stage, bulletin_id)
    assert render()
    assert state(stage, bulletin_id) is BulletinState.APPROVED
    assert len(cuts(stage, bulletin_id)) == 4


def test_other_words_in_one_language_void_the_approval_and_cut_anew(
    stage: Any, render: Callable[[], bool]
) -> None:
    bulletin_id = write(stage, ENGLISH)
    assert render()
    before = cuts(stage, bulletin_id)
    approve(stage, bulletin_id)
    changed = (PartContent("en", title="Power cut", text="No power tomorrow from nine."),)
    with stage.database.transaction() as session:
        bulletins.edit(session, stage.cast.lan, bulletin_id, expected_version=1, parts=changed, now=stage.now)
    assert (state(stage, bulletin_id), cuts(stage, bulletin_id)) == (BulletinState.DRAFT, [])
    assert render()
    after = cuts(stage, bulletin_id)
    assert (after[:2], len(after)) == (before[:2], 4)  # what comes later may end a frame earlier or later
    assert after[2] != before[2]


def test_audio_that_is_to_be_made_anew_has_no_languages_either(
    stage: Any, render: Callable[[], bool]
) -> None:
    bulletin_id = write(stage, ENGLISH)
    assert render()
    with stage.database.transaction() as session:
        rendering.renew(session, [session.get_one(Bulletin, bulletin_id)])
        assert session.get_one(Bulletin, bulletin_id).current.cuts == []


def test_the_plan_of_a_loudspeaker_holds_the_languages_in_the_order_of_the_slot(
    stage: Any, library: Library, render: Callable[[], bool]
) -> None:
    stage.loudspeakers(1)
    several, one = write(stage, ENGLISH, FRENCH), write(stage, title="Họp thôn", text="Mời bà con.")
    assert all([render(), render()])
    approve(stage, several)
    approve(stage, one)
    make_slot(stage, order=[several, one], languages=("fr", "vi"))
    stage.plan()
    [items] = plans(stage).values()
    before, vietnamese, _english, french, after = (sha256 for _, sha256, _ in cuts(stage, several))
    alone = whole(stage, one)
    planned = items[0].clips
    assert [each.sha256 for each in planned] == [before, french, vietnamese, after, alone.sha256]
    for each in planned:
        body = library.path(each.sha256).read_bytes()
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (each.sha256, each.size)
        assert each.url.endswith(f"/{each.sha256}.mp3")
    said = [length for language, _, length in cuts(stage, several) if language != "en"]
    assert items[0].duration_ms == sum(said) + alone.duration_ms
    [broadcast] = [each for each in stage.broadcasts() if each.occurrence == items[0].id]
    assert broadcast.duration_ms == items[0].duration_ms
    assert inspect(stage) == NOTHING


def test_in_all_its_languages_and_its_own_order_the_whole_clip_is_played(
    stage: Any, render: Callable[[], bool]
) -> None:
    stage.loudspeakers(1)
    bulletin_id = write(stage, ENGLISH)
    assert render()
    approve(stage, bulletin_id)
    make_slot(stage, order=[bulletin_id], languages=("fr", "vi", "en"))
    stage.plan()
    [items] = plans(stage).values()
    assert [each.sha256 for each in items[0].clips] == [whole(stage, bulletin_id).sha256]


def test_another_order_of_the_languages_is_planned_anew(stage: Any, render: Callable[[], bool]) -> None:
    stage.loudspeakers(1)
    bulletin_id = write(stage, ENGLISH)
    assert render()
    approve(stage, bulletin_id)
    schedule_id = make_slot(stage, order=[bulletin_id])
    stage.plan()
    with stage.database.transaction() as session:
        turned = Slot(30 * MINUTE, (FLOW,), ("en", "vi"))
        programme.change_schedule(
            session, stage.cast.lan, schedule_id, slot=turned, now=stage.now, wire=stage.wire
        )
    assert stage.plan() == 1
    [items] = plans(stage).values()
    before, vietnamese, english, after = (sha256 for _, sha256, _ in cuts(stage, bulletin_id))
    assert [each.sha256 for each in items[0].clips] == [before, english, vietnamese, after]


def test_what_is_heard_and_what_is_missing_is_told_before_saving(
    stage: Any, render: Callable[[], bool]
) -> None:
    several, one = write(stage, ENGLISH, FRENCH), write(stage, PartContent("en", text="Nothing."), text="Có.")
    foreign = write(stage, language="en", title="Notice", text="Only English.")
    assert all([render(), render(), render()])
    for each in (several, one, foreign):
        approve(stage, each)
    with stage.database.transaction(read_only=True) as session:
        found = sittings.preview(
            session,
            area_id=stage.cast.commune,
            slot=Slot(30 * MINUTE, (FLOW,), ("fr", "vi")),
            order=(several, one, foreign),
            rule=Rule(Frequency.DAILY, dt.date(2026, 3, 2), (dt.time(17),)),
            now=stage.now,
        )
    [usual] = found.sittings[0].variants
    assert found.languages == ("fr", "vi")
    assert [(each.bulletin_id, each.languages, each.missing) for each in usual.placed] == [
        (several, ("fr", "vi"), ()),
        (one, ("vi",), ("fr",)),
    ]
    lengths = [
        sum(length for language, _, length in cuts(stage, each) if language != "en")
        for each in (several, one)
    ]
    assert [each.length_ms for each in usual.placed] == lengths
    assert usual.used_ms == sum(lengths)
    assert [(each.ref, each.why) for each in usual.left_out] == [(str(foreign), Reason.NO_AUDIO)]


def test_a_fixed_bulletin_that_was_never_cut_is_played_as_it_is_and_that_is_told(
    stage: Any, render: Callable[[], bool]
) -> None:
    stage.loudspeakers(1)
    bulletin_id = write(stage, ENGLISH)
    assert render()
    approve(stage, bulletin_id)
    with stage.database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        version.cuts.clear()
        [decision] = bulletins.decisions(session, session.get_one(Bulletin, bulletin_id))
        decision.cuts_sha256 = None
    entry = Entry(Kind.BULLETIN, str(bulletin_id))
    schedule_id = make_slot(stage, entry, languages=("en", "vi"))
    stage.plan()
    [items] = plans(stage).values()
    assert [each.sha256 for each in items[0].clips] == [whole(stage, bulletin_id).sha256]
    with stage.database.transaction(read_only=True) as session:
        [first, *_] = sittings.coming(session, schedule_id, stage.now)
    [heard] = first.variants[0].placed
    assert (heard.languages, heard.missing, heard.in_own_order) == (("vi", "en"), (), True)


def test_the_sound_of_a_language_is_kept_and_deleted_with_the_whole(
    stage: Any, library: Library, render: Callable[[], bool]
) -> None:
    bulletin_id = write(stage, ENGLISH)
    assert render()
    approve(stage, bulletin_id)
    hold(stage, bulletin_id, stage.now + dt.timedelta(days=1))
    files = [sha256 for _, sha256, _ in cuts(stage, bulletin_id)] + [whole(stage, bulletin_id).sha256]
    with stage.database.transaction() as session:
        policies.save(
            session, stage.cast.admin, stage.cast.commune, values={"keep_audio_days": 30}, now=stage.now
        )
        retention.run(session, library, stage.now + dt.timedelta(days=20))
    assert all(library.exists(each) for each in files)
    with stage.database.transaction() as session:
        done = retention.run(session, library, stage.now + dt.timedelta(days=40))
        assert (done.bulletins, done.files) == ((bulletin_id,), len(set(files)))
        assert session.scalars(select(VersionCut)).all() == []
        assert session.scalars(select(BulletinVersion.clip_id)).all() == [None]
    assert not any(library.exists(each) for each in files)


def test_a_replaced_version_keeps_its_sound_while_one_of_its_languages_was_heard_lately(
    stage: Any, library: Library, render: Callable[[], bool]
) -> None:
    stage.loudspeakers(1)
    bulletin_id = write(stage, ENGLISH)
    assert render()
    approve(stage, bulletin_id)
    english = cuts(stage, bulletin_id)[2][1]
    make_slot(stage, order=[bulletin_id], languages=("en",))
    stage.plan()
    with stage.database.transaction() as session:
        bulletins.edit(
            session, stage.cast.lan, bulletin_id, expected_version=1, text="Không cúp nữa.", now=stage.now
        )
        policies.save(
            session, stage.cast.admin, stage.cast.commune, values={"keep_audio_days": 30}, now=stage.now
        )
        retention.run(session, library, stage.now + dt.timedelta(days=33))
        assert session.scalars(select(BulletinVersion.clip_id).where(BulletinVersion.number == 1)).one()
    assert library.exists(english)
    with stage.database.transaction() as session:
        retention.run(session, library, stage.now + dt.timedelta(days=60))
    assert not library.exists(english)
