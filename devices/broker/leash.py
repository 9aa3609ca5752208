"""Starts a program that dies with its parent: run as a script, it ties itself and becomes the program.

A start-up of its own instead of ``preexec_fn``, which may deadlock in a process with threads. The
kernel counts the *thread* that started the child as its parent: it must live as long as the child.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tie_to_parent(parent: int) -> None:
    """Have the kernel send SIGTERM to this process when ``parent`` dies; exit now if it is dead already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    tie_to_parent(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell, the arguments are ours
