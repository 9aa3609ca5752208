"""Forms of the working pages: whatever is typed gives values and sentences, never an exception."""

from __future__ import annotations

import datetime as dt
import importlib.resources
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from devices.messages import AlertStatus
from schedules import recurrence
from schedules.types import Frequency, Rule
from web.forms.announcements import ANNOUNCEMENTS, blanks
from web.forms.bulletins import read_bulletin, read_decision
from web.forms.lexicon import read_entry
from web.forms.loudspeakers import read_loudspeaker
from web.forms.rule_fields import RuleFields
from web.forms.schedules import read_schedule
from web.forms.stations import read_station
from web.forms.urgent import read_send, read_urgent

VECTORS = importlib.resources.files("schedules") / "vectors"
APP = Flask(__name__)
Babel(APP)
READERS: tuple[Callable[[MultiDict[str, str]], Any], ...] = (
    read_bulletin, read_decision, read_entry, read_loudspeaker, read_schedule, read_send, read_station,
    read_urgent,
)  # fmt: skip
NAMES = [
    "title",
    "text",
    "klass",
    "source",
    "document_number",
    "document_date",
    "document_issuer",
    "area_id",
    "voice",
    "speed",
    "version",
    "decision",
    "heard",
    "note",
    "device",
    "name",
    "latitude",
    "longitude",
    "frequency",
    "starts_on",
    "until",
    "weekday",
    "time",
    "bulletin_id",
    "accepted",
    "status",
    "minutes",
    "loudspeakers",
    "written",
    "spoken",
    "language",
    "note",
    "opening_from",
    "opening",
    "lead_in_s",
]
anything = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["nan", "1e999", "٣", "-1", "9" * 30, "24:00", "0/0/0", "05:30+07:00"]),
)
fields = st.lists(st.tuples(st.sampled_from(NAMES), anything), max_size=30)


@pytest.mark.parametrize("read", READERS)
@given(typed=fields)
def test_anything_typed_gives_values_and_sentences(
    read: Callable[[MultiDict[str, str]], Any], typed: list[tuple[str, str]]
) -> None:
    with APP.test_request_context():
        form = read(MultiDict(typed))
        assert all(sentence.strip() for sentence in form.errors.values())


def test_a_missing_or_wrong_status_never_becomes_a_real_alarm() -> None:
    with APP.test_request_context():
        for value in ("", "ACTUAL", "thật", "actual;test"):
            form = read_urgent(MultiDict({"status": value}))
            assert form.status is not AlertStatus.ACTUAL
            assert "status" in form.errors


def test_a_rule_is_given_only_when_its_fields_are_right() -> None:
    right = MultiDict(
        [
            ("frequency", "weekly"),
            ("starts_on", "02/03/2026"),
            ("time", "17:00"),
            ("time", "05:30"),
            ("weekday", "6"),
        ]
    )
    with APP.test_request_context():
        rule = read_schedule(right).rule
        assert rule is not None
        assert rule.frequency is Frequency.WEEKLY
        assert rule.times == (dt.time(5, 30), dt.time(17, 0))
        assert rule.weekdays == {6}
        assert read_schedule(MultiDict([*right.items(multi=True), ("time", "sáng")])).rule is None


def test_every_prepared_announcement_but_its_blanks_is_ready_to_read() -> None:
    assert len({each.key for each in ANNOUNCEMENTS}) == len(ANNOUNCEMENTS)
    for each in ANNOUNCEMENTS:
        assert blanks(each.text)
        assert each.text.endswith(".")


def vector_rules() -> list[Rule]:
    found: dict[str, Rule] = {}
    for name in ("solar", "lunar", "validity", "exceptions", "holidays"):
        for case in json.loads((VECTORS / f"{name}.json").read_text())["cases"]:
            found[json.dumps(case["rule"])] = recurrence.from_dict(case["rule"])
    return list(found.values())


def test_the_fields_of_every_published_rule_make_that_rule_again() -> None:
    rules = vector_rules()
    assert len(rules) > 100
    for rule in rules:
        again = RuleFields.of(rule).rule()
        assert again is not None
        if rule.frequency in (Frequency.ONCE, Frequency.DATES):  # of which validity says nothing
            assert (again.times, again.dates) == (rule.times, rule.dates)
            assert (again.moved, again.skipped) == (rule.moved, rule.skipped)
        else:
            assert recurrence.validate(again) == rule
