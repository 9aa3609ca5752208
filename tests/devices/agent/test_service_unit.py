"""The unit file of the loudspeaker: started again for ever, watched, and shut in."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from devices.speaker.cli import main

UNIT = Path(__file__).parents[3] / "deploy" / "truyen-thanh-speaker.service"


@pytest.fixture(scope="module")
def unit():
    """Every directive of the file, by section."""
    found, section = {}, ""
    for line in UNIT.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[section, key] = value
    return found


@pytest.mark.parametrize(
    ("directive", "value"),
    [
        ("Type", "notify"),
        ("Restart", "always"),
        ("WatchdogSec", "30"),
        ("SuccessExitStatus", "75"),
        ("StateDirectory", "truyen-thanh-speaker"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("DevicePolicy", "closed"),
        ("DeviceAllow", "char-alsa rw"),
        ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
        ("RestrictNamespaces", "yes"),
        ("MemoryDenyWriteExecute", "yes"),
        ("SystemCallArchitectures", "native"),
        ("SystemCallFilter", "@system-service adjtimex"),
    ],
)
def test_the_service_is_kept_running_and_shut_in(unit, directive, value):
    assert unit["Service", directive] == value


def test_it_never_gives_up_and_never_waits_for_a_network(unit):
    assert unit["Unit", "StartLimitIntervalSec"] == "0"
    assert "network" not in unit["Unit", "After"]
    assert unit["Service", "User"] != "root"


def test_the_command_of_the_service_is_one_that_the_program_has(unit):
    program, command, *options = unit["Service", "ExecStart"].split()
    assert Path(program).name == "truyen-thanh-speaker"
    shown = CliRunner().invoke(main, [command, "--help"]).output
    assert all(option in shown for option in options if option.startswith("--"))
