"""A profile says what a simulated fleet is like; what it cannot mean is refused by name."""

import random
from pathlib import Path

import pytest

from devices.errors import ProfileInvalid
from devices.simulator import Fault, Profile

EXAMPLE = Path(__file__).parents[3] / "examples" / "fleet.toml"
DEVICES = [f"loa-{n}" for n in range(2000)]


def drawn(text, seed=1):
    return Profile.parse(text).draw(DEVICES, random.Random(seed))


def test_the_example_gives_every_loudspeaker_its_own_traits_and_exact_shares():
    profile = Profile.load(EXAMPLE)
    traits = profile.draw(DEVICES, random.Random(profile.seed)).values()
    assert len({each.drift_ppm for each in traits}) > 1900
    assert all(-40 <= each.drift_ppm <= 40 and each.storage_bytes == 2_000_000_000 for each in traits)
    assert sum(each.bytes_per_s == 6_000 for each in traits) == 60
    assert sum(not each.time_service for each in traits) == 200
    assert sum(Fault.DEAD_HORN in each.faults for each in traits) == 20


def test_the_same_seed_gives_the_same_fleet_and_another_one_another():
    text = EXAMPLE.read_text()
    assert drawn(text, 3) == drawn(text, 3)
    assert drawn(text, 3) != drawn(text, 4)


def test_a_share_changes_only_what_it_names():
    traits = drawn("network = {delay_ms = 50, loss = 0.1}\n[[share]]\npercent = 50\nnetwork = {loss = 0.3}")
    assert {(each.delay_s, each.loss) for each in traits.values()} == {(0.05, 0.1), (0.05, 0.3)}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("clok = {}", "clok"),
        ("[clock]\noffset = 3", "offset"),
        ("[clock]\ndrift_ppm = 'much'", "clock.drift_ppm"),
        ("[clock]\ndrift_ppm = [20, -20]", "drift_ppm"),
        ("[network]\nloss = 1.5", "loss"),
        ("[network]\nloss = [0.5, 1.5]", "loss"),
        ("[network]\ndelay_ms = -1", "delay_ms"),
        ("[network]\nbandwidth_kbps = 0", "bandwidth_kbps"),
        ("[network]\njitter_ms = inf", "jitter_ms"),
        ("[network]\ncuts = [{after_s = 1}]", "lasts_s"),
        ("[storage]\nmegabytes = -5", "megabytes"),
        ("faults = ['sleepy']", "faults"),
        ("[[share]]\npercent = 101", "percent"),
        ("[[share]]\nname = 'all'", "percent"),
        ("[clock", "declaration"),
    ],
)
def test_what_a_profile_cannot_mean_is_refused_by_name(text, named):
    with pytest.raises(ProfileInvalid, match=named):
        Profile.parse(text)


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path):
    with pytest.raises(ProfileInvalid, match=r"nowhere\.toml"):
        Profile.load(tmp_path / "nowhere.toml")
