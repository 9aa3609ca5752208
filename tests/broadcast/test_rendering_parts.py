"""What a rendering leaves: parts in order, marks, failures, and an approval bound to the sound."""
# ruff: noqa: PLR0917 - the arguments of a test are its fixtures

from __future__ import annotations

import io
import math
import wave
from array import array

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins, lexicon, recordings, rendering
from broadcast.authoring.content import PartContent
from broadcast.models import Bulletin, BulletinState, BulletinVersion, RenderState
from broadcast.storage.library import COMPACT, RECORDING, Library
from devices.messages import BulletinClass
from tts.errors import EngineUnavailable
from tts.synthesis import Synthesiser
from tts.types import Progress

RATE = 16_000
# How the databases lock is tested with the queue; speech costs time.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Humming:
    """An engine that says every text as a hum, after doing what a test wants to happen first."""

    name, version = "espeak", "test"

    def __init__(self):
        self.before, self.pitch, self.said = (lambda text: None), 20, []

    def voices(self):
        return {"vi": ("north", "south"), "en": ("plain",)}

    def synthesise(self, text, voice):
        self.before(text)
        self.said.append(text)
        length = round(RATE * (0.4 + 0.06 * len(text)))
        hum = array("h", (round(6000 * math.sin(n / self.pitch)) for n in range(length)))
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(hum)
        return out.getvalue()

    def close(self):
        """Nothing to end."""


@pytest.fixture
def engine():
    return Humming()


@pytest.fixture
def synthesiser(engine, tmp_path):
    made = Synthesiser([engine], tmp_path / "speech", workers=1)
    yield made
    made.close()


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library", reserve=0)


@pytest.fixture
def render(database, library, synthesiser, clock):
    return lambda: rendering.render_next(database, library, synthesiser, "w1", clock)


@pytest.fixture
def write(database, cast, clock):
    def create(klass=BulletinClass.ROUTINE, **more):
        person = cast.dung if klass is BulletinClass.EMERGENCY else cast.lan
        words = {"title": "Cúp điện", "text": "Mai cúp điện.", "opening": "", "klass": klass, **more}
        with database.transaction() as session:
            return bulletins.create(session, person, area_id=cast.commune, now=clock(), **words).id

    return create


def current(database, bulletin_id):
    with database.transaction(read_only=True) as session:
        query = select(BulletinVersion).where(BulletinVersion.bulletin_id == bulletin_id)
        version = session.scalars(query.order_by(BulletinVersion.number.desc())).first()
        version.clip, version.bulletin.state  # noqa: B018 - loaded while the session is open
        return version


def approve(database, cast, bulletin_id, now):
    with database.transaction() as session:
        bulletins.submit(session, cast.lan, bulletin_id, now=now)
        version = session.get_one(Bulletin, bulletin_id).current
        bulletins.approve(
            session, cast.binh, bulletin_id, version=version.number, now=now,
            text_sha256=version.text_sha256, audio_sha256=version.clip.sha256,
        )  # fmt: skip


def test_everything_is_heard_in_order_and_marked(
    database, cast, clock, library, render, write, engine, tmp_path
):
    source = tmp_path / "họp.wav"
    source.write_bytes(Humming().synthesise("một bản ghi âm dài hơn", None))
    with database.transaction() as session:
        taken = recordings.accept(
            session,
            cast.lan,
            area_id=cast.commune,
            source=source,
            name="họp.wav",
            library=library,
            now=clock(),
        )
    parts = (PartContent("en", text="No power."), PartContent("tyz", recording_id=taken.id))
    bulletin_id = write(say_title=True, opening="Xin chào.", closing="Hết.", parts=parts)
    assert render()
    version = current(database, bulletin_id)
    assert version.render_state is RenderState.READY, version.render_error
    assert [mark[:2] for mark in version.clip.details["marks"]] == [
        [-1, 0], [0, 0], [1, 0], [2, 0], [3, 0], [4, 0],
    ]  # fmt: skip
    assert set(engine.said) == {"Xin chào.", "Cúp điện.", "Mai cúp điện.", "No power.", "Hết."}
    assert (version.clip.details["failures"], version.render_failures) == ([], [])
    assert languages_apart(database, version.id) == ["", "vi", "en", "tyz", ""]
    opus = version.clip.details["opus"]
    assert library.path(opus["sha256"], kind=COMPACT, verify=True).stat().st_size == opus["size"]
    assert library.exists(taken.sha256, RECORDING)


def languages_apart(database, version_id):
    with database.transaction(read_only=True) as session:
        return [cut.language for cut in session.get_one(BulletinVersion, version_id).cuts]


