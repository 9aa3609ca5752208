"""mosquitto as the embedded broker: its configuration, password file and access lists."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from devices.broker.accounts import Account
from devices.broker.files import write_private
from devices.errors import BrokerMissing

# Debian keeps it outside the PATH of ordinary accounts.
_PLACES = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto")

# max_inflight_messages and max_queued_messages: with the stock values the answers of more than 1,020
# loudspeakers to one command are lost without a word, and 2.0.11 never drains a queue whose head has expired.
# use_username_as_clientid: nobody can take over another's session by naming its client id.
_SETTINGS = """\
listener {port} 127.0.0.1
allow_anonymous false
use_username_as_clientid true
password_file {directory}/passwords
acl_file {directory}/access
persistence true
persistence_location {directory}/
persistence_file broker.db
autosave_interval 60
max_inflight_messages 0
max_queued_messages 100000
message_size_limit 262144
set_tcp_nodelay true
connection_messages false
log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
"""


def find_mosquitto() -> Path:
    """The mosquitto program of this machine. Raises BrokerMissing."""
    for place in (shutil.which("mosquitto"), *_PLACES):
        if place and os.access(place, os.X_OK):
            return Path(place)
    raise BrokerMissing("mosquitto is not installed")


class Mosquitto:
    """The kind of broker that serves a commune as well as a province."""

    reload_by_signal = True

    def __init__(self, program: Path) -> None:
        self._program = program
        self._name = f"mosquitto {_version(program)}"

    @property
    def name(self) -> str:
        return self._name

    def command(self, directory: Path) -> list[str]:
        return [str(self._program), "-c", str(directory / "mosquitto.conf")]

    def configure(self, directory: Path, port: int) -> None:
        settings = _SETTINGS.format(port=port, directory=directory)
        if os.geteuid() == 0:
            # Left alone, root's mosquitto becomes the account "mosquitto", which could not read our files
            # and, by changing its identity, would escape the signal that ends it with its parent.
            settings += f"user {pwd.getpwuid(0).pw_name}\n"
        write_private(directory / "mosquitto.conf", settings)

    def write_accounts(self, directory: Path, accounts: Sequence[Account]) -> None:
        write_private(directory / "passwords", "".join(f"{a.username}:{a.password_hash}\n" for a in accounts))
        lines = (line for account in accounts for line in _access(account))
        write_private(directory / "access", "".join(f"{line}\n" for line in lines))


def _access(account: Account) -> Iterator[str]:
    yield f"user {account.username}"
    for topic in account.reads:
        yield f"topic read {topic}"
    for topic in account.writes:
        yield f"topic write {topic}"


def _version(program: Path) -> str:
    shown = subprocess.run([program, "-h"], capture_output=True, text=True, timeout=10, check=False)
    found = re.search(r"version (\S+)", shown.stdout)
    return found.group(1) if found else "of unknown version"
