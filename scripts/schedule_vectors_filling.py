"""Cases of what a slot plays: by hand. The slot begins at 05:30 on 2 March 2026."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schedule_vectors_solar import local

START = dt.datetime(2026, 3, 2, 5, 30)  # noqa: DTZ001  local time, a Monday
MIDNIGHT = dt.datetime(2026, 3, 2)  # noqa: DTZ001
MINUTE = 60_000
Case = dict[str, Any]


def filling() -> list[Case]:
    told = [*filled(FILLED), *refused(REFUSED), *filled(IN_LANGUAGES)]
    return [*told, *filled(EDGES), *refused(SHAPES), *misshapen()]  # what is new at the end: ids are stable


def slot(minutes: float, entries: str, languages: str = "") -> Case:
    """As "tune nhac 0.5 | flow priority routine | piece ca 4 filling | bulletin b1 | closing - 0.5"."""
    found = [entry(each.split()) for each in entries.split("|") if each.strip()]
    return {"length_ms": round(minutes * MINUTE), "entries": found, "languages": languages.split()}


def entry(words: list[str]) -> Case:
    kind = words[0]
    if kind == "flow":
        return {"kind": kind, "fixed": False, "classes": words[1:] or ["priority", "routine"]}
    found: Case = {"kind": kind, "ref": words[1].replace("-", "")}
    if len(words) > 2 and words[2] != "filling":
        found["length_ms"] = round(float(words[2]) * MINUTE)
    if words[-1] == "filling":
        found["fixed"] = False
    return found


def candidate(text: str) -> Case:
    """As "a routine 6 position=1 from=-5 until=2.5 airings=3/5 gap=6 for=XA+XB in=vi:3+tyz:2 around=0.5".

    Minutes of audio, ``around`` those heard whichever its languages; ``from`` and ``until`` in hours after the start of the slot, ``gap`` in hours.
    """
    identity, klass, minutes, *options = text.split()
    said = dict(each.split("=") for each in options)
    found: Case = {"id": identity, "class": klass, "versions": versions(said.get("in", f"vi:{minutes}"))}
    found["valid_from"] = hours(said["from"]) if "from" in said else local(MIDNIGHT)
    if "until" in said:
        found["valid_until"] = hours(said["until"])
    if "position" in said:
        found["position"] = int(said["position"])
    if "airings" in said:
        times, days = said["airings"].split("/")
        gap_s = round(float(said.get("gap", 0)) * 3600)
        found["airings"] = {"times": int(times), "days": int(days), "gap_s": gap_s}
    if "around" in said:
        found["around_ms"] = round(float(said["around"]) * MINUTE)
    if "for" in said:
        found["areas"] = said["for"].split("+")
    return found


def versions(text: str) -> list[Case]:
    pairs = (each.split(":") for each in text.split("+"))
    return [{"language": language, "length_ms": round(float(length) * MINUTE)} for language, length in pairs]


def hours(text: str) -> str:
    return local(START + dt.timedelta(hours=float(text)))


def several(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def heard(text: str) -> dict[str, list[str]]:
    """As "a -24 -12, b -2": hours before and after the start of the slot."""
    return {words[0]: [hours(each) for each in words[1:]] for words in map(str.split, several(text))}


WHOLE = "flow"
FRAME = "tune nhac 0.5 | flow | closing - 0.5"

Filled = tuple[str, tuple[Any, ...], str, str, str, str, str]

FILLED: tuple[Filled, ...] = (
    # name, slot, candidates, heard before, area, plays (ref, minute, why), left out (ref, why)
    ("tune and closing take their time first", (10, FRAME), "a routine 6", "", "", "nhac 0 fixed, a 0.5 valid, - 6.5 fixed", ""),
    ("nothing to say", (10, FRAME), "", "", "", "nhac 0 fixed, - 0.5 fixed", ""),
    ("priority goes first", (30, WHOLE), "a routine 5 position=0, b priority 5", "", "", "b 0 priority, a 5 ordered", ""),
    ("then the order of the officer", (30, WHOLE), "a routine 5, b routine 5 position=2, c routine 5 position=1", "", "", "c 0 ordered, b 5 ordered, a 10 valid", ""),
    ("also among priority bulletins", (30, WHOLE), "own priority 5 position=1, above priority 5 position=2, new priority 1", "", "", "own 0 priority, above 5 priority, new 10 priority", ""),
    ("then what ends first", (30, WHOLE), "a routine 5, b routine 5 until=48, c routine 5 until=24", "", "", "c 0 valid, b 5 valid, a 10 valid", ""),
    ("days of airing end too", (30, WHOLE), "a routine 5 until=72, b routine 5 airings=1/2", "", "", "b 0 valid, a 5 valid", ""),
    ("then what aired least", (30, WHOLE), "a routine 5, b routine 5, c routine 5", "a -24 -12, b -24", "", "c 0 valid, b 5 valid, a 10 valid", ""),
    ("then the id", (30, WHOLE), "b routine 5, a routine 5", "", "", "a 0 valid, b 5 valid", ""),
    ("to the last millisecond", (10, WHOLE), "a routine 4, b routine 6", "", "", "a 0 valid, b 4 valid", ""),
    ("a shorter one goes in where a longer does not", (10, WHOLE), "a routine 6, b routine 5, c routine 4", "", "", "a 0 valid, c 6 valid", "b no_room"),
    ("two short routine ones never drive out priority", (8, WHOLE), "a routine 4, b routine 4, c priority 5", "", "", "c 0 priority", "a no_room, b no_room"),
    ("priority that does not fit makes room for others", (8, WHOLE), "a routine 4, c priority 9", "", "", "a 0 valid", "c no_room"),
    ("a relay that is fixed takes the room of priority", (10, "flow | relay tinh 9"), "c priority 2", "", "", "tinh 0 fixed", "c no_room"),
    ("a filling piece takes what is left", (10, "flow | piece ca 4 filling"), "a routine 6", "", "", "a 0 valid, ca 6 spare", ""),
    ("and nothing when too little is left", (10, "flow | piece ca 4 filling"), "a routine 7", "", "", "a 0 valid", "ca no_room"),
    ("a filling piece in front keeps its place", (10, "piece ca 4 filling | flow"), "a routine 6", "", "", "ca 0 spare, a 4 valid", ""),
    ("of two filling pieces the first is asked first", (10, "flow | piece ca 4 filling | piece xam 3 filling"), "a routine 5", "", "", "a 0 valid, ca 5 spare", "xam no_room"),
    ("priority and routine in places of their own", (30, "flow priority | relay tinh 10 | flow routine"), "a routine 5, b priority 5", "", "", "b 0 priority, tinh 5 fixed, a 15 valid", ""),
    ("a class without a place", (30, "flow priority"), "a routine 5, b priority 5", "", "", "b 0 priority", "a no_place"),
    ("an emergency is in no programme", (30, WHOLE), "e emergency 5", "", "", "", "e no_place"),
    ("not even where it is fixed", (30, "bulletin e | flow"), "e emergency 5", "", "", "", "e no_place"),
    ("a fixed bulletin sounds at its place only", (30, "flow | bulletin a"), "a priority 2, b routine 3", "", "", "b 0 valid, a 3 fixed", ""),
    ("its room is kept", (10, "flow | bulletin a"), "a routine 4, b priority 7", "", "", "a 0 fixed", "b no_room"),
    ("one that is not approved is silent", (10, "bulletin a | flow"), "b routine 10", "", "", "b 0 valid", "a not_approved"),
    ("one that ended is silent", (10, "bulletin a | flow"), "a routine 4 until=0, b routine 10", "", "", "b 0 valid", "a expired"),
    ("one that aired enough is silent", (10, "bulletin a | flow"), "a routine 4 airings=1/5", "a -2", "", "", "a aired_enough"),
    ("valid from this very moment", (30, WHOLE), "a routine 5 from=0, b routine 5 from=0.01", "", "", "a 0 valid", "b not_valid_yet"),
    ("valid until its last word", (30, WHOLE), "a routine 6 until=0.1, b routine 6.1 until=0.1", "", "", "a 0 valid", "b expired"),
    ("no longer valid behind what goes first", (30, WHOLE), "a routine 6 until=0.1, b priority 1", "", "", "b 0 priority", "a expired"),
    ("no longer valid behind what may come before", (30, "piece ca 1 filling | flow"), "a routine 6 until=0.1", "", "", "ca 0 spare", "a expired"),
    ("a fixed bulletin behind a flow holds until the slot ends", (30, "flow | bulletin a"), "a routine 5 until=0.4", "", "", "", "a expired"),
    ("without audio", (30, WHOLE), "a routine 0", "", "", "", "a no_audio"),
    ("languages in the order of the slot", (30, WHOLE, "tyz vi"), "a routine - in=vi:3+tyz:2+hmn:4, b routine 5", "", "", "a 0 valid, b 5 valid", ""),
    ("without a language of its listeners", (30, WHOLE, "nun"), "a routine 5", "", "", "", "a no_audio"),
    ("a language without audio takes no time", (30, WHOLE), "a routine - in=vi:3+tyz:0, b routine 1", "", "", "a 0 valid, b 3 valid", ""),
    ("aired as often as wanted", (30, WHOLE), "a routine 5 airings=2/5 from=-72, b routine 5 airings=3/5 from=-72", "a -48 -24, b -48 -24", "", "b 0 valid", "a aired_enough"),
    ("airings before its days do not count", (30, WHOLE), "a routine 5 airings=1/5", "a -24", "", "a 0 valid", ""),
    ("too soon after an airing", (30, WHOLE), "a routine 5 airings=3/5 gap=6 from=-24", "a -5.9", "", "", "a too_soon"),
    ("too soon before an airing that is planned", (30, WHOLE), "a routine 5 airings=3/5 gap=6 from=-24", "a 5.9", "", "", "a too_soon"),
    ("a gap that is just long enough", (30, WHOLE), "a routine 5 airings=3/5 gap=6 from=-24", "a -6 6", "", "a 0 valid", ""),
    ("for other villages", (30, WHOLE), "a routine 5 for=XA.2, b routine 5 for=XA.1+XA.2, c routine 5 for=XA, d routine 5", "", "XA.1 XA TINH", "b 0 valid, c 5 valid, d 10 valid", "a other_area"),
    ("the first reason is the area", (30, WHOLE), "a routine 5 for=XA.2 until=-1", "", "XA.1 XA", "", "a other_area"),
)  # fmt: skip

IN_LANGUAGES: tuple[Filled, ...] = (
    # as above
    ("signal and closing are heard once, whatever the languages", (30, WHOLE, "tyz vi"), "a routine - in=vi:3+tyz:2+hmn:4 around=0.5, b routine 5", "", "", "a 0 valid, b 5.5 valid", ""),
    ("they take room too", (10, WHOLE, "tyz"), "a routine - in=vi:3+tyz:5 around=0.5, b routine - in=vi:1+tyz:4 around=0.6", "", "", "a 0 valid", "b no_room"),
    ("nothing is heard around nothing", (30, WHOLE, "nun"), "a routine - in=vi:3+tyz:2 around=0.5", "", "", "", "a no_audio"),
    ("a language that is missing is not waited for", (30, WHOLE, "tyz vi en"), "a routine - in=vi:3+en:2 around=1, b routine - in=vi:2, c routine - in=en:1+tyz:1", "", "", "a 0 valid, b 6 valid, c 8 valid", ""),
    ("a fixed bulletin is heard in the languages of its slot", (10, "bulletin a | flow", "tyz"), "a routine - in=vi:9+tyz:3 around=1, b routine - in=tyz:6", "", "", "a 0 fixed, b 4 valid", ""),
)  # fmt: skip


EDGES: tuple[Filled, ...] = (
    # as above
    ("where nobody asks for an area everything is for it", (30, WHOLE), "a routine 5 for=XA.2", "", "", "a 0 valid", ""),
    ("a fixed bulletin in front holds until its own end", (30, "bulletin a | flow"), "a routine 6 until=0.1", "", "", "a 0 fixed", ""),
    ("and not a moment less", (30, "tune nhac 0.1 | bulletin a | flow"), "a routine 6 until=0.1", "", "", "nhac 0 fixed", "a expired"),
    ("no longer valid behind a fixed bulletin", (30, "bulletin a | flow"), "a routine 5, b routine 3 until=0.1", "", "", "a 0 fixed", "b expired"),
    ("a fixed bulletin that is silent takes no time from those behind it", (30, "bulletin a | flow"), "a routine 0, b routine 6 until=0.1", "", "", "b 0 valid", "a no_audio"),
    ("not a millisecond longer than it holds", (30, WHOLE), "a routine 6.00002 until=0.1", "", "", "", "a expired"),
    ("not a millisecond longer than the slot", (10, WHOLE), "a routine 10.00002", "", "", "", "a no_room"),
    ("over, and aired enough: it is over", (30, WHOLE), "a routine 5 until=0 airings=1/5 from=-24", "a -5", "", "", "a expired"),
    ("aired enough, and too soon: it aired enough", (30, WHOLE), "a routine 5 airings=1/5 gap=6 from=-24", "a -5", "", "", "a aired_enough"),
    ("too soon after an airing before its days", (30, WHOLE), "a routine 5 airings=2/5 gap=6", "a -5.9", "", "", "a too_soon"),
    ("a frame that fills the slot", (10, "tune nhac 1 | relay tinh 9"), "", "", "", "nhac 0 fixed, tinh 1 fixed", ""),
    ("a slot of a whole day", (1440, WHOLE), "a routine 1440", "", "", "a 0 valid", ""),
    ("a hundred entries", (100, " | ".join(["chime - 1"] * 100)), "", "", "", ", ".join(f"- {n} fixed" for n in range(100)), ""),
    ("priority behind what the officer put first among routine ones", (30, WHOLE), "a routine 5 position=0, b priority 5 position=9, c priority 5", "", "", "b 0 priority, c 5 priority, a 10 ordered", ""),
    ("a shorter routine one where a priority one did not fit", (10, "flow priority | flow routine"), "a priority 6, b priority 5, c routine 4, d routine 3", "", "", "a 0 priority, c 6 valid", "b no_room, d no_room"),
)  # fmt: skip


def filled(told: tuple[Filled, ...]) -> list[Case]:
    return [
        {
            "name": name,
            "source": "hand",
            "slot": slot(*shape),
            "start": local(START),
            "candidates": [candidate(each) for each in several(candidates)],
            "heard": heard(before),
            "area": area.split(),
            "plays": [placed(each) for each in several(plays)],
            "left_out": [dict(zip(("ref", "why"), each.split(), strict=True)) for each in several(left_out)],
        }
        for name, shape, candidates, before, area, plays, left_out in told
    ]


def placed(text: str) -> Case:
    ref, minute, why = text.split()
    return {"ref": ref.replace("-", ""), "offset_ms": round(float(minute) * MINUTE), "why": why}


REFUSED = (
    # name, slot, candidates, code
    ("no length", (0, WHOLE), "", "bad_length"),
    ("longer than a day", (1441, WHOLE), "", "bad_length"),
    ("a relay without a length", (30, "relay tinh"), "", "bad_entry_length"),
    ("a flow without a class that may flow", (30, "flow emergency"), "", "bad_class"),
    ("a class in two places", (30, "flow priority | flow priority routine"), "", "repeated_class"),
    ("routine in front of priority", (30, "flow routine | flow priority"), "", "routine_before_priority"),
    ("one bulletin in two places", (30, "bulletin a | bulletin a"), "", "repeated_bulletin"),
    ("one language twice", (30, WHOLE, "vi vi"), "", "repeated_language"),
    ("a frame that is longer than the slot", (10, "tune nhac 1 | relay tinh 10"), "", "over_full"),
    (
        "a fixed bulletin that makes it too long",
        (10, "bulletin a | relay tinh 9"),
        "a routine 2",
        "over_full",
    ),
)


SHAPES = (
    ("no entries", (30, ""), "", "no_entries"),
    ("a hundred and one entries", (101, " | ".join(["chime - 1"] * 101)), "", "too_many_entries"),
    ("a moment longer than a day", (1440.001, WHOLE), "", "bad_length"),
    ("a piece that has no name", (30, "piece - 4"), "", "no_ref"),
    ("a chime without a length", (30, "chime gong"), "", "bad_entry_length"),
    ("a bulletin that only fills", (30, "bulletin a filling"), "", "bulletin_is_fixed"),
    ("a bulletin of a stated length", (30, "bulletin a 5"), "", "bad_entry_length"),
    (
        "a frame that is a moment longer than the slot",
        (10, "tune nhac 1.0001 | relay tinh 9"),
        "",
        "over_full",
    ),
)


def misshapen() -> list[Case]:
    """What the short form of a slot cannot say."""
    flow = {"kind": "flow", "fixed": False, "classes": ["routine"]}
    return [
        {
            **refused(((name, (30, WHOLE), "", code),))[0],
            "slot": {"length_ms": 30 * MINUTE, "entries": [entry]},
        }
        for name, entry, code in (
            ("a flow that is fixed", {**flow, "fixed": True}, "flow_is_filling"),
            ("a flow of no class", {**flow, "classes": []}, "no_class"),
            ("a flow of a stated length", {**flow, "length_ms": MINUTE}, "bad_entry_length"),
            ("an entry of no known kind", {**flow, "kind": "jingle"}, "malformed"),
        )
    ]


def refused(told: tuple[tuple[str, tuple[Any, ...], str, str], ...]) -> list[Case]:
    return [
        {
            "name": name,
            "source": "hand",
            "slot": slot(*shape),
            "start": local(START),
            "candidates": [candidate(each) for each in several(candidates)],
            "slot_error": code,
        }
        for name, shape, candidates, code in told
    ]
