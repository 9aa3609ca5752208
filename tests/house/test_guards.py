"""The table of guards names what stands in the tree: else nobody would see that a script lost its guard."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUARDS = runpy.run_path(str(ROOT / "scripts" / "guards.py"))["GUARDS"]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.script}: {guard.name}")
def test_a_guard_stands_where_the_table_has_it(guard):
    assert (ROOT / guard.path).is_file()
    for change in guard.changes:
        assert (ROOT / change.file).read_text().count(change.old) == 1
