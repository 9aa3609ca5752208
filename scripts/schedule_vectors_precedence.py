"""Cases of precedence: by hand. Times are minutes after 05:30 on 2 March 2026."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schedule_vectors_solar import local

START = dt.datetime(2026, 3, 2, 5, 30)  # noqa: DTZ001  local time
Numbers = int | float

LEVELS = {"nation": 0, "province": 1, "commune": 2, "village": 3}


def moment(minutes: Numbers) -> str:
    return local(START + dt.timedelta(minutes=minutes))


def claim(text: str) -> dict[str, Any]:
    """As "a priority commune 5": id, class, level of the unit, start."""
    identity, klass, unit, start = text.split()
    return {"id": identity, "class": klass, "level": LEVELS[unit], "start": moment(float(start))}


def decision(text: str, minute: int) -> dict[str, Any]:
    """As "a<b commune": who decides that a goes before b."""
    order, unit = text.split()
    first, second = order.split("<")
    return {
        "first": first,
        "second": second,
        "level": LEVELS[unit],
        "by": "Nguyễn Văn An",
        "at": moment(minute),
    }


def precedence() -> list[dict[str, Any]]:
    return [*orders(ORDERS), *cuts(CUTS), *heard(HEARD), *orders(WORDS), *cuts(UNCUT), *heard(EDGES)]


ORDERS = (
    # name, claims, decisions, order
    ("class goes first", "r routine nation 0, p priority village 1, e emergency village 2", "", "e p r"),
    ("then the level", "c priority commune 0, n priority nation 2, p priority province 1", "", "n p c"),
    ("then the start", "a routine commune 9, b routine commune 3, c routine commune 6", "", "b c a"),
    ("then the id", "b routine commune 0, c routine commune 0, a routine commune 0", "", "a b c"),
    ("level before start", "early routine village 0, late routine province 30", "", "late early"),
    ("class before level", "own priority village 0, above routine nation 0", "", "own above"),
    ("a commune puts its own first", "up priority province 0, own priority commune 5", "own<up commune", "own up"),
    ("a commune puts its routine first", "up priority province 0, own routine commune 5", "own<up commune", "own up"),
    ("and what is a village's", "up priority province 0, own routine village 5", "own<up commune", "own up"),
    ("a village does so too", "up priority province 0, own routine village 5", "own<up village", "own up"),
    ("the later word counts", "up priority province 0, own priority commune 5", "own<up commune, up<own commune", "up own"),
    ("and the one after it", "up priority province 0, own priority commune 5", "own<up commune, up<own commune, own<up commune", "own up"),
    ("a word taken back leaves no trace", "up priority province 0, x priority commune 1, own priority commune 5", "own<up commune, up<own commune", "up x own"),
    ("never an emergency from above", "up emergency province 0, own priority commune 5", "own<up commune", "up own"),
    ("nor its own, which is first anyway", "up priority province 0, own emergency commune 5", "up<own commune", "own up"),
    ("routine from above goes by the rule", "up routine province 0, own routine commune 5", "own<up commune", "up own"),
    ("two of one unit go by the rule", "a priority commune 0, b priority commune 5", "b<a commune", "a b"),
    ("another's conflict is not the commune's", "n priority nation 0, p priority province 5", "p<n commune", "n p"),
    ("a province decides about the nation's", "n priority nation 0, p priority province 5", "p<n province", "p n"),
    ("what is put later overtakes nothing else", "up priority province 0, own priority commune 1, talk routine commune 2", "talk<up commune", "own talk up"),
    ("nor is it put before what was ahead of it", "e emergency commune 9, up priority province 0, own routine commune 2", "own<up commune", "e own up"),
    ("of two from above one is put later", "a priority nation 0, b priority province 0, own routine commune 0", "own<a commune", "b own a"),
    ("both are put later, in the order of the words", "a priority nation 0, b priority province 0, own routine commune 0", "own<a commune, own<b commune", "own b a"),
    ("a word about what is not there", "a routine commune 0, b routine commune 1", "c<a commune, b<c commune", "a b"),
)  # fmt: skip


WORDS = (
    # as above
    ("a word of a unit without a say takes none back", "up priority province 0, own priority commune 5", "own<up commune, up<own village", "own up"),
    ("nor does one of the unit above", "up priority province 0, own priority commune 5", "own<up commune, up<own province", "own up"),
    ("the order of the words is that of the last ones", "a priority nation 0, b priority province 0, own routine commune 0", "own<a commune, own<b commune, own<a commune", "own a b"),
    ("nothing that was ahead of both is passed", "a priority nation 0, x priority province 0, own routine commune 0, talk routine commune 1", "own<a commune", "x own a talk"),
)  # fmt: skip

Order = tuple[str, str, str, str]


def orders(told: tuple[Order, ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "source": "hand",
            "claims": [claim(each) for each in claims.split(", ")],
            "decisions": decided(decisions),
            "order": order.split(),
        }
        for name, claims, decisions, order in told
    ]


def decided(text: str) -> list[dict[str, Any]]:
    return [decision(each, minute) for minute, each in enumerate(text.split(", ")) if each]


CUTS = (
    # newcomer, what plays, decisions, whether it cuts
    ("n emergency village 5", "p priority nation 0", "", True),
    ("n priority village 5", "p routine nation 0", "", True),
    ("n routine province 5", "p routine commune 0", "", True),
    ("n priority province 5", "p priority commune 0", "", True),
    ("n routine commune 5", "p routine commune 0", "", False),
    ("a routine commune 0", "p routine commune 5", "", False),
    ("n emergency province 5", "p emergency province 0", "", False),
    ("n routine nation 5", "p priority village 0", "", False),
    ("n priority province 5", "p routine commune 0", "p<n commune", False),
    ("n priority province 5", "p routine commune 0", "p<n commune, n<p commune", True),
    ("n emergency province 5", "p routine commune 0", "p<n commune", True),
    ("n routine commune 5", "p priority province 0", "n<p commune", False),
)


UNCUT = (
    ("n priority province 5", "p routine commune 0", "p<n commune, n<p village", False),
    ("n priority nation 5", "p routine village 0", "p<n village", False),
)


def cuts(told: tuple[tuple[str, str, str, bool], ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{newcomer.split()[1]} of a {newcomer.split()[2]} on {playing.split()[1]} of a {playing.split()[2]}",
            "source": "hand",
            "newcomer": claim(newcomer),
            "playing": claim(playing),
            "decisions": decided(decisions),
            "preempts": cut,
        }
        for newcomer, playing, decisions, cut in told
    ]  # fmt: skip


HEARD = (
    # name, airings (claim, minutes long, minutes that it may wait), decisions, stretches (id, from, to, ending)
    ("one after the other", "a routine commune 0 10 5, b routine commune 20 5 5", "", "a 0 10 done, b 20 25 done"),
    ("the second waits", "a routine commune 0 10 5, b routine commune 6 5 5", "", "a 0 10 done, b 10 15 done"),
    ("and no longer than it may", "a routine commune 0 10 5, b routine commune 4 5 5", "", "a 0 10 done, b 10 10 waited"),
    ("to the very end of its wait", "a routine commune 0 10 5, b routine commune 5 5 5", "", "a 0 10 done, b 10 15 done"),
    ("an emergency cuts, the rest follows", "a routine commune 0 10 5, e emergency province 4 2 5", "", "a 0 4 preempted, e 4 6 done, a 6 12 done"),
    ("cut twice", "a routine commune 0 10 5, p priority commune 2 4 5, e emergency province 4 2 5", "", "a 0 2 preempted, p 2 4 preempted, e 4 6 done, p 6 8 done, a 8 16 done"),
    ("what was begun goes on before what is new", "z routine commune 0 10 5, e emergency commune 5 2 5, a routine commune 6 3 20", "", "z 0 5 preempted, e 5 7 done, z 7 12 done, a 12 15 done"),
    ("what is new and higher does not wait for it", "z routine commune 0 10 5, e emergency commune 5 2 5, p priority commune 6 3 20", "", "z 0 5 preempted, e 5 7 done, p 7 10 done, z 10 15 done"),
    ("too little is left", "a routine commune 0 10 5, e emergency province 9.95 2 5", "", "a 0 9.95 dropped, e 9.95 11.95 done"),
    ("just enough is left", "a routine commune 0 10 5, e emergency province 9.75 2 5", "", "a 0 9.75 preempted, e 9.75 11.75 done, a 11.75 12 done"),
    ("too long ago", "a routine commune 0 10 5, e emergency province 5 31 5", "", "a 0 5 preempted, e 5 36 done, a 36 36 dropped"),
    ("nearly half an hour ago is not too long", "a routine commune 0 10 5, e emergency province 5 29.5 5", "", "a 0 5 preempted, e 5 34.5 done, a 34.5 39.5 done"),
    ("two at once: the higher unit's", "own routine commune 0 10 15, up routine province 0 10 5", "", "up 0 10 done, own 10 20 done"),
    ("a decided order is heard", "own routine commune 0 4 9, up priority province 2 4 9", "own<up commune", "own 0 4 done, up 4 8 done"),
    ("without it the one from above cuts", "own routine commune 0 4 9, up priority province 2 4 9", "", "own 0 2 preempted, up 2 6 done, own 6 8 done"),
    ("decided for two that begin at once", "own routine commune 0 4 9, up priority province 0 4 9", "own<up commune", "own 0 4 done, up 4 8 done"),
    ("an emergency right after the end", "a routine commune 0 10 5, e emergency commune 10.05 2 5", "", "a 0 10 done, e 10.05 12.05 done"),
)  # fmt: skip


CUT = 10 - 5.5 / 60  # a little more is left than must be: sound is exact within a second
EDGES: tuple[Order, ...] = (
    # as above
    ("just what must be left is left", f"a routine commune 0 10 5, e emergency province {CUT} 2 5", "", f"a 0 {CUT} preempted, e {CUT} {CUT + 2} done, a {CUT + 2} 12 done"),
    ("just not too long ago", "a routine commune 0 10 5, e emergency province 5 29.95 5", "", "a 0 5 preempted, e 5 34.95 done, a 34.95 39.95 done"),
    ("just too long ago", "a routine commune 0 10 5, e emergency province 5 30.05 5", "", "a 0 5 preempted, e 5 35.05 done, a 35.05 35.05 dropped"),
    ("told in no order", "c routine commune 30 5 5, b routine commune 20 5 5, a routine commune 0 10 5", "", "a 0 10 done, b 20 25 done, c 30 35 done"),
    ("of two that wait the higher is next, not the earlier", "a priority commune 0 10 5, r routine commune 2 5 20, p priority commune 4 5 20", "", "a 0 10 done, p 10 15 done, r 15 20 done"),
)  # fmt: skip


def heard(told: tuple[Order, ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "source": "hand",
            "airings": [airing(each) for each in airings.split(", ")],
            "decisions": decided(decisions),
            "stretches": [stretch(each) for each in stretches.split(", ")],
        }
        for name, airings, decisions, stretches in told
    ]


def airing(text: str) -> dict[str, Any]:
    *words, minutes, wait = text.split()
    start = float(words[3])
    return {**claim(" ".join(words)), "seconds": float(minutes) * 60, "latest": moment(start + float(wait))}


def stretch(text: str) -> dict[str, Any]:
    identity, begin, end, ending = text.split()
    return {"id": identity, "from": moment(float(begin)), "to": moment(float(end)), "ending": ending}
