"""The queue of texts to be spoken: what goes first, and that each is taken once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from broadcast.authoring import bulletins, rendering
from broadcast.storage.library import Library
from devices.messages import BulletinClass
from tts.types import Chime


def create(database, cast, now, *, text="Ngày mai cúp điện.", klass=BulletinClass.ROUTINE, **more):
    with database.transaction() as session:
        person = cast.dung if klass is BulletinClass.EMERGENCY else cast.lan
        words = {"title": "Cúp điện", "text": text, "klass": klass, **more}
        return bulletins.create(session, person, area_id=cast.commune, now=now, **words).id


def claim(database, worker, now):
    with database.transaction() as session:
        return rendering.claim(session, worker, now)


def test_emergencies_go_first_then_priority_then_the_oldest(database, cast, now):
    first = create(database, cast, now)
    second = create(database, cast, now, text="Hai.")
    priority = create(database, cast, now, text="Ba.", klass=BulletinClass.PRIORITY)
    urgent = create(database, cast, now, text="Bốn.", klass=BulletinClass.EMERGENCY)
    taken = [claim(database, "w1", now).bulletin_id for _ in range(4)]
    assert taken == [urgent, priority, first, second]
    assert claim(database, "w1", now) is None


def test_a_job_carries_the_voice_and_the_chime(database, cast, now, tmp_path):
    create(database, cast, now, klass=BulletinClass.PRIORITY, speed=0.9)
    create(database, cast, now, text="Diễn tập.", klass=BulletinClass.EMERGENCY, chime="drill")
    drill, priority = claim(database, "w1", now), claim(database, "w1", now)
    assert (priority.chime, priority.parts[0].voice.speed) == (Chime.PRIORITY, 0.9)
    assert drill.chime is Chime.DRILL
    assert drill.script(Library(tmp_path)).chime is Chime.DRILL


def test_many_workers_claim_each_version_once(database, cast, now):
    made = {create(database, cast, now, text=f"Bản tin {number}.") for number in range(12)}

    def work(worker):
        found = []
        while (job := claim(database, worker, now)) is not None:
            found.append(job.bulletin_id)
        return found

    with ThreadPoolExecutor(6) as pool:
        taken = [bulletin_id for found in pool.map(work, map(str, range(6))) for bulletin_id in found]
    assert sorted(taken) == sorted(made)


CLAIMER = """
import datetime as dt, sys
from broadcast.authoring import rendering
from broadcast.storage.database import Database
database = Database(sys.argv[1])
while True:
    with database.transaction() as session:
        job = rendering.claim(session, sys.argv[2], dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC))
    if job is None:
        break
    print(job.bulletin_id)
"""


def test_processes_claim_each_version_once(database, database_url, cast, now):
    made = {create(database, cast, now, text=f"Bản tin {number}.") for number in range(16)}
    command = [sys.executable, "-c", CLAIMER, database_url]
    workers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "ab"]
    taken = [int(line) for worker in workers for line in worker.communicate(timeout=60)[0].split()]
    assert sorted(taken) == sorted(made)
