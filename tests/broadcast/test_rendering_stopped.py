"""A worker that is told to stop leaves what it renders to another one."""

from __future__ import annotations

import contextlib
import threading

from sqlalchemy import select

from broadcast.authoring import bulletins, rendering
from broadcast.models import BulletinVersion, RenderState
from broadcast.storage.library import Library
from devices.messages import BulletinClass
from tts.engines.espeak import EspeakEngine
from tts.synthesis import Synthesiser


class Signalling(EspeakEngine):
    """Says when it has begun with a text, and waits for the word."""

    def __init__(self):
        super().__init__(children=1)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def synthesise(self, text, voice):
        self.begun.set()
        self.go_on.wait(60)
        return super().synthesise(text, voice)

    def close(self):
        self.go_on.set()
        super().close()


def version(database):
    with database.transaction(read_only=True) as session:
        return session.scalars(select(BulletinVersion)).one()


def test_a_stopped_rendering_waits_for_the_next_worker(database, cast, clock, tmp_path):
    library = Library(tmp_path / "library", reserve=0)
    with database.transaction() as session:
        bulletins.create(
            session, cast.lan, area_id=cast.commune, now=clock(), title="Cúp điện", text="Ngày mai cúp điện.",
            klass=BulletinClass.ROUTINE, opening="",
        )  # fmt: skip
    engine = Signalling()
    synthesiser = Synthesiser([engine], tmp_path / "speech", workers=1)
    work = threading.Thread(
        target=rendering.render_next, args=(database, library, synthesiser, "stops", clock)
    )
    work.start()
    assert engine.begun.wait(60)
    synthesiser.close()
    work.join(60)
    assert not work.is_alive()
    left = version(database)
    assert (left.render_state, left.render_error, left.render_attempts) == (RenderState.WAITING, "", 0)
    with contextlib.closing(Synthesiser([EspeakEngine(children=1)], tmp_path / "speech")) as another:
        assert rendering.render_next(database, library, another, "goes on", clock)
    assert version(database).render_state is RenderState.READY
