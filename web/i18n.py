"""Vietnamese is written in the templates; English is read from its catalogue when the server starts.

``python -m web.i18n update`` extracts the sentences into the catalogue and lists those without English.
"""

from __future__ import annotations

import io
import sys
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request
from flask_babel import Babel, Domain, get_locale

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
SOURCE = "vi"
COOKIE = "language"
ROOT = Path(__file__).parent
CATALOGUE = ROOT / "translations" / "en" / "LC_MESSAGES" / "messages.po"
SOURCES = [("**.py", "python"), ("templates/**.html", "jinja2")]


class Catalogues(Domain):  # type: ignore[misc]
    """Serves the .po files from memory, so no compiled file can be missing or old."""

    def get_translations(self) -> NullTranslations:
        return english() if str(get_locale()) == "en" else NullTranslations()


@cache
def english() -> Translations:
    buffer = io.BytesIO()
    write_mo(buffer, catalogue())
    buffer.seek(0)
    return Translations(buffer, domain="messages")


def install(app: Flask) -> None:
    babel = Babel(
        app,
        default_locale=SOURCE,
        default_timezone="Asia/Ho_Chi_Minh",
        locale_selector=chosen_language,
    )
    app.extensions["babel"].instance.domain_instance = Catalogues()
    app.extensions["babel_object"] = babel


def chosen_language() -> str:
    """The person's own choice, else the cookie of the sign-in page, else Vietnamese."""
    viewer = g.get("viewer")
    wish = viewer.language if viewer is not None else request.cookies.get(COOKIE, SOURCE)
    return wish if wish in LANGUAGES else SOURCE


def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def extract() -> Catalog:
    """Every sentence of the pages and of the Python code of this folder."""
    found = Catalog(locale="en", project="Truyền Thanh", charset="utf-8")
    options = {"templates/**.html": {"silent": "false", "trimmed": "true"}}
    for file, line, message, comments, context in extract_from_dir(
        ROOT, SOURCES, options, keywords=KEYWORDS, comment_tags=()
    ):
        found.add(message, None, [(f"web/{file}", line)], auto_comments=comments, context=context)
    return found


UNSTEADY = (
    b'"Report-Msgid-Bugs-To',
    b'"POT-Creation-Date',
    b'"PO-Revision-Date',
    b'"Last-Translator',
    b'"Language-Team',
    b'"Generated-By',
)
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "_l": None,
    "ngettext": (1, 2),
}


def missing() -> list[str]:
    """Sentences without an English translation."""
    known = catalogue()
    names = []
    for message in extract():
        entry = known.get(message.id) if message.id else None
        if message.id and (entry is None or not _translated(entry.string)):
            names.append(message.id if isinstance(message.id, str) else message.id[0])
    return names


def update() -> None:
    """Bring the catalogue to the sentences of today, keeping what is translated."""
    merged = catalogue()
    merged.update(extract(), no_fuzzy_matching=True)
    merged.obsolete.clear()
    for message in merged:
        message.locations = []
    write(merged)


def write(merged: Catalog) -> None:
    """Without dates and places of origin: two builders who change two sentences change two places."""
    buffer = io.BytesIO()
    write_po(buffer, merged, width=0, sort_output=True)
    lines = buffer.getvalue().splitlines(keepends=True)
    CATALOGUE.write_bytes(b"".join(line for line in lines if not line.startswith(UNSTEADY)))


def _translated(text: object) -> bool:
    return bool(text) and (isinstance(text, str) or (isinstance(text, (tuple, list)) and all(text)))


def main(arguments: list[str]) -> int:
    if arguments == ["update"]:
        update()
    names = missing()
    sys.stdout.writelines(f"{name}\n" for name in names)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
