"""Writes the files of docs/protocol that are made by a program; with --check says which of them differ."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import protocol_documents
import protocol_envelopes
import protocol_examples
import protocol_guard
import protocol_relays
import protocol_schemas
import protocol_states
import protocol_time

PARTS = (
    protocol_schemas,
    protocol_examples,
    protocol_envelopes,
    protocol_documents,
    protocol_guard,
    protocol_relays,
    protocol_states,
    protocol_time,
)
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "protocol"


def made() -> dict[Path, str]:
    """Every file that is made here, and what must be in it."""
    contents: dict[str, Any] = {}
    for part in PARTS:
        contents |= part.files()
    return {FOLDER / name: _text(value) for name, value in contents.items()}


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    wished = made()
    different = [
        path for path, text in wished.items() if not path.is_file() or path.read_text("utf-8") != text
    ]
    if "--check" in arguments:
        for path in different:
            sys.stderr.write(f"{path.relative_to(FOLDER)} is not what scripts/protocol.py makes\n")
        return 1 if different else 0
    for path in different:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wished[path], "utf-8")
        sys.stdout.write(f"wrote {path.relative_to(FOLDER)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
