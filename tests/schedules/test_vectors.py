"""The published vectors, case by case, against the evaluator; and that they are what their script writes."""

from __future__ import annotations

import datetime as dt
import importlib.resources
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schedules import lunar, precedence, recurrence, resolution, windows
from schedules.errors import RuleError
from schedules.holidays import NATIONAL, Calendar
from schedules.types import LOCAL, Window

ROOT = Path(__file__).resolve().parents[2]
FOLDER = importlib.resources.files("schedules") / "vectors"
FILES = {
    Path(file.name).stem: json.loads(file.read_text(encoding="utf-8"))
    for file in FOLDER.iterdir()
    if file.name.endswith(".json")
}
CASES = [case for file in FILES.values() for case in file["cases"]]
Case = dict[str, Any]


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def local(moment: dt.datetime) -> str:
    return moment.astimezone(LOCAL).isoformat()


def expands(case: Case) -> None:
    calendar = Calendar.from_dict(case["calendar"]) if "calendar" in case else NATIONAL
    rule = recurrence.from_dict(case["rule"])
    found = recurrence.occurrences(rule, instant(case["from"]), instant(case["to"]), calendar)
    assert [f"{each.nominal.isoformat()}+07:00" for each in found] == case["occurrences"]


def is_refused(case: Case) -> None:
    with pytest.raises(RuleError) as caught:
        recurrence.from_dict(case["rule"])
    assert caught.value.code == case["error"]


def is_lunar(case: Case) -> None:
    day = dt.date.fromisoformat(case["date"])
    assert lunar.lunar_date(day) == lunar.LunarDate(**case["lunar"])


def opens(case: Case) -> None:
    window = Window(*(dt.time.fromisoformat(each) for each in case["window"]))
    at = instant(case["at"])
    anchor = windows.anchor(window, at)
    assert windows.contains(window, at) == (anchor is not None)
    if anchor is None:
        assert case["opened_on"] is None
        assert local(windows.next_open(window, at)) == case["opens"]
    else:
        assert str(anchor) == case["opened_on"]
        assert local(windows.closes(window, at)) == case["closes"]
        assert windows.opening(window, anchor)[1] == windows.closes(window, at)


def claim(told: Case) -> precedence.Claim:
    return precedence.Claim(told["id"], told["class"], told["level"], instant(told["start"]))


def decisions(case: Case) -> list[precedence.Decision]:
    return [precedence.Decision(**{**each, "at": instant(each["at"])}) for each in case["decisions"]]


def is_ordered(case: Case) -> None:
    ordered = precedence.in_order([claim(each) for each in case["claims"]], decisions(case))
    assert [each.id for each in ordered] == case["order"]


def cuts(case: Case) -> None:
    newcomer, playing = claim(case["newcomer"]), claim(case["playing"])
    assert precedence.preempts(newcomer, playing, decisions(case)) == case["preempts"]


def is_heard(case: Case) -> None:
    airings = [
        resolution.Airing(claim(each), dt.timedelta(seconds=each["seconds"]), instant(each["latest"]))
        for each in case["airings"]
    ]
    found = [
        {"id": each.id, "from": local(each.start), "to": local(each.end), "ending": each.ending.value}
        for each in resolution.play(airings, decisions(case))
    ]
    assert found == case["stretches"]


# What a case asks is told by the member that holds the answer.
CHECKS: dict[str, Callable[[Case], None]] = {
    "occurrences": expands,
    "error": is_refused,
    "lunar": is_lunar,
    "opened_on": opens,
    "order": is_ordered,
    "preempts": cuts,
    "stretches": is_heard,
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_vectors_hold(name: str) -> None:
    for case in FILES[name]["cases"]:
        (answer,) = CHECKS.keys() & case.keys()
        try:
            CHECKS[answer](case)
        except AssertionError as error:
            raise AssertionError(f"{case['id']}, {case['name']}: {error}") from error


def test_there_are_enough_cases_each_with_an_id_and_a_source_that_is_not_the_evaluator() -> None:
    assert len(CASES) >= 300
    assert len({case["id"] for case in CASES}) == len(CASES)
    assert {case["source"] for case in CASES} == {"dateutil", "lunar-vn and vnlunar", "hand"}
    assert {file["format"] for file in FILES.values()} == {"schedule-vectors/1"}


def test_a_case_of_a_rule_that_the_evaluator_gets_wrong_is_noticed() -> None:
    case = next(each for each in FILES["solar"]["cases"] if each["occurrences"])
    with pytest.raises(AssertionError):
        expands({**case, "occurrences": case["occurrences"][1:]})


def test_the_vectors_are_what_their_script_writes() -> None:
    script = ROOT / "scripts" / "schedule_vectors.py"
    result = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_script_does_not_ask_the_evaluator() -> None:
    texts = [path.read_text() for path in (ROOT / "scripts").glob("schedule_vectors*.py")]
    assert len(texts) > 5
    assert not [text for text in texts if "import schedules" in text or "from schedules" in text]
