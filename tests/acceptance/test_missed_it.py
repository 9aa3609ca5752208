"""A loudspeaker without power at air time never makes up for it, and the matrix says so."""

from __future__ import annotations

import datetime as dt
import time

from broadcast.evidence import matrix
from broadcast.units import people
from devices.messages import Evidence, ItemState
from schedules.types import LOCAL

LATE_S = 6.0  # it is back while the slot could still be begun by one that merely waited


def test_a_loudspeaker_that_was_off_at_air_time_never_plays_the_missed_item(station):
    absent, *present = [identity.device for identity in station.identities]
    bulletin = station.approved_bulletin("Bản tin sáng", "Bà con chú ý. Đây là bản tin sáng.")
    start = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=9)
    [slot] = station.planned(station.schedule(bulletin, [start]), 1)
    station.wait_states(slot.id, {"ready", "armed"})

    station.fleet.power_off(absent)
    time.sleep(max(0.0, (start - dt.datetime.now(dt.UTC)).total_seconds() + LATE_S))
    station.fleet.power_on(absent)
    station.wait_states(slot.id, {"done", "missed"})

    heard = station.starts_heard(slot.occurrence)
    assert heard.pop(absent) == 0
    assert set(heard.values()) == {1}
    with station.database.transaction(read_only=True) as session:
        binh = people.get_person(session, station.cast.binh_id)
        now = dt.datetime.now(dt.UTC)
        shown = matrix.matrix(session, binh, station.cast.commune_id, start.astimezone(LOCAL).date(), now)
        by_device = {each.id: each.device for each in shown.loudspeakers}
        cells = {by_device[loudspeaker]: cell for (_, loudspeaker), cell in shown.cells.items()}
    assert cells[absent].state is ItemState.MISSED
    assert cells[absent].evidence < Evidence.RENDERED
    assert {cells[device].evidence for device in present} == {Evidence.ELECTRICAL}