def test_a_recording_that_is_gone_is_named(database, cast, clock, library, render, write, tmp_path):
    source = tmp_path / "a.wav"
    source.write_bytes(Humming().synthesise("một bản ghi âm", None))
    with database.transaction() as session:
        taken = recordings.accept(
            session, cast.lan, area_id=cast.commune, source=source, name="a", library=library, now=clock()
        )
    bulletin_id = write(text="", recording_id=taken.id)
    library.remove(taken.sha256, RECORDING)
    assert render()
    assert current(database, bulletin_id).render_error == "file_damaged"


def test_the_words_of_the_area_are_spoken(database, cast, clock, render, write, engine):
    with database.transaction() as session:
        lexicon.put(session, cast.lan, area_id=cast.commune, written="Ea Súp", spoken="ia xúp", now=clock())
    write(text="Thôn Ea Súp.")
    render()
    assert engine.said == ["Thôn ia xúp."]


def test_the_sentence_that_no_voice_could_say_is_named(database, render, write, engine):
    def refuse(text):
        if "hai" in text:
            raise EngineUnavailable("espeak", "crashed", permanent=True)

    engine.before = refuse
    bulletin_id = write(text="Câu một. Câu hai. Câu ba.")
    assert render()
    version = current(database, bulletin_id)
    assert version.render_error == "voice_unavailable:crashed"
    assert version.render_failures == [{"part": 0, "sentence": 1, "engine": "espeak", "reason": "crashed"}]
    engine.before = lambda text: None
    with database.transaction() as session:
        row = session.get_one(BulletinVersion, version.id)
        rendering.request(session, row, version.created_at)
    assert render()
    assert current(database, bulletin_id).render_failures == []


def test_made_anew_with_the_same_sound_it_stays_approved(database, cast, clock, render, write, synthesiser):
    bulletin_id = write()
    render()
    approve(database, cast, bulletin_id, clock())
    again(database, bulletin_id, clock())
    assert render()
    assert current(database, bulletin_id).bulletin.state is BulletinState.APPROVED


def again(database, bulletin_id, now):
    with database.transaction() as session:
        rendering.request(session, session.get_one(Bulletin, bulletin_id).current, now, again=True)


def test_made_anew_with_another_sound_it_must_be_approved_again(
    database, cast, clock, library, render, write, engine, tmp_path
):
    bulletin_id = write()
    render()
    approve(database, cast, bulletin_id, clock())
    again(database, bulletin_id, clock())
    engine.pitch, engine.version = 11, "other"
    other = Synthesiser([engine], tmp_path / "other", workers=1)
    assert rendering.render_next(database, library, other, "w1", clock)
    other.close()
    version = current(database, bulletin_id)
    assert (version.bulletin.state, version.render_state) == (BulletinState.SUBMITTED, RenderState.READY)
    with database.transaction(read_only=True) as session:
        row = session.get_one(Bulletin, bulletin_id)
        assert "duyệt" in row.return_note
        assert bulletins.approved_version(session, row) is None


def test_an_emergency_does_not_wait_for_a_long_bulletin(database, clock, render, write, engine):
    """What was spoken of the other one stays in the cache, so that little is lost."""
    urgent = []

    def alarm(text):
        clock.forward(seconds=1)
        if not urgent:
            urgent.append(write(BulletinClass.EMERGENCY, text="Lũ về. Di dời ngay."))

    engine.before = alarm
    long = write(text="Câu một. Câu hai. Câu ba.")
    assert render()
    version = current(database, long)
    assert (version.render_state, version.render_attempts) == (RenderState.WAITING, 0)
    assert render()
    assert current(database, urgent[0]).render_state is RenderState.READY
    assert render()
    assert current(database, long).render_state is RenderState.READY
    assert len(engine.said) == len(set(engine.said))


def test_a_claim_is_renewed_while_the_sound_is_mastered(database, cast, clock, library, write):
    """For an hour nothing but the same progress is reported; nobody takes the version away."""

    class Patient:
        def key(self, script):
            return "k"

        def cut_keys(self, script):
            return {}

        def render(self, script, report):
            for _ in range(12):
                clock.forward(seconds=10)
                report(Progress(1, 1))
                with database.transaction() as session:
                    assert rendering.claim(session, "thief", clock()) is None
            raise EngineUnavailable("espeak", "crashed")

    bulletin_id = write()
    assert rendering.render_next(database, library, Patient(), "w1", clock)
    assert current(database, bulletin_id).render_state is RenderState.FAILED
