"""Shunan: slow old units hold up a whole city's loudspeakers by a minute and more.

Yamaguchi. There everybody waited for the last to be ready. Here the order names the instant, and each box
begins at it by its own clock: one on a line of a few kilobytes a second and one without power cost their
neighbours nothing, and what could not be in time is told instead of sounding late into silence.
"""

from __future__ import annotations

from devices.messages import Evidence, ItemState
from devices.simulator import Fault

EARLY_S = 0.05
LATE_S = 3.0  # of a busy machine; the slow one takes twenty seconds to have the audio


def test_a_slow_and_a_dead_loudspeaker_delay_nobody(make_station, sqlite_url):
    station = make_station(sqlite_url, loudspeakers=8)
    station.serve_here()
    station.start_fleet(durable=False)
    slow, dead, *others = [identity.device for identity in station.identities]
    flood = station.prepared_urgent("Nước sông lên nhanh. Bà con di chuyển lên cao.")
    station.fleet.break_(slow, Fault.SLOW_LINK)
    station.fleet.break_(dead, Fault.NO_POWER)

    alarm = station.broadcast(station.send_urgent(flood))
    station.wait_for(lambda: len(station.as_runs(alarm.id)) >= len(others), "the others have begun")
    station.wait_for(lambda: ended(station, alarm) >= len(others), "the others have ended")

    runs = [run for run in station.as_runs(alarm.id) if run.result is ItemState.DONE]
    late = [(run.started_at - alarm.start).total_seconds() for run in runs]
    assert len(runs) == len(others)
    assert min(late) > -EARLY_S
    assert max(late) < LATE_S
    assert {run.evidence >= Evidence.RENDERED for run in runs} == {True}
    heard = station.starts_heard(alarm.occurrence)
    assert {heard[device] for device in others} == {1}
    assert heard[dead] == 0
    station.fleet.mend(slow, Fault.SLOW_LINK)


def ended(station, broadcast) -> int:
    return sum(run.result is ItemState.DONE for run in station.as_runs(broadcast.id))
