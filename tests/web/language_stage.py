"""A bulletin in two languages for tests of pages, really spoken."""

from __future__ import annotations

import datetime as dt
from typing import Any

from broadcast.authoring import bulletins
from broadcast.authoring.content import PartContent
from broadcast.authoring.rendering import render_next
from broadcast.models import Person
from broadcast.storage.database import Database


def speak_two_languages(database: Database, system: Any, cast: Any) -> int:
    """In Vietnamese and in English, rendered and handed to the leader; the synthesiser is left open."""
    now = dt.datetime.now(dt.UTC)
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        english = PartContent("en", title="Power cut", text="There is no power tomorrow.")
        made = bulletins.create(
            session,
            lan,
            area_id=cast.commune,
            title="Cúp điện",
            text="Ngày mai cúp điện.",
            closing="Hết bản tin.",
            parts=(english,),
            now=now,
        ).id
    assert render_next(database, system.library, system.synthesiser, "test", lambda: now)
    with database.transaction() as session:
        bulletins.submit(session, session.get_one(Person, cast.lan.id), made, now=now)
    return made
