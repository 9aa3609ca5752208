"""Loudspeakers for a trial are entered like real ones, in the lowest areas, in one transaction."""

import pytest
from sqlalchemy import select

from broadcast import bootstrap, settings
from broadcast.errors import AlreadyExists, NotFound
from broadcast.joining import registry, trial
from broadcast.models import Loudspeaker
from broadcast.units import areas


@pytest.fixture
def wire(tmp_path):
    return bootstrap.wire(settings.load({"TRUYEN_THANH_DATA_DIR": str(tmp_path)}))


def test_they_hang_in_turn_in_the_villages_and_may_connect(database, cast, wire, now):
    with database.transaction() as session:
        identities = trial.enter(session, wire=wire, area_id=cast.commune, count=7, now=now)
        more = trial.enter(session, wire=wire, area_id=cast.other_commune, count=1, first=8, now=now)
        assert [each.device for each in identities + more] == [trial.name(n) for n in range(1, 9)]
        places = [each.area_id for each in session.scalars(select(Loudspeaker).order_by(Loudspeaker.id))]
        assert places == [*(cast.villages * 3)[:7], cast.other_commune]
        accounts = {each.username for each in registry.accounts(session, wire)}
    assert accounts == {each.device for each in identities + more}


def test_a_name_that_is_taken_enters_none(database, cast, wire, now):
    with database.transaction() as session:
        trial.enter(session, wire=wire, area_id=cast.commune, count=1, first=3, now=now)
    with pytest.raises(AlreadyExists), database.transaction() as session:
        trial.enter(session, wire=wire, area_id=cast.commune, count=5, now=now)
    with database.transaction() as session:
        assert len(session.scalars(select(Loudspeaker)).all()) == 1


def test_a_trial_spreads_from_the_highest_area_if_there_is_one(database, cast):
    with database.transaction() as session:
        assert trial.top(session) == areas.get(session, cast.district)


def test_without_any_area_there_is_nowhere_to_hang_them(database):
    with database.transaction() as session, pytest.raises(NotFound):
        trial.top(session)
