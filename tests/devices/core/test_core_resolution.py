"""What the loudspeaker's core plays of whatever wants it is what ``schedules.resolution`` says."""

import datetime as dt
import random

import pytest

from devices.messages import BulletinClass
from schedules.precedence import Claim
from schedules.resolution import Airing, play

ZERO = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
MINUTE = 60_000  # ms
TOLERANCE = 2500  # ms: what is cut fades, what resumes is decoded, more than once
CLASSES = ("emergency", "priority", "routine", "routine")


def some(chance):
    """Starts lie on half minutes and ends off them, so that no two meet within the tolerance."""
    starts = chance.sample(range(40), chance.randrange(2, 6))
    return [
        Airing(
            Claim(name, chance.choice(CLASSES), chance.randrange(3), ZERO + start * 30 * SECOND),
            (chance.randrange(1, 30) * 30 + 7 * number) * SECOND,
            ZERO + (start * 30 + chance.choice([70, 310, 1810])) * SECOND,
        )
        for number, (name, start) in enumerate(zip("abcde", starts, strict=False), 1)
    ]


def is_sharp(airings):
    """Whether nothing depends on which of two comes first within the tolerance."""
    moments = [each.latest for each in airings] + [each.claim.start for each in airings]
    ends = [each.end for each in play(airings) if each.ending in ("done", "waited")]
    return all(abs(end - moment) > 3 * SECOND for end in ends for moment in moments)


def ms(moment):
    return (moment - ZERO) // dt.timedelta(milliseconds=1)


@pytest.mark.parametrize("seed", range(30))
def test_the_core_plays_what_the_rule_says(rig, seed):
    chance, speaker = random.Random(seed), rig()
    airings = next(each for each in iter(lambda: some(chance), None) if is_sharp(each))
    begin = speaker.now + 10 * MINUTE
    items = [
        speaker.item(
            each.claim.id,
            begin + ms(each.claim.start),
            each.length // SECOND,
            klass=BulletinClass(each.claim.klass),
            level=each.claim.level,
            expires=begin + ms(each.latest),
        )
        for each in airings
    ]
    speaker.send(speaker.desired(*items))
    speaker.after(300 * MINUTE)
    found = [(each.item, each.start - begin, each.end - begin) for each in speaker.heard]
    told = [(each.id, ms(each.start), ms(each.end)) for each in play(airings) if each.start != each.end]
    assert [each[0] for each in found] == [each[0] for each in told]
    for (_, *times), (_, *wanted) in zip(found, told, strict=True):
        assert all(abs(a - b) <= TOLERANCE for a, b in zip(times, wanted, strict=True))
