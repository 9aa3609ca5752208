"""A box that counts nonsense spoils its own month and nobody else's batch."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from broadcast.models import UsageMonth
from devices.envelope import encode_report
from devices.link import Inbound
from devices.messages import Telemetry


def test_a_counter_that_jumps_to_and_fro_never_overflows_the_sum_of_its_month(stage: Any) -> None:
    mad, honest = stage.loudspeakers(2)
    at = int(stage.now.timestamp() * 1000)

    def tele(box: Any, count: int) -> Inbound:
        said = Telemetry(device=box.device, boot="b1", at=at, uptime_s=1, data_bytes=count)
        return Inbound(box.topics.tele(box.device), encode_report(said), stage.now)

    for number in range(1, 4):
        jumps = [tele(mad, count) for _ in range(600) for count in (2**53, 0)]
        assert stage.hear(*jumps, tele(honest, 1_000 * number)).refused == 0
    with stage.database.transaction(read_only=True) as session:
        sums = session.scalars(select(UsageMonth.bytes).order_by(UsageMonth.loudspeaker_id)).all()
    assert sums == [3 * 10**12, 3_000]
