"""The documents lead somewhere: links resolve and what they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from broadcast import settings
from tts import normalise
from tts.types import Doubt, TokenKind

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(document: Path) -> set[str]:
    """The anchors a reader of the rendered page can jump to."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_inside_the_project_resolve(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        assert file.exists(), f"{document.name}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{document.name}: {target}"


def test_every_decision_is_numbered_and_listed() -> None:
    folder = ROOT / "docs/adr"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text()
    assert [name[:4] for name in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    assert [name for name in records if f"({name})" not in index] == []


def test_every_target_of_the_makefile_is_explained() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):(.*)$", text, flags=re.MULTILINE)
    assert [name for name, rest in targets if "##" not in rest] == []


def settings_table() -> dict[str, str]:
    """Name and default of every row in the README."""
    rows = re.findall(
        r"^\| `TRUYEN_THANH_([A-Z_]+)` \| (.+?) \|", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    return {name.lower(): default for name, default in rows}


def test_the_settings_table_names_every_setting_and_no_other() -> None:
    assert sorted(settings_table()) == sorted(settings.READERS)


def test_the_settings_table_tells_the_true_defaults() -> None:
    defaults = settings.Settings()
    for name, told in settings_table().items():
        if told.startswith("`"):  # the others follow from other settings
            value = getattr(defaults, name)
            words = (
                ",".join(value)
                if isinstance(value, tuple)
                else f"{value:g}"
                if isinstance(value, float)
                else value
            )
            assert told == f"`{words}`", name


READING = (ROOT / "docs/reading.md").read_text()


def reading_rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page about reading."""
    section = READING.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line[1:-1].split("|")] for line in section.splitlines() if line[:2] == "| "
    ]
    return rows[1:]


def test_the_page_about_reading_names_every_class_and_says_what_the_program_says() -> None:
    rows = reading_rows("Classes")
    assert [row[0] for row in rows] == [kind.value for kind in TokenKind]
    for kind, modules, written, said in rows:
        for module in re.findall(r"`(\w+)`", modules):
            assert (ROOT / f"tts/normalise/{module}.py").exists(), module
        if kind != TokenKind.LEXICON:  # which says what its entry says
            spoken = normalise.read(written)
            assert normalise.plain(spoken) == said
            assert kind in {token.kind for sentence in spoken.sentences for token in sentence.tokens}


def test_the_page_about_reading_shows_every_doubt() -> None:
    rows = reading_rows("Doubts")
    assert {row[0] for row in rows} == set(Doubt)
    for doubt, _why, written, piece, said in rows:
        (token,) = normalise.read(written).doubts
        assert (token.doubt, token.written, token.spoken or "–") == (doubt, piece, said)


def test_the_lines_that_show_how_to_add_a_word_stand_in_their_tables() -> None:
    for _what, where, line in reading_rows("Where to put what is missing"):
        name = re.findall(r"`(.+?)`", where)[0]
        assert line.strip("`") in (ROOT / "tts/normalise/tables" / name).read_text(), line
