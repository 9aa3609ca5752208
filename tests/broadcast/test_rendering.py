"""The rendering queue: each version is spoken once, a crash only delays it, a failure harms nothing."""
# ruff: noqa: PLR0917 - the arguments of a test are its fixtures

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from broadcast.authoring import bulletins, rendering
from broadcast.errors import DatabaseBusy
from broadcast.models import Bulletin, BulletinVersion, Clip, RenderState
from broadcast.storage import events
from broadcast.storage.library import Library
from devices.messages import BulletinClass
from tts.engines.espeak import EspeakEngine
from tts.errors import EngineUnavailable
from tts.synthesis import Synthesiser

TEXT = "Ngày mai cúp điện. Đề nghị bà con chú ý. Xin cảm ơn."


class Scripted:
    """The real offline engine, which first does what a test wants to happen at each sentence."""

    name, version = "espeak", "test"

    def __init__(self, speak, before):
        self._speak, self._before = speak, before

    def voices(self):
        return self._speak.voices()

    def synthesise(self, text, voice):
        self._before(text)
        return self._speak.synthesise(text, voice)

    def close(self):
        """The real engine outlives one test."""


@pytest.fixture(scope="module")
def espeak():
    engine = EspeakEngine(children=1)
    yield engine
    engine.close()


@pytest.fixture
def speaking(espeak, tmp_path):
    """Make a synthesiser whose engine calls ``before`` ahead of every sentence."""
    made = []

    def make(before=lambda text: None):
        made.append(Synthesiser([Scripted(espeak, before)], tmp_path / f"speech{len(made)}", workers=1))
        return made[-1]

    yield make
    for synthesiser in made:
        synthesiser.close()


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library", reserve=0)


@pytest.fixture
def render(database, library, clock):
    """Let worker ``w1`` make the next clip."""
    return lambda synthesiser: rendering.render_next(database, library, synthesiser, "w1", clock)


def create(database, cast, now, *, text=TEXT, klass=BulletinClass.ROUTINE, **more):
    with database.transaction() as session:
        person = cast.dung if klass is BulletinClass.EMERGENCY else cast.lan
        words = {"title": "Cúp điện", "text": text, "klass": klass, "opening": "", **more}
        return bulletins.create(session, person, area_id=cast.commune, now=now, **words).id


def version_of(database, bulletin_id, number=1):
    with database.transaction(read_only=True) as session:
        query = select(BulletinVersion).where(
            BulletinVersion.bulletin_id == bulletin_id, BulletinVersion.number == number
        )
        version = session.scalars(query).one()
        version.clip  # noqa: B018 - loaded while the session is open
        return version


def claim(database, worker, now):
    with database.transaction() as session:
        return rendering.claim(session, worker, now)


