"""Refuses modules of more than 400 lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIMIT = 400  # lines
SUFFIXES = {".py", ".js", ".mjs", ".html", ".sh"}


def tracked_files(root: Path) -> list[Path]:
    """Files of the work tree that git knows or would add, in order of name."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    return [root / name for name in sorted(listing.decode().split("\0")) if name]


def too_long(root: Path) -> list[tuple[Path, int]]:
    found = []
    for path in tracked_files(root):
        name = path.relative_to(root)
        if path.suffix in SUFFIXES and path.is_file():
            lines = len(path.read_bytes().splitlines())
            if lines > LIMIT:
                found.append((name, lines))
    return found


def main() -> int:
    problems = too_long(Path(__file__).resolve().parent.parent)
    for path, lines in problems:
        sys.stderr.write(f"{path}: {lines} lines, at most {LIMIT} are allowed\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
