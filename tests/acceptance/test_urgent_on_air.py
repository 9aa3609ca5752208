"""An urgent announcement cuts what plays, which goes on afterwards; drills stay drills."""

from __future__ import annotations

import datetime as dt

from devices.messages import AlertStatus, Evidence

LONG = "Bà con chú ý lịch tiêm chủng của trạm y tế xã trong tuần này. " * 3


def test_an_urgent_announcement_preempts_the_programme_which_resumes(make_station, sqlite_url):
    station = on_air(make_station, sqlite_url)
    prepared = station.prepared_urgent("Nước sông lên nhanh. Bà con di chuyển lên cao.")
    slot = long_slot(station)
    asked = dt.datetime.now(dt.UTC)
    alert = station.broadcast(station.send_urgent(prepared))
    station.wait_states(alert.id, {"done"})
    station.wait_states(slot.id, {"done"})

    for speaker in station.fleet.fleet.speakers.values():
        told = [(each.item, each.event) for each in speaker.journal]
        order = [
            (slot.occurrence, "preempted"),
            (alert.occurrence, "playing"),
            (slot.occurrence, "resuming"),
            (slot.occurrence, "done"),
        ]
        assert [each for each in told if each in order] == order
    assert {each.evidence for each in station.deliveries(alert.id)} == {Evidence.ELECTRICAL}
    waits = [(run.started_at - asked).total_seconds() for run in station.as_runs(alert.id)]
    assert max(waits) < 5.0


def test_hawaii_drill_goes_out_as_a_drill_and_never_as_an_emergency(station):
    prepared = station.prepared_urgent("Diễn tập sơ tán khi có lũ.", AlertStatus.EXERCISE)
    drill = station.broadcast(station.send_urgent(prepared, AlertStatus.EXERCISE))
    station.wait_states(drill.id, {"done", "refused"})
    assert drill.status is AlertStatus.EXERCISE
    assert drill.klass.value != "emergency"
    assert "diễn tập" in drill.text.lower()


def on_air(make_station, sqlite_url):
    station = make_station(sqlite_url, rate=1.0)
    station.serve_here()
    station.start_fleet()
    return station


def long_slot(station):
    """A broadcast that plays now on every loudspeaker."""
    bulletin = station.approved_bulletin("Bản tin dài", LONG)
    [slot] = station.planned(
        station.schedule(bulletin, [dt.datetime.now(dt.UTC) + dt.timedelta(seconds=4)]), 1
    )
    station.wait_states(slot.id, {"playing"})
    return slot
