"""Writers get their turn in the order in which they asked, however greedy one of them is."""

from __future__ import annotations

import threading

from broadcast.storage.fair_lock import FairLock
from tests.waiting import PATIENCE, until


def test_who_takes_it_again_at_once_keeps_nobody_waiting() -> None:
    lock, stop = FairLock(), threading.Event()
    turns = 0

    def greedy() -> None:
        nonlocal turns
        while not stop.is_set():
            assert lock.acquire(PATIENCE)
            turns += 1
            lock.release()

    thread = threading.Thread(target=greedy)
    thread.start()
    until(lambda: turns > 0)
    for _ in range(50):
        assert lock.acquire(PATIENCE)
        lock.release()
    stop.set()
    thread.join()


def test_turns_are_given_in_the_order_of_asking() -> None:
    lock, order = FairLock(), []
    assert lock.acquire(PATIENCE)

    def wait(number: int) -> None:
        assert lock.acquire(PATIENCE)
        order.append(number)
        lock.release()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        until(lambda expected=number + 1: len(lock._waiting) == expected)  # type: ignore[misc]
    lock.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_gave_up_waiting_is_passed_over() -> None:
    lock = FairLock()
    assert lock.acquire(PATIENCE)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0.01)
