"""What is no real alarm says so first: the spoken prefixes of drills and tests."""

from __future__ import annotations

from devices.messages import AlertStatus

PREFIXES = {
    AlertStatus.EXERCISE: "Đây là thông báo diễn tập, không phải tình huống thật. ",
    AlertStatus.TEST: "Đây là thông báo thử hệ thống loa, không phải tình huống thật. ",
}


def spoken(text: str, status: AlertStatus) -> str:
    """The text with the prefix of its status, once."""
    prefix = PREFIXES.get(status, "")
    return text if text.startswith(prefix) else prefix + text


def status_of(text: str) -> AlertStatus:
    """Which status a text was prepared for; it decides the chime, and a drill cannot be sent as real."""
    found = (status for status, prefix in PREFIXES.items() if text.startswith(prefix.strip()))
    return next(found, AlertStatus.ACTUAL)
