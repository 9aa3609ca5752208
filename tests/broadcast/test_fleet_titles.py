"""What a loudspeaker says that it plays names nothing that its commune may not know."""

from __future__ import annotations

from typing import Any

from broadcast.speakers import fleet


def test_a_loudspeaker_that_names_a_broadcast_of_another_commune_is_shown_no_title(stage: Any) -> None:
    mine, silent = stage.loudspeakers(2, area_id=stage.cast.villages[0])
    [prying] = stage.loudspeakers(1, area_id=stage.cast.other_commune)
    stage.schedule("08:30", area_id=stage.cast.commune)
    stage.plan()
    ours = stage.broadcasts()[0].occurrence
    for box in (mine, prying):
        stage.hear(box.state(stage.now, playing=ours))
    stage.hear(silent.state(stage.now))
    with stage.database.transaction(read_only=True) as session:
        rows = fleet.search(session, session.merge(stage.cast.admin), now=stage.now).items
        theirs = fleet.search(session, session.merge(stage.cast.mai), now=stage.now).items
    assert [(row.device, row.playing_title) for row in rows] == [
        (mine.device, "Bản tin sáng"),
        (silent.device, None),
    ]
    assert [(row.device, row.playing, row.playing_title) for row in theirs] == [(prying.device, ours, None)]
