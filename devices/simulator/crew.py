"""A rehearsal shared out among the cores of this machine: a process for some of the loudspeakers each."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import cast

from devices.errors import RehearsalFailed
from devices.speaker.identity import Identity

from .profile import Profile
from .rehearsal import GATHERING, PASSING, Rehearsal, Result

LEAST = 100  # loudspeakers that are worth a process
STAGES = (GATHERING, PASSING)
Watch = Callable[[str, float], None]
"""Told the stage and how far all are together, of 1."""


@dataclass(frozen=True, slots=True)
class _Worker:
    process: multiprocessing.process.BaseProcess
    heard: Connection
    weight: float  # share of the loudspeakers


def rehearse(
    identities: Sequence[Identity],
    directory: Path,
    days: float,
    *,
    profile: Profile | None,
    seed: int | None,
    patience_s: float,
    watch: Watch,
    processes: int = 0,
) -> Result:
    """Play the coming days ahead; ``processes``: as many, 0 for what fits this machine.

    Raises RehearsalFailed.
    """
    seed = profile.seed if seed is None and profile is not None else seed
    rng = random.Random(seed)  # noqa: S311 - a drawing of lots
    traits = profile.draw([each.device for each in identities], rng) if profile else {}
    count = processes or max(1, min(os.cpu_count() or 1, len(identities) // LEAST))
    directory.mkdir(parents=True, exist_ok=True)
    whole = Rehearsal(identities, traits, directory, days, seed, patience_s)
    with _working([_part(whole, number, count) for number in range(count)]) as workers:
        results = _results(workers, watch)
    return Result(sum(each.ready for each in results), [day for each in results for day in each.days])


def _part(whole: Rehearsal, number: int, count: int) -> Rehearsal:
    """Neighbours in the list stay together: they share their plan and its audio."""
    size = -(-len(whole.identities) // count)
    mine = whole.identities[number * size : (number + 1) * size]
    traits = {each.device: whole.traits[each.device] for each in mine if each.device in whole.traits}
    seed = None if whole.seed is None else f"{whole.seed}.{number}"
    return replace(whole, identities=mine, traits=traits, seed=seed)


@contextmanager
def _working(parts: Sequence[Rehearsal]) -> Iterator[list[_Worker]]:
    context = multiprocessing.get_context("spawn")
    total = sum(len(part.identities) for part in parts) or 1
    workers = []
    try:
        for part in parts:
            heard, told = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(part, told), daemon=True)
            process.start()
            told.close()
            workers.append(_Worker(process, heard, len(part.identities) / total))
        yield workers
    finally:
        for worker in workers:
            worker.process.terminate()
            worker.process.join()
            worker.heard.close()


def _results(workers: Sequence[_Worker], watch: Watch) -> list[Result]:
    """Listen to all until each has given its result."""
    far = {(worker.heard, stage): 0.0 for worker in workers for stage in STAGES}
    found: dict[Connection, Result] = {}
    by_pipe = {worker.heard: worker for worker in workers}
    while waiting := [pipe for pipe in by_pipe if pipe not in found]:
        for pipe in cast("list[Connection]", wait(waiting)):
            try:
                said = pipe.recv()
            except EOFError as error:
                raise RehearsalFailed("a process of the rehearsal has ended before its time") from error
            if isinstance(said, Result):
                found[pipe] = said
                continue
            stage, done = said
            far[pipe, stage] = done
            watch(stage, sum(far[each, stage] * worker.weight for each, worker in by_pipe.items()))
    return [found[worker.heard] for worker in workers]


def _work(part: Rehearsal, told: Connection) -> None:
    """In a process of its own; whoever interrupts speaks to the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.ERROR)
    gc.set_threshold(
        100_000, 20, 20
    )  # thousands of loudspeakers are alive all the time: looking frees nothing
    told.send(part.play(lambda stage, done: told.send((stage, done))))
