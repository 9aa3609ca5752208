"""The small parts of the loudspeaker's program."""

import os

import pytest

from devices.messages import ClockQuality
from devices.speaker import clock as clock_module
from devices.speaker.cache import Cache
from devices.speaker.clock import SystemClock
from devices.speaker.health import Sensors, free_bytes, total_bytes

DAY = 86_400_000


def test_the_cache_evicts_what_nothing_wants_after_a_day_and_keeps_the_rest(tmp_path):
    cache = Cache(tmp_path / "audio", lambda: {wanted})
    now = 1_800_000_000_000
    wanted, old, fresh = "a" * 64, "b" * 64, "c" * 64
    abandoned, unfinished = f"{'d' * 64}.part", f"{wanted}.part"
    names = (wanted, old, fresh, abandoned, unfinished, "a stranger's file")
    for name in names:
        (cache.directory / name).write_bytes(b"x")
        os.utime(cache.directory / name, ((now - (DAY // 2 if name == fresh else 3 * DAY)) / 1000,) * 2)
    assert cache.evict(now) == [old]
    assert cache.clips() == {wanted, fresh}
    left = {path.name for path in cache.directory.iterdir()}
    assert left == {wanted, fresh, unfinished, "a stranger's file"}


def test_the_cache_is_searched_now_and_then_and_at_once_when_the_clock_was_set_back(tmp_path):
    cache = Cache(tmp_path / "audio", set)
    now, minute = 1_800_000_000_000, 60_000
    gone = []
    for at in (now, now + minute, now + 11 * minute, now + 10 * minute):
        (cache.directory / ("b" * 64)).write_bytes(b"x")
        os.utime(cache.directory / ("b" * 64), ((now - 2 * DAY) / 1000,) * 2)
        gone.append(len(cache.evict(at)))
    assert gone == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("year", "steered", "quality"),
    [
        (1970, True, ClockQuality.UNKNOWN),
        (2030, True, ClockQuality.SYNCED),
        (2030, False, ClockQuality.HOLDOVER),
    ],
)
def test_the_clock_is_trusted_as_far_as_it_deserves(monkeypatch, year, steered, quality):
    monkeypatch.setattr(clock_module.time, "time_ns", lambda: (year - 1970) * 31_557_600 * 10**9)
    kernel = clock_module._Timex(status=0 if steered else clock_module._STA_UNSYNC)
    monkeypatch.setattr(clock_module, "_ask_kernel", lambda: kernel)
    assert SystemClock().quality() is quality


def test_the_kernel_is_asked_without_being_changed():
    assert SystemClock().quality() in (ClockQuality.SYNCED, ClockQuality.HOLDOVER)


def test_health_is_reported_as_far_as_it_is_known(tmp_path):
    assert 0 < free_bytes(tmp_path) <= total_bytes(tmp_path)
    assert free_bytes(tmp_path / "nowhere") is total_bytes(tmp_path / "nowhere") is None
    hot, volts, signal, broken = (tmp_path / name for name in ("hot", "volts", "signal", "broken"))
    hot.write_text("48312\n")
    volts.write_text("12.6\n")
    signal.write_text("-87\n")
    broken.write_text("nan")
    known = Sensors(voltage=volts, signal=signal, temperature=hot)
    assert (known.temperature_c(), known.voltage_v(), known.signal_dbm()) == (48.312, 12.6, -87)
    unknown = Sensors(voltage=broken, temperature=tmp_path / "nowhere")
    assert (unknown.temperature_c(), unknown.voltage_v(), unknown.signal_dbm()) == (None, None, None)


@pytest.mark.parametrize(
    ("interface", "network"), [("wwan0", "4g"), ("eth0", "ethernet"), ("wlan0", "wifi"), ("tun0", "")]
)
def test_the_network_is_named_by_the_interface_of_the_default_route(tmp_path, interface, network):
    routes = tmp_path / "route"
    routes.write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"
        f"{interface}\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\n"
    )
    assert Sensors(routes=routes).network() == network
    assert Sensors(routes=tmp_path / "nowhere").network() == ""
