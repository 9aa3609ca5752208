"""Whatever happens to words and texts, nothing approved is read otherwise than the lexicon says now."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from broadcast.authoring import bulletins, composition, layers, lexicon, rendering
from broadcast.authoring.cuts import Made
from broadcast.models import Base, Bulletin, BulletinState, LexiconEntry, Role
from broadcast.storage.library import Library
from broadcast.units import people
from tts.types import AudioClip

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
KEPT = {"area", "area_closure", "person", "role_grant"}
WORDS = ("Ea Súp", "ubnd", "UBND", "họp")
SPOKEN = ("ia xúp", "họp hành", "ủy ban nhân dân")
TEXTS = ("Mời bà con thôn Ea Súp đi họp.", "UBND xã thông báo.", "Ngày mai cúp điện. Xin cảm ơn.")

places = st.sampled_from(("district", "commune", "village"))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), places, st.sampled_from(WORDS), st.sampled_from(SPOKEN)),
        st.tuples(st.just("retire"), places, st.sampled_from(WORDS)),
        st.tuples(st.just("edit"), st.integers(0, 1), st.sampled_from(TEXTS)),
        st.tuples(st.just("claim")),
        st.tuples(st.just("finish")),
        st.tuples(st.just("approve"), st.integers(0, 1)),
    ),
    min_size=4,
    max_size=14,
)


class World:
    """Two bulletins, of a village and of its commune, and a worker that speaks in its own time."""

    def __init__(self, database, cast):
        self.database, self.cast = database, cast
        self.areas = {"district": cast.district, "commune": cast.commune, "village": cast.villages[0]}
        self.jobs = []
        with database.transaction() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name not in KEPT:
                    session.execute(delete(table))
        with database.transaction() as session:
            words = {"title": "Tin", "opening": "UBND xã xin chào.", "now": NOW}
            self.ids = [
                bulletins.create(session, cast.lan, area_id=area_id, text=text, **words).id
                for area_id, text in ((cast.villages[0], TEXTS[0]), (cast.commune, TEXTS[1]))
            ]

    def put(self, place, written, spoken):
        with self.database.transaction() as session:
            lexicon.put(
                session, self.cast.dung, area_id=self.areas[place], written=written, spoken=spoken, now=NOW
            )

    def retire(self, place, written):
        with self.database.transaction() as session:
            entry = lexicon.own(session, self.areas[place], written=written)
            if entry is not None:
                lexicon.retire(session, self.cast.dung, entry.id, now=NOW)

    def edit(self, number, text):
        with self.database.transaction() as session:
            row = session.get_one(Bulletin, self.ids[number])
            bulletins.edit(
                session, self.cast.lan, row.id, expected_version=row.version_number, now=NOW, text=text
            )

    def claim(self):
        with self.database.transaction() as session:
            job = rendering.claim(session, "w1", NOW)
        if job is not None:
            self.jobs.append(job)

    def finish(self):
        if not self.jobs:
            return
        job = self.jobs.pop(0)
        script = job.script(Library(Path("unused")))
        said = sound([script.opening.text, *(part.text for part in script.parts)])
        clip = AudioClip(said, digest(said), "audio/mpeg", 1.0, digest(said), "espeak", "1")
        try:
            rendering._finish(self.database, job, script, Made.of(clip), NOW)
        except rendering.ClaimLostError:
            return

    def approve(self, number):
        with self.database.transaction() as session:
            row = session.get_one(Bulletin, self.ids[number])
            if row.state is BulletinState.DRAFT:
                bulletins.submit(session, self.cast.lan, row.id, now=NOW)
            if row.state is not BulletinState.SUBMITTED or row.current.clip is None:
                return
            bulletins.approve(
                session, self.cast.binh, row.id, version=row.version_number, now=NOW,
                text_sha256=row.current.text_sha256, audio_sha256=row.current.clip.sha256,
            )  # fmt: skip

    def check(self):
        with self.database.transaction(read_only=True) as session:
            for row in session.scalars(select(Bulletin)):
                version = bulletins.approved_version(session, row)
                if version is None:
                    continue
                rows = layers.rows(session, row.area_id, "vi")
                heard = composition.pieces(version)
                texts = [composition.read(piece, {"vi": layers.nearest(rows)}).text for piece in heard]
                assert version.clip.sha256 == digest(sound(texts))


def sound(texts):
    """A clip that is nothing but what it says."""
    return "\n".join(sentence.spoken for text in texts for sentence in text.sentences).encode()


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its locks are tested elsewhere
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_nothing_approved_is_read_otherwise_than_the_lexicon_says_now(database, cast, steps):
    with database.transaction() as session:
        people.grant(session, people.get_person(session, cast.dung.id), Role.EDITOR, cast.district, now=NOW)
    world = World(database, cast)
    for _ in range(2):
        world.claim()
        world.finish()
    world.approve(0)
    world.approve(1)
    for name, *arguments in steps:
        getattr(world, name)(*arguments)
        if name not in {"edit", "claim"}:
            world.check()


def test_the_property_is_not_empty(database, cast):
    """Approved bulletins are really checked, and a change really takes the approval away."""
    with database.transaction() as session:
        people.grant(session, people.get_person(session, cast.dung.id), Role.EDITOR, cast.district, now=NOW)
    world = World(database, cast)
    for _ in range(2):
        world.claim()
        world.finish()
    world.approve(0)
    world.approve(1)
    world.check()
    assert states(database) == [BulletinState.APPROVED] * 2
    world.put("village", "Ea Súp", "ia xúp")
    assert states(database) == [BulletinState.SUBMITTED, BulletinState.APPROVED]
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(LexiconEntry.revision)).all() == [1]
    world.claim()
    world.finish()
    world.approve(0)
    assert states(database) == [BulletinState.APPROVED] * 2


def states(database):
    with database.transaction(read_only=True) as session:
        return session.scalars(select(Bulletin.state).order_by(Bulletin.id)).all()
