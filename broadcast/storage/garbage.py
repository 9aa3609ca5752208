"""Python's search for garbage, left out where all that is made lives to the end of the work.

Each search looks through everything that lives: with the rows of a whole fleet in memory the time it takes
grows faster than the work itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Searches for nothing meanwhile, in the whole process; whoever found the search on turns it on again."""
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()
