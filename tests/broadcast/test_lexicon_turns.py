"""A word that changes and a version that is claimed at the same time: nobody keeps the old reading."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from broadcast.authoring import bulletins, lexicon, rendering
from broadcast.models import RenderState

TEXT = "Mời bà con thôn Ea Súp đi họp."


def create(database, cast, now):
    with database.transaction() as session:
        bulletins.create(session, cast.lan, area_id=cast.commune, title="A", text=TEXT, now=now)


def put(session, cast, now):
    return lexicon.put(session, cast.lan, area_id=cast.commune, written="Ea Súp", spoken="ia xúp", now=now)


def put_alone(database, cast, now):
    with database.transaction() as session:
        return put(session, cast, now)


def claim(database, now):
    with database.transaction() as session:
        return rendering.claim(session, "w1", now)


def test_a_change_waits_for_a_claim_and_takes_the_version_back(database, cast, now):
    create(database, cast, now)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            job = rendering.claim(session, "w1", now)
            changing = pool.submit(put_alone, database, cast, now)
            with pytest.raises(TimeoutError):
                changing.result(timeout=0.3)
        assert len(changing.result(timeout=60).bulletins) == 1
    assert job.lexicons["vi"].entries == ()
    with pytest.raises(rendering.ClaimLostError), database.transaction() as session:
        rendering._update(session, job, now, {"render_state": RenderState.READY})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # on SQLite writers take turns
def test_a_claim_waits_for_a_change_that_did_not_see_its_bulletin(database, cast, now):
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            assert put(session, cast, now).bulletins == ()
            create(database, cast, now)
            claiming = pool.submit(claim, database, now)
            with pytest.raises(TimeoutError):
                claiming.result(timeout=0.3)
        assert claiming.result(timeout=60).lexicons["vi"].entries == (("Ea Súp", "ia xúp"),)
