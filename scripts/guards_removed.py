"""Shows that every script of a real failure fails without its guard: removes each in a copy, and looks.

With names of scripts as arguments only those are tried. Ends with 1 when a script does not pass with all
guards, or still passes without one.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from guards import GUARDS, Change

ROOT = Path(__file__).resolve().parent.parent
LINKED = (".venv", "node_modules")
LEFT_OUT = (*LINKED, ".git", ".setup", "var", "dist", "screenshots", "__pycache__", ".*_cache", ".hypothesis")
PATIENCE_S = "25"  # of the tests for what never comes
LONGEST_S = 300
SOME_FAILED = 1  # of pytest; others mean that the tests could not run
_COUNT = itertools.count(1)


class Run(NamedTuple):
    passed: bool
    failed: str  # the test
    why: str
    seconds: float


def main(arguments: Sequence[str]) -> int:
    wanted = [guard for guard in GUARDS if not arguments or guard.script in arguments]
    good = True
    with copy_of_the_tree() as tree:
        for path, guards in itertools.groupby(wanted, key=lambda guard: guard.path):
            script = Path(path).stem.removeprefix("test_")
            whole = run(tree, path)
            good &= whole.passed
            show(script, "(nothing removed)", "passes" if whole.passed else f"FAILS: {whole.why}", whole)
            for guard in guards:
                with removed(tree, guard.changes):
                    without = run(tree, path, guard.test)
                good &= bool(without.failed)
                verdict = f"fails: {without.failed}: {without.why}" if without.failed else "STILL PASSES"
                show(script, guard.name, verdict, without)
    return 0 if good else 1


@contextmanager
def copy_of_the_tree() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        tree = Path(folder, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for name in LINKED:
            if (ROOT / name).exists():
                (tree / name).symlink_to((ROOT / name).resolve())
        yield tree


@contextmanager
def removed(tree: Path, changes: Sequence[Change]) -> Iterator[None]:
    """Without a guard for a while. Raises SystemExit where it does not stand as it is written here."""
    before = {tree / change.file: (tree / change.file).read_text() for change in changes}
    for change in changes:
        path = tree / change.file
        if before[path].count(change.old) != 1:
            raise SystemExit(f"{change.file} does not hold exactly once: {change.old!r}")
        write(path, before[path].replace(change.old, change.new))
    try:
        yield
    finally:
        for path, text in before.items():
            write(path, text)


def write(path: Path, text: str) -> None:
    """With a time of its own: compiled files are compared by whole seconds."""
    path.write_text(text)
    instant = int(time.time()) + 10 * next(_COUNT)
    os.utime(path, (instant, instant))


def run(tree: Path, path: str, test: str = "") -> Run:
    command = [sys.executable, "-m", "pytest", "--no-cov", "-n0", "-x", path]
    environ = os.environ | {"PYTHONPATH": str(tree), "PATIENCE_S": PATIENCE_S}
    began = time.monotonic()
    done = subprocess.run(
        [*command, *(["-k", test] if test else [])],
        cwd=tree,
        env=environ,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode not in (0, SOME_FAILED):
        raise SystemExit(f"{path} cannot run:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    name = re.search(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)
    reason = re.search(r"^E +(.+)$", done.stdout, re.MULTILINE)
    return Run(
        passed=done.returncode == 0,
        failed=name[1] if name else "",
        why=reason[1][:90] if reason else "",
        seconds=seconds,
    )


def show(script: str, guard: str, verdict: str, run: Run) -> None:
    sys.stdout.write(f"{script:<22}{guard:<50}{run.seconds:6.1f} s  {verdict}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
