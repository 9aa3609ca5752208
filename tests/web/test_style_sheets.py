"""The style sheets of pages: small enough to read, each linked where it is needed, nothing left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"
SHEETS = sorted((WEB / "static/css/pages").glob("*.css"))
SOURCES = [
    path.read_text()
    for pattern in ("templates/**/*.html", "views/*.py", "static/js/**/*.js")
    for path in WEB.glob(pattern)
]
LONGEST = 420  # lines


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_a_style_sheet_is_short_and_linked_and_every_class_in_it_is_used(sheet: Path) -> None:
    css = sheet.read_text()
    assert css.count("\n") <= LONGEST
    assert any(f"css/pages/{sheet.name}" in source for source in SOURCES)
    classes = set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"/\*.*?\*/|url\([^)]*\)", "", css, flags=re.DOTALL)))
    known = "\n".join(SOURCES)
    unused = {each for each in classes if not re.search(rf"(?<![\w-]){each.split('--')[0]}(?![\w])", known)}
    assert unused == set()
