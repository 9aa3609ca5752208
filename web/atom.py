"""Writes an Atom feed (RFC 4287): the same entries give the same bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

NAMESPACE = "http://www.w3.org/2005/Atom"
NO_CHARACTERS = "\ufffe\uffff"
MEDIA_TYPE = "application/atom+xml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item; ``id`` is an IRI that stays the same for the same thing."""

    id: str
    title: str
    summary: str
    updated: dt.datetime
    category: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """``page`` shows the same to people; ``own`` is where the feed itself is."""

    id: str
    title: str
    author: str
    updated: dt.datetime
    own: str
    page: str
    language: str


def write(feed: Feed, entries: Iterable[Entry]) -> bytes:
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_name("feed"), {"{http://www.w3.org/XML/1998/namespace}lang": feed.language})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "updated", _instant(feed.updated))
    _text(ET.SubElement(root, _name("author")), "name", feed.author)
    ET.SubElement(root, _name("link"), rel="self", type=MEDIA_TYPE, href=feed.own)
    ET.SubElement(root, _name("link"), rel="alternate", type="text/html", href=feed.page)
    for entry in entries:
        _entry(root, entry, feed.page)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _entry(root: ET.Element, entry: Entry, page: str) -> None:
    item = ET.SubElement(root, _name("entry"))
    _text(item, "id", entry.id)
    _text(item, "title", entry.title)
    _text(item, "updated", _instant(entry.updated))
    _text(item, "summary", entry.summary)
    ET.SubElement(item, _name("link"), rel="alternate", type="text/html", href=page)
    if entry.category:
        ET.SubElement(item, _name("category"), term=entry.category)


def _text(parent: ET.Element, name: str, text: str) -> None:
    """Characters that XML has not become spaces."""
    clean = "".join(" " if letter < " " or letter in NO_CHARACTERS else letter for letter in text)
    ET.SubElement(parent, _name(name)).text = clean


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
