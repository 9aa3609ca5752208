"""How often one address may ask."""

from __future__ import annotations

import pytest

from web.throttle import Throttle, household


def test_a_throttle_counts_each_address_apart_and_forgets() -> None:
    throttle = Throttle(2, 10.0)
    for at in (0.0, 1.0):
        assert throttle.wait_s("a", at) == 0
        throttle.count("a", at)
    assert (throttle.wait_s("a", 2.0), throttle.wait_s("b", 2.0)) == (8, 0)
    assert throttle.wait_s("a", 10.0) == 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_an_address_is_counted_for_its_line(address: str, counted: str) -> None:
    assert household(address) == counted
