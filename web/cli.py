"""The command ``truyen-thanh``: one program for the server, its parts and its upkeep."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final

import click

from devices.terminal import speak_vietnamese

from .commands.common import Guarded

speak_vietnamese()

# name: module under web.commands and the command in it; imported when used, so that `--help` is quick
COMMANDS: Final = {
    "run": ("serving", "run"),
    "web": ("serving", "web"),
    "worker": ("serving", "worker"),
    "broker": ("serving", "broker"),
    "demo": ("demo", "demo"),
    "say": ("speech", "say"),
    "normalise": ("normalise", "normalise"),
    "voices": ("voices", "group"),
    "bulletins": ("bulletins", "group"),
    "lexicon": ("lexicon", "group"),
    "programme": ("programme", "group"),
    "people": ("people", "group"),
    "speakers": ("speakers", "group"),
    "simulate": ("simulate", "simulate"),
    "conformance": ("conformance", "conformance"),
    "db": ("data", "database_group"),
    "keys": ("keys", "group"),
    "doctor": ("doctor", "doctor"),
}


class Commands(Guarded):
    """Finds the commands of the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"web.commands.{module}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TRUYEN_THANH_DATA_DIR",
    help="Thư mục dữ liệu; mặc định var.",
)
@click.version_option(package_name="truyen-thanh", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, data_dir: Path | None) -> None:
    """Truyền Thanh: phần mềm nguồn mở cho đài truyền thanh cấp xã."""
    context.obj = data_dir


if __name__ == "__main__":
    main()
