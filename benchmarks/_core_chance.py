"""Items and policies drawn by lot, near enough to the present that something comes of them."""

from __future__ import annotations

import hashlib
import random

from devices.messages import (
    AlertStatus,
    AllowedWindow,
    BulletinClass,
    ClipRef,
    GuardPolicy,
    Item,
    VolumeCap,
)

SECOND = 1_000


def make(name: str, now: int, at: int, seconds: int, *, late: int = 60, **fields: object) -> Item:
    """An item that is issued now and starts ``at`` ms later."""
    sha256 = hashlib.sha256(f"{name}{seconds}".encode()).hexdigest()
    clip = ClipRef(sha256=sha256, size=1, duration_ms=seconds * SECOND, url="http://s/clip")
    start = now + at
    return Item(
        id=name,
        title=name,
        start=start,
        not_before=start,
        expires=start + late * SECOND,
        clips=(clip,),
        issued_at=now,
        **fields,  # type: ignore[arg-type]
    )


def some_item(rng: random.Random, name: str, now: int) -> Item:
    seconds = rng.choice([1, 4, 8, 20, 90])
    klass = rng.choices(list(BulletinClass), [1, 3, 6])[0]
    status = rng.choice(list(AlertStatus)) if klass is BulletinClass.EMERGENCY else AlertStatus.ACTUAL
    level, volume = rng.randrange(3), rng.choice([50, 100])
    late, at = rng.choice([3, 60, 300]), rng.randrange(-30, 150) * SECOND
    return make(name, now, at, seconds, late=late, klass=klass, status=status, level=level, volume=volume)


def some_alert(rng: random.Random, name: str, now: int) -> Item:
    status = rng.choices(list(AlertStatus), [6, 1, 1])[0]
    at, late = rng.randrange(-20, 40) * SECOND, rng.choice([5, 60, 200])
    seconds = rng.choice([2, 8, 20])
    return make(name, now, at, seconds, late=late, klass=BulletinClass.EMERGENCY, status=status)


def some_policy(rng: random.Random, minute: int) -> GuardPolicy:
    """Hours and caps that begin and end near this minute of the day."""

    def face(first: int, last: int) -> str:
        near = (minute + rng.randrange(first, last + 1)) % (24 * 60)
        return f"{near // 60:02}:{near % 60:02}"

    windows = (AllowedWindow(start=face(-30, 0), end=face(2, 30)),)
    if rng.random() < 0.3:
        windows = (AllowedWindow(start="05:00", end="21:30"),)
    quiet = [AllowedWindow(start=face(0, 6), end=face(1, 9)) for _ in range(rng.randrange(-1, 2))]
    loudest = rng.choice([0, 30, 60])
    caps = [
        VolumeCap(start=face(-5, 5), end=face(0, 12), percent=loudest) for _ in range(rng.randrange(-1, 2))
    ]
    return GuardPolicy(
        windows=windows,
        quiet=tuple(quiet),
        volumes=tuple(caps),
        max_volume=rng.choice([70, 100]),
        night_volume=rng.choice([20, 70]),
        minutes_a_day=rng.choice([1, 3, 240, 240]),
    )
