"""Every way in which a rule can be wrong is said in a sentence, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

import schedules
from broadcast.errors import RuleInvalid
from web import i18n, rule_words
from web.errors import sentence

FOLDER = Path(schedules.__file__).parent
CODES = {
    code for path in FOLDER.glob("*.py") for code in re.findall(r'\bRuleError\(\s*"(\w+)"', path.read_text())
}


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("words")
    i18n.install(app)
    return app


def test_every_code_of_a_rule_has_a_sentence_and_no_sentence_is_left_over() -> None:
    assert len(CODES) > 20
    assert set(rule_words.SENTENCES) == CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_sentence_tells_its_values_in_both_languages(app: Flask, code: str) -> None:
    values = {
        name: f"<{name}>"
        for name in ("limit", "time", "date", "first", "last", "longest", "part", "least", "most")
    }
    said = []
    for language in ("vi", "en"):
        with app.test_request_context(), force_locale(language):
            said.append(rule_words.sentence(code, values))
    assert said[0] != said[1]
    assert "%" not in "".join(said)
    assert re.findall(r"<\w+>", said[0]) == re.findall(r"<\w+>", said[1])


def test_a_refused_rule_is_told_by_its_own_sentence(app: Flask) -> None:
    with app.test_request_context(), force_locale("vi"):
        assert (
            sentence(RuleInvalid(why="bad_interval", interval=0, limit=1000))
            == "Khoảng lặp phải từ 1 đến 1000."
        )
        assert "Không đọc được" in sentence(RuleInvalid(why="of_tomorrow"))
