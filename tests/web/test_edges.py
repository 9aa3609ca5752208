"""Headers, errors, languages and the transaction of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g

from broadcast import errors as domain
from broadcast.models import Person
from broadcast.storage.database import Database
from broadcast.units import people
from web import filters, i18n
from web.errors import refuse, sentence, status_of
from web.sentences import SENTENCES

WEB = Path(i18n.__file__).parent


def every_error(kind: type[domain.DomainError] = domain.DomainError) -> Iterator[type[domain.DomainError]]:
    if kind.__module__.startswith("broadcast."):  # tests make classes of their own
        yield kind
    for below in kind.__subclasses__():
        yield from every_error(below)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_refusal_has_a_status_and_a_sentence(app: Flask, language: str) -> None:
    with app.test_request_context(headers={"Cookie": f"language={language}"}):
        for kind in set(every_error()):
            assert kind.code in SENTENCES, kind
            text = sentence(kind())
            assert text.endswith("."), kind
            assert "%(" not in text, kind
            assert status_of(kind()) in {401, 403, 404, 409, 422, 429, 500, 503}


def test_every_sentence_has_english() -> None:
    assert i18n.missing() == []


def test_translations_keep_their_values() -> None:
    for message in i18n.catalogue():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        names = set(re.findall(r"%\((\w+)\)s", ids[0]))
        assert all(set(re.findall(r"%\((\w+)\)s", text)) == names for text in strings), message.id


def test_translations_can_be_compiled() -> None:
    assert [(message.id, errors) for message, errors in i18n.catalogue().check()] == []


def test_every_icon_of_the_pages_is_in_the_sprite() -> None:
    listed = {
        line
        for line in (WEB / "assets/icons.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    sources = [*WEB.rglob("templates/**/*.html"), *WEB.rglob("*.py")]
    text = "\n".join(path.read_text() for path in sources)
    called = set(re.findall(r"ui\.icon\('([a-z0-9-]+)'", text)) | set(
        re.findall(r"icons\.svg'\) \}\}#([a-z-]+)", text)
    )
    assert called <= listed
    words = set(re.findall(r"['\"]([a-z][a-z0-9-]*)['\"]", text)) | called
    assert listed <= words, "icons nobody uses"


def test_nothing_inline_and_nothing_from_elsewhere() -> None:
    for path in WEB.rglob("templates/**/*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|<style|hx-on", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text), path


def test_headers_close_the_doors(client: Any) -> None:
    headers = client.get("/sign-in").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "microphone=(self)" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_static_files_are_kept_by_the_browser(client: Any) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = client.get(address.partition("#")[0])
        assert answer.status_code == 200, address
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        answer.close()


def _failing_pages(app: Flask) -> None:
    def crash() -> str:
        raise ZeroDivisionError

    def busy() -> str:
        raise domain.DatabaseBusy(cause="test")

    def stale() -> str:
        raise domain.StaleVersion(expected=1, current=2)

    def rename_and_refuse() -> tuple[str, int]:
        people.get_person(g.session, 1).name = "Không được lưu"
        return "refused", refuse(domain.EmptyTitle())

    def rename_and_crash() -> str:
        people.get_person(g.session, 1).name = "Không được lưu"
        g.session.flush()
        raise ZeroDivisionError

    for view in (crash, busy, stale, rename_and_refuse, rename_and_crash):
        app.add_url_rule(f"/test/{view.__name__}", view_func=view, methods=["GET", "POST"])


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Không tìm thấy trang"),
        ("/test/crash", 500, "Máy chủ gặp lỗi"),
        ("/test/busy", 503, "Máy chủ đang bận"),
        ("/test/stale", 409, "Người khác đã sửa"),
        ("/preferences", 405, "Hôm nay"),
    ],
)
def test_errors_are_pages_in_vietnamese_and_alerts_for_partial_requests(
    app: Flask, client: Any, path: str, status: int, words: str
) -> None:
    _failing_pages(app)
    text = client.read(path, status=status)
    assert words in text
    assert '<html lang="vi"' in text
    partial = client.get(path, headers={"HX-Request": "true"})
    assert partial.status_code == status
    assert partial.headers["HX-Retarget"] == "#toasts"
    assert "<html" not in partial.get_data(as_text=True)


def test_a_large_upload_is_refused_with_a_sentence(client: Any) -> None:
    answer = client.send("/sign-in", username="x" * 3_000_000)
    assert answer.status_code == 413
    assert "2 MB" in answer.get_data(as_text=True)


def test_what_was_refused_or_crashed_is_not_saved(
    app: Flask, cast: Any, client_of: Callable[[Person], Any], database: Database
) -> None:
    _failing_pages(app)
    client = client_of(cast.lan)
    assert client.send("/test/rename_and_refuse").status_code == 422
    assert client.send("/test/rename_and_crash").status_code == 500
    with database.transaction(read_only=True) as session:
        assert people.get_person(session, 1).name != "Không được lưu"


def test_reading_a_page_writes_nothing(app: Flask, cast: Any, client_of: Callable[[Person], Any]) -> None:
    _failing_pages(app)
    assert client_of(cast.lan).get("/test/rename_and_crash").status_code >= 500


def test_sizes_and_times_are_told_in_the_unit_one_would_say(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": "language=vi"}):
        assert [filters.size(count) for count in (40_000, 2_500_000, 73_666_800_000)] == [
            "40 KB",
            "2,5 MB",
            "73,7 GB",
        ]
        hour = 3_600_000
        assert [filters.lasting(each) for each in (12_000, 2 * hour, 111 * hour)] == [
            "12 giây",
            "2 giờ 0 phút",
            "4 ngày",
        ]
