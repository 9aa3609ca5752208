"""The published vectors, case by case, against the evaluator; and that they are what their script writes."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.resources
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schedules import airings, conflicts, filling, lunar, precedence, recurrence, resolution, slots, windows
from schedules.errors import RuleError, SlotError
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
    found = list(recurrence.occurrences(rule, instant(case["from"]), instant(case["to"]), calendar))
    assert [local(each.start) for each in found] == case["occurrences"]
    assert all(each.nominal.replace(tzinfo=LOCAL) == each.start for each in found)


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


def candidate(told: Case) -> slots.Candidate:
    wanted = told.get("airings")
    return slots.Candidate(
        id=told["id"],
        klass=told["class"],
        versions=tuple(slots.Version(**each) for each in told["versions"]),
        valid_from=instant(told["valid_from"]),
        valid_until=instant(told["valid_until"]) if "valid_until" in told else None,
        position=told.get("position"),
        airings=slots.Airings(wanted["times"], wanted["days"], dt.timedelta(seconds=wanted["gap_s"]))
        if wanted
        else None,
        areas=frozenset(told.get("areas", ())),
        around_ms=told.get("around_ms", 0),
    )


def heard(case: Case) -> dict[str, list[dt.datetime]]:
    return {each: [instant(text) for text in texts] for each, texts in case.get("heard", {}).items()}


def fill(case: Case) -> slots.Programme:
    slot, given = slots.from_dict(case["slot"]), [candidate(each) for each in case["candidates"]]
    area = frozenset(case.get("area", ()))
    return filling.fill(slot, instant(case["start"]), given, heard(case), area=area)


def is_filled(case: Case) -> None:
    programme = fill(case)
    found = [{"ref": each.ref, "offset_ms": each.offset_ms, "why": each.why} for each in programme.placed]
    assert found == case["plays"]
    assert [{"ref": each.ref, "why": each.why} for each in programme.left_out] == case["left_out"]


def is_no_slot(case: Case) -> None:
    with pytest.raises(SlotError) as caught:
        fill(case)
    assert caught.value.code == case["slot_error"]


def is_wished(case: Case) -> None:
    wanted = case["airings"]
    wish = slots.Airings(wanted["times"], wanted["days"], dt.timedelta(seconds=wanted["gap_s"]))
    refused = contextlib.nullcontext() if case["airings_error"] is None else pytest.raises(SlotError)
    with refused as caught:
        slots.validate_airings(wish)
    assert (caught.value.code if caught else None) == case["airings_error"]


def is_spread(case: Case) -> None:
    slot = slots.from_dict(case["slot"])
    sittings = [airings.Sitting(instant(each), slot) for each in case["starts"]]
    given = [candidate(each) for each in case["candidates"]]
    made = airings.spread(sittings, given, heard(case), horizon=instant(case["horizon"]))
    found: dict[str, list[str]] = {}
    for programme in made.programmes:
        for each in programme.bulletins():
            found.setdefault(each.ref, []).append(local(programme.start))
    assert found == case["airs"]
    short = [{"id": each.id, "possible": each.possible, "wanted": each.wanted} for each in made.short]
    assert short == case["short"]


def booking(told: Case) -> conflicts.Booking:
    known = {"id": "taken", "where": ["t1"], "class": "routine", "level": 2, **told}
    return conflicts.Booking(
        id=known["id"],
        start=instant(known["start"]),
        end=instant(known["end"]),
        where=frozenset(known["where"]),
        who="",
        klass=known["class"],
        level=known["level"],
    )


def displaces(case: Case) -> None:
    taken = [booking(each) for each in case["taken"]]
    found = [
        {
            "id": each.overlap.old.id,
            "from": local(each.overlap.start),
            "to": local(each.overlap.end),
            "where": sorted(each.overlap.where),
            "part": each.part,
            "left_ms": each.left_ms,
            "say": each.say,
        }
        for each in conflicts.over([booking(case["new"])], taken, decisions(case))
    ]
    assert found == case["displaced"]


def is_free(case: Case) -> None:
    found = conflicts.next_free(
        instant(case["wanted"]),
        dt.timedelta(milliseconds=case["length_ms"]),
        [booking(each) for each in case["taken"]],
        [Window(*(dt.time.fromisoformat(each) for each in window)) for window in case["windows"]],
        weekdays=case["weekdays"],
        within=dt.timedelta(days=case["within_days"]),
    )
    assert (local(found) if found else None) == case["next_free"]


# What a case asks is told by the member that holds the answer.
CHECKS: dict[str, Callable[[Case], None]] = {
    "occurrences": expands,
    "error": is_refused,
    "lunar": is_lunar,
    "opened_on": opens,
    "order": is_ordered,
    "preempts": cuts,
    "stretches": is_heard,
    "plays": is_filled,
    "slot_error": is_no_slot,
    "airings_error": is_wished,
    "airs": is_spread,
    "displaced": displaces,
    "next_free": is_free,
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
