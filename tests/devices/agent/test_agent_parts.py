"""The small parts of the loudspeaker's program."""

import os

import pytest

from devices.messages import ClockQuality
from devices.speaker import clock as clock_module
from devices.speaker.cache import Cache
from devices.speaker.clock import SystemClock
from devices.speaker.health import free_bytes, temperature_c

DAY = 86_400_000


def test_the_cache_evicts_what_nothing_wants_after_a_day_and_keeps_the_rest(tmp_path):
    cache = Cache(tmp_path / "audio")
    now = 1_800_000_000_000
    wanted, old, fresh = "a" * 64, "b" * 64, "c" * 64
    abandoned, unfinished = f"{'d' * 64}.part", f"{wanted}.part"
    names = (wanted, old, fresh, abandoned, unfinished, "a stranger's file")
    for name in names:
        (cache.directory / name).write_bytes(b"x")
        os.utime(cache.directory / name, ((now - (DAY // 2 if name == fresh else 3 * DAY)) / 1000,) * 2)
    assert cache.evict({wanted}, now) == [old]
    assert cache.clips() == {wanted, fresh}
    left = {path.name for path in cache.directory.iterdir()}
    assert left == {wanted, fresh, unfinished, "a stranger's file"}


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
    assert free_bytes(tmp_path) > 0
    assert free_bytes(tmp_path / "nowhere") is None
    sensor = tmp_path / "temp"
    sensor.write_text("48312\n")
    assert temperature_c(sensor) == 48.312
    assert temperature_c(tmp_path / "nowhere") is None
