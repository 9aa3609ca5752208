"""What a box says of itself is only its word: no page breaks over it, and no number of an address does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from broadcast.evidence import reports
from broadcast.joining import registry
from broadcast.models import Person
from broadcast.storage.database import Database
from devices.envelope import encode_report
from devices.link import Inbound
from devices.messages import State, Telemetry

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HUGE = 2**53


@pytest.fixture
def lan(database: Database, system: Any, cast: Any, client_of: Callable[[Person], Any]) -> Any:
    now = system.clock()
    at = int(now.timestamp() * 1000)
    with database.transaction() as session:
        area = cast.villages[0]
        registry.add(session, None, wire=system.wire, device="loa-1", name="Loa", area_id=area, now=now)
    state = State(
        device="loa-1",
        online=True,
        boot="b",
        session=1,
        at=at,
        firmware="<b>" * 50,
        held_until=HUGE,
        ready=-HUGE,
        planned=HUGE,
        faults=("<script>", "x" * 200),
        clock_error_ms=HUGE,
    )
    tele = Telemetry(
        device="loa-1",
        boot="b",
        at=at,
        uptime_s=HUGE,
        clock_offset_ms=1e308,
        temperature_c=-1e308,
        free_bytes=-HUGE,
        volume=HUGE,
        signal_dbm=HUGE,
        voltage_v=1e-308,
        total_bytes=-1,
        data_bytes=HUGE,
        network="<i>4g",
    )
    topics = system.wire.topics
    with database.transaction() as session:
        mail = [
            Inbound(topics.state("loa-1"), encode_report(state), now),
            Inbound(topics.tele("loa-1"), encode_report(tele), now),
        ]
        assert reports.ingest(session, mail, system.wire, now).refused == 0
    return client_of(cast.lan)


@pytest.mark.parametrize(
    "path",
    [
        "/loudspeakers/",
        "/loudspeakers/?view=map",
        "/loudspeakers/1",
        "/loudspeakers/1/journal",
        "/loudspeakers/export.csv",
        "/loudspeakers/export.xlsx",
        "/uptime/",
        "/",
    ],
)
def test_no_page_breaks_over_what_a_box_says(lan: Any, path: str) -> None:
    answer = lan.get(path)
    assert answer.status_code == 200
    if "export" not in path:
        page = answer.get_data(as_text=True)
        assert not [sign for sign in ("<script> ", "<script>,", "<i>4g", "<b><b>") if sign in page]


@pytest.mark.parametrize(
    "path",
    ["/loudspeakers/{}", "/loudspeakers/{}/journal", "/commands/{}", "/as-run/broadcasts/{}", "/policies/{}"],
)
def test_a_number_no_database_holds_is_simply_not_there(lan: Any, path: str) -> None:
    for number in (2**31, 2**63, 10**40):
        assert lan.get(path.format(number)).status_code in (403, 404), number
