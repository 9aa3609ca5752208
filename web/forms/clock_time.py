"""An hour of the day as people type it, told in 24 hours whatever the language of their browser."""

from __future__ import annotations

import re

TYPED = re.compile(r"(\d{1,2})(?:\s*[:.hg]\s*(\d{2})?(?::\d{2})?|(\d{2}))?", re.IGNORECASE | re.ASCII)


def clock_time(text: str) -> str | None:
    """``05:30`` for 05:30, 5:30, 5h30, 5g30, 5.30, 530; None for what is no hour."""
    found = TYPED.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None
