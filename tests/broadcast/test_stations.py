"""Stations: how an area sounds, inherited field by field, and frozen in what is written."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins, stations
from broadcast.authoring.stations import Sound
from broadcast.errors import Forbidden, InvalidInput, OutOfRange, UnknownArea, ValueTooLong, VoiceInvalid
from broadcast.models import AuditRow, BulletinVersion, Role
from broadcast.units import people
from devices.messages import BulletinClass

OPENING = "Đây là Đài truyền thanh xã An Hòa."


def save(database, person, area_id, now, **values):
    with database.transaction() as session:
        return stations.save(session, person, area_id, values=values, now=now)


def effective(database, area_id):
    with database.transaction(read_only=True) as session:
        return stations.effective(session, area_id)


def create(database, cast, now, **more):
    words = {"title": "Họp thôn", "text": "Mời bà con đi họp.", **more}
    person = cast.dung if more.get("klass") is BulletinClass.EMERGENCY else cast.lan
    with database.transaction() as session:
        made = bulletins.create(session, person, area_id=cast.villages[0], now=now, **words)
        return session.scalars(select(BulletinVersion).where(BulletinVersion.bulletin_id == made.id)).one()


@pytest.fixture
def above(database, cast, now):
    """Whoever administers the commune also administers the district."""
    with database.transaction() as session:
        people.grant(session, people.get_person(session, cast.admin.id), Role.ADMIN, cast.district, now=now)
    return cast


def test_an_area_that_says_nothing_is_opened_by_the_name_of_its_commune(database, cast):
    assert (
        effective(database, cast.commune) == effective(database, cast.villages[0]) == Sound(opening=OPENING)
    )
    assert effective(database, cast.district).opening == "Đây là Đài truyền thanh huyện Yên Bình."


def test_each_field_comes_from_the_nearest_area_that_says_it(database, above, now):
    save(database, above.admin, above.district, now, voice="south", speed=0.9, closing="Xin cảm ơn.")
    save(database, above.admin, above.commune, now, speed=0.8, closing="")
    sound = effective(database, above.villages[0])
    assert (sound.voice, sound.speed, sound.closing, sound.opening) == ("south", 0.8, "", OPENING)
    assert effective(database, above.other_commune).speed == 0.9
    with database.transaction(read_only=True) as session:
        origins = {name: area.id for name, area in stations.origins(session, above.villages[0]).items()}
    assert origins == {"voice": above.district, "speed": above.commune, "closing": above.commune}
    save(database, above.admin, above.commune, now, speed=None)
    assert effective(database, above.commune).speed == 0.9


def test_only_an_administrator_of_the_area_decides_how_it_sounds(database, cast, now):
    for person, area_id in ((cast.lan, cast.commune), (cast.mai, cast.commune), (cast.admin, cast.district)):
        with pytest.raises(Forbidden):
            save(database, person, area_id, now, speed=0.9)
    with pytest.raises(UnknownArea):
        save(database, cast.admin, 999, now, speed=0.9)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"speed": 3.0}, VoiceInvalid),
        ({"engine": "festival"}, VoiceInvalid),
        ({"preset": "loud"}, VoiceInvalid),
        ({"repeats": 0}, OutOfRange),
        ({"lead_in_s": 11.0}, OutOfRange),
        ({"slot_minutes": 0}, OutOfRange),
        ({"opening": "x" * 501}, ValueTooLong),
        ({"colour": "red"}, InvalidInput),
    ],
)
def test_a_value_that_nobody_understands_is_refused(database, cast, now, wrong, error):
    with pytest.raises(error):
        save(database, cast.admin, cast.commune, now, **wrong)


def test_what_was_changed_is_written_down_once(database, cast, now):
    save(database, cast.admin, cast.commune, now, speed=0.9)
    save(database, cast.admin, cast.commune, now, speed=0.9)
    with database.transaction(read_only=True) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "station.save")).all()
        assert [row.detail for row in rows] == [{"changed": {"speed": [None, 0.9]}}]


def test_a_bulletin_is_frozen_as_its_station_sounds_when_it_is_written(database, cast, now):
    save(database, cast.admin, cast.commune, now, voice="south", preset="outdoor", repeats=2, lead_in_s=2.0)
    made = create(database, cast, now, speed=0.9)
    assert (made.voice, made.preset, made.repeats, made.lead_in_s, made.speed) == (
        "south", "outdoor", 2, 2.0, 0.9,
    )  # fmt: skip
    assert made.opening == OPENING
    save(database, cast.admin, cast.commune, now, voice="centre", opening="")
    with database.transaction() as session:
        kept = bulletins.edit(session, cast.lan, made.bulletin_id, expected_version=1, now=now, text="Hai.")
        assert (kept.current.voice, kept.current.opening) == ("south", OPENING)
        new = {"voice": None, "opening": None}
        now_so = bulletins.edit(session, cast.lan, kept.id, expected_version=2, now=now, **new)
        assert (now_so.current.voice, now_so.current.opening) == ("centre", "")


def test_an_emergency_begins_with_its_words_and_another_language_with_any_voice(database, cast, now):
    save(database, cast.admin, cast.commune, now, voice="south", closing="Xin cảm ơn.")
    urgent = create(database, cast, now, klass=BulletinClass.EMERGENCY)
    assert (urgent.opening, urgent.closing, urgent.voice) == ("", "", "south")
    assert create(database, cast, now, language="en").voice == "north"
