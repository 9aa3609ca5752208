"""How often one address may ask."""

from __future__ import annotations

from web.throttle import Throttle


def test_a_throttle_counts_each_address_apart_and_forgets() -> None:
    throttle = Throttle(2, 10.0)
    for at in (0.0, 1.0):
        assert throttle.wait_s("a", at) == 0
        throttle.count("a", at)
    assert (throttle.wait_s("a", 2.0), throttle.wait_s("b", 2.0)) == (8, 0)
    assert throttle.wait_s("a", 10.0) == 0
