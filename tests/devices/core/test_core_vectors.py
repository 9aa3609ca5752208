"""The published vectors of precedence, played by the loudspeaker's own core."""

import datetime as dt
import importlib.resources
import json

import pytest

from devices.messages import BulletinClass

MINUTE = 60_000
FILE = importlib.resources.files("schedules") / "vectors" / "precedence.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
# A box knows no decisions.
HEARD = [case for case in CASES if "stretches" in case and not case["decisions"]]
AT_ALL = {"done": "done", "dropped": "partial", "waited": "expired"}
TOLERANCE = 700  # ms: what is cut fades, what resumes is decoded


def ms(text, zero):
    return round((dt.datetime.fromisoformat(text) - zero) / dt.timedelta(milliseconds=1))


@pytest.mark.parametrize("case", HEARD, ids=[case["id"] for case in HEARD])
def test_the_core_plays_what_the_vectors_say(rig, case):
    speaker = rig()
    zero = min(dt.datetime.fromisoformat(each["start"]) for each in case["airings"])
    begin = speaker.now + 10 * MINUTE
    items = [
        speaker.item(
            each["id"],
            begin + ms(each["start"], zero),
            int(each["seconds"]),
            klass=BulletinClass(each["class"]),
            level=each["level"],
            expires=begin + ms(each["latest"], zero),
        )
        for each in case["airings"]
    ]
    speaker.send(speaker.desired(*items))
    speaker.after(180 * MINUTE)
    found = [(each.item, each.start - begin, each.end - begin) for each in speaker.heard]
    sounding = [each for each in case["stretches"] if each["from"] != each["to"]]
    told = [(each["id"], ms(each["from"], zero), ms(each["to"], zero)) for each in sounding]
    assert [each[0] for each in found] == [each[0] for each in told]
    for (_, *times), (_, *wanted) in zip(found, told, strict=True):
        assert all(abs(a - b) <= TOLERANCE for a, b in zip(times, wanted, strict=True))
    endings = {each["id"]: AT_ALL[each["ending"]] for each in case["stretches"] if each["ending"] in AT_ALL}
    assert {name: speaker.last(name).event for name in endings} == endings
