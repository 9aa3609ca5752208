"""A statement that fails is logged with its reason, and without the hashes and texts that were in it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from broadcast.models import Loudspeaker


def test_the_text_of_a_failed_statement_tells_none_of_its_values(stage: Any) -> None:
    stage.loudspeakers(1)

    def enter_again() -> None:
        with stage.database.transaction() as session:
            twin = Loudspeaker(device="loa-001", name="N", area_id=stage.cast.villages[0], public_key="K")
            twin.broker_hash, twin.created_at = "SECRET", stage.now
            session.add(twin)

    with pytest.raises(IntegrityError) as caught:
        enter_again()
    assert "INSERT INTO loudspeaker" in str(caught.value)
    assert "SECRET" not in str(caught.value)