def wait_for_progress(database, done):
    """Sentences are spoken on other threads than the one that reports them."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with database.transaction(read_only=True) as session:
            if session.scalars(select(BulletinVersion.render_done)).one() == done:
                return
        time.sleep(0.01)
    raise TimeoutError


def refuse(reason):
    def before(text):
        raise EngineUnavailable("espeak", reason, permanent=True)

    return before


def test_a_bulletin_gets_its_audio(database, cast, clock, library, render, speaking):
    bulletin_id = create(database, cast, clock())
    assert render(speaking())
    assert not render(speaking())
    version = version_of(database, bulletin_id)
    assert (version.render_state, version.render_error, version.render_claimed_by) == (
        RenderState.READY,
        "",
        "",
    )
    assert (version.render_done, version.render_total) == (3, 3)
    assert version.clip.engine == "espeak"
    assert version.clip.duration_ms > 2000
    assert library.path(version.clip.sha256, verify=True).stat().st_size == version.clip.size


def test_open_pages_follow_the_progress(database, cast, clock, render, speaking):
    create(database, cast, clock())
    spoken = []

    def slow(text):
        wait_for_progress(database, len(spoken))
        spoken.append(text)
        clock.forward(seconds=1)

    render(speaking(slow))
    with database.transaction(read_only=True) as session:
        seen = [e.data for e in events.since(session, 0, {cast.commune}) if e.kind == "render"]
    assert [(e["state"], e["done"], e["total"]) for e in seen] == [
        ("waiting", 0, 0),
        ("rendering", 1, 3),
        ("rendering", 2, 3),
        ("rendering", 3, 3),
        ("ready", 3, 3),
    ]


def test_progress_is_not_written_more_often_than_people_can_see(database, cast, clock, render, speaking):
    create(database, cast, clock())
    render(speaking())
    with database.transaction(read_only=True) as session:
        seen = [e.data["state"] for e in events.since(session, 0, None) if e.kind == "render"]
    assert seen == ["waiting", "rendering", "ready"]


def test_a_worker_that_died_is_replaced_after_a_minute(database, cast, clock, library, speaking):
    bulletin_id = create(database, cast, clock())
    assert claim(database, "dead", clock())
    assert not rendering.render_next(database, library, speaking(), "w2", clock)
    clock.forward(seconds=61)
    assert rendering.render_next(database, library, speaking(), "w2", clock)
    assert version_of(database, bulletin_id).render_state is RenderState.READY


def test_a_worker_that_is_at_it_keeps_its_claim(database, cast, clock, render, speaking):
    bulletin_id = create(database, cast, clock())
    seen = []

    def slow(text):
        wait_for_progress(database, len(seen))
        clock.forward(seconds=40)
        seen.append(claim(database, "thief", clock()))

    assert render(speaking(slow))
    assert seen == [None, None, None]
    assert version_of(database, bulletin_id).render_state is RenderState.READY


@pytest.mark.parametrize("successor", ["another", "w1"])
def test_a_worker_that_slept_too_long_does_not_disturb_its_successor(
    database, cast, clock, render, speaking, successor
):
    """Neither another worker nor one that was started again under the same name."""
    bulletin_id = create(database, cast, clock())
    taken = []

    def sleep(text):
        if not taken:
            clock.forward(seconds=61)
            taken.append(claim(database, successor, clock()))

    assert render(speaking(sleep))
    version = version_of(database, bulletin_id)
    assert (version.render_state, version.render_claimed_by) == (RenderState.RENDERING, successor)
    assert version.clip is None


def test_a_text_that_kills_every_worker_is_given_up(database, cast, clock):
    bulletin_id = create(database, cast, clock())
    for _ in range(rendering.ATTEMPTS):
        assert claim(database, "dies", clock())
        clock.forward(seconds=61)
    assert claim(database, "dies", clock()) is None
    version = version_of(database, bulletin_id)
    assert (version.render_state, version.render_error) == (RenderState.FAILED, "render_crashed")


def test_a_change_of_the_text_stops_the_rendering_of_the_old_one(database, cast, clock, render, speaking):
    long = " ".join(f"Đây là câu thứ {number}." for number in range(40))
    bulletin_id = create(database, cast, clock(), text=long)
    spoken = []

    def edit(text):
        spoken.append(text)
        clock.forward(seconds=1)
        if len(spoken) == 1:
            with database.transaction() as session:
                bulletins.edit(
                    session, cast.lan, bulletin_id, expected_version=1, now=clock(), text="Đã đổi. Hết."
                )

    synthesiser = speaking(edit)
    assert render(synthesiser)
    assert len(spoken) < 40
    assert version_of(database, bulletin_id).render_state is RenderState.NONE
    assert render(synthesiser)
    assert version_of(database, bulletin_id, 2).render_state is RenderState.READY


@pytest.mark.parametrize("reason", ["unreachable", "crashed"])
def test_a_voice_that_fails_leaves_a_code_and_the_bulletin_intact(
    database, cast, clock, render, speaking, reason
):
    bulletin_id = create(database, cast, clock())
    assert render(speaking(refuse(reason)))
    version = version_of(database, bulletin_id)
    assert (version.render_state, version.render_error) == (RenderState.FAILED, f"voice_unavailable:{reason}")
    assert (version.text, version.clip) == (TEXT, None)
    with database.transaction() as session:
        rendering.request(session, session.get_one(BulletinVersion, version.id), clock())
    assert render(speaking())
    assert version_of(database, bulletin_id).render_error == ""


def test_a_voice_that_does_not_exist_is_named(database, cast, clock, render, speaking):
    bulletin_id = create(database, cast, clock(), language="xx")
    render(speaking())
    assert version_of(database, bulletin_id).render_error == "voice_invalid"


def test_a_text_without_anything_to_say_is_named(database, cast, clock, render, speaking):
    bulletin_id = create(database, cast, clock(), text="… --- …")
    render(speaking())
    assert version_of(database, bulletin_id).render_error == "empty_bulletin"


def test_a_full_disk_is_named_and_the_next_try_succeeds(database, cast, clock, tmp_path, speaking):
    bulletin_id = create(database, cast, clock())
    full = Library(tmp_path / "library", reserve=1 << 60)
    rendering.render_next(database, full, speaking(), "w1", clock)
    assert version_of(database, bulletin_id).render_error == "disk_full"
    assert not [path for path in (tmp_path / "library").rglob("*") if path.is_file()]


def test_a_mistake_in_the_program_is_kept_as_a_failure_and_not_hidden(
    database, cast, clock, render, speaking
):
    bulletin_id = create(database, cast, clock())

    def broken(text):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        render(speaking(broken))
    assert version_of(database, bulletin_id).render_error == "render_crashed"


def test_a_database_that_is_busy_for_a_moment_does_not_spoil_the_clip(
    database, cast, clock, render, speaking, monkeypatch
):
    bulletin_id = create(database, cast, clock())
    announce, left = rendering._announce, [1]

    def busy(*arguments):
        if arguments[2].render_done == 1 and left:
            left.pop()
            raise DatabaseBusy()
        announce(*arguments)

    monkeypatch.setattr(rendering, "_announce", busy)
    synthesiser = speaking(lambda text: clock.forward(seconds=1))
    assert render(synthesiser)
    assert not left
    assert version_of(database, bulletin_id).render_state is RenderState.READY


def test_the_same_words_are_spoken_once(database, cast, clock, render, speaking):
    spoken = []
    synthesiser = speaking(spoken.append)
    one, two = create(database, cast, clock()), create(database, cast, clock())
    assert render(synthesiser)
    heard = len(spoken)
    assert render(synthesiser)
    assert len(spoken) == heard
    assert version_of(database, one).clip_id == version_of(database, two).clip_id


def test_a_clip_whose_file_is_gone_is_made_again(database, cast, clock, library, render, speaking):
    one = create(database, cast, clock())
    render(speaking())
    sha256 = version_of(database, one).clip.sha256
    Path(library.path(sha256)).unlink()
    two = create(database, cast, clock())
    assert render(speaking())
    assert library.exists(version_of(database, two).clip.sha256)


def test_a_clip_made_with_another_voice_than_wished_is_not_taken_for_the_wished_one(
    database, cast, clock, render, speaking
):
    one = create(database, cast, clock())
    render(speaking())
    with database.transaction() as session:
        session.execute(update(Clip).values(fallback="google:unreachable"))
        rendering.request(
            session, session.get_one(BulletinVersion, version_of(database, one).id), clock(), again=True
        )
    spoken = []
    assert render(speaking(spoken.append))
    assert spoken


def test_asking_twice_makes_the_audio_once(database, cast, clock):
    bulletin_id = create(database, cast, clock())
    with database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        rendering.request(session, version, clock())
        rendering.request(session, version, clock())
    assert claim(database, "w1", clock())
    assert claim(database, "w1", clock()) is None


def test_a_version_that_is_ready_is_not_made_again_unless_asked(database, cast, clock, render, speaking):
    bulletin_id = create(database, cast, clock())
    render(speaking())
    with database.transaction() as session:
        rendering.request(session, session.get_one(Bulletin, bulletin_id).current, clock())
    assert claim(database, "w1", clock()) is None


def test_a_worker_killed_in_the_middle_leaves_nothing_half_done(database, database_url, cast, now, tmp_path):
    """A real process, killed at the first sentence; another one finishes after the claim ran out."""
    bulletin_id = create(database, cast, now)
    program = KILLED.format(url=database_url, root=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == -9
    version = version_of(database, bulletin_id)
    assert (version.render_state, version.clip) == (RenderState.RENDERING, None)
    with database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count(Clip.id))) == 0
    assert claim(database, "next", now + dt.timedelta(seconds=61)).bulletin_id == bulletin_id


KILLED = """
import datetime as dt, os, signal
from pathlib import Path
from broadcast.authoring import rendering
from broadcast.storage.database import Database
from broadcast.storage.library import Library
from tts.synthesis import default_synthesiser
synthesiser = default_synthesiser(Path({root!r}) / "speech", engines=("espeak",))
rendering._renew = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
ticks = iter(dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=n) for n in range(1000))
library = Library(Path({root!r}) / "library")
rendering.render_next(Database({url!r}), library, synthesiser, "dies", lambda: next(ticks))
"""
