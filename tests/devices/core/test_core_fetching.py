"""Which clips the core asks for, and how soon, when several items need the same one."""

import hashlib

from devices.speaker import core as c

SECOND = 1000
SHARED = hashlib.sha256(b"shared").hexdigest()


def asked(rig):
    return [action.needed_at for action in rig.actions if isinstance(action, c.FetchClip)]


def test_a_clip_is_asked_for_once_for_two_items_and_again_when_one_needs_it_sooner(rig):
    rig = rig()
    late, later = rig.now + 3600 * SECOND, rig.now + 7200 * SECOND
    rig.fetch_ms = 600 * SECOND  # it waits for its turn
    rig.send(rig.desired(rig.item("a", late, sha256=SHARED), rig.item("b", later, sha256=SHARED)))
    rig.run(rig.now + 900 * SECOND)
    rig.actions.clear()
    rig.run(rig.now + 5 * SECOND)
    assert asked(rig) == []
    soon = rig.now + 5 * SECOND
    rig.send(rig.alerts(rig.emergency("u", soon, sha256=SHARED)))
    rig.run(rig.now + SECOND)
    assert asked(rig) == [soon]


def test_an_announcement_does_not_wait_for_a_retry_of_the_programme(rig):
    rig = rig()
    rig.can_fetch = False
    rig.send(rig.desired(rig.item("a", rig.now + 3600 * SECOND, sha256=SHARED)))
    rig.run(rig.now + 400 * SECOND)  # many attempts in vain: minutes between them by now
    rig.can_fetch = True
    soon = rig.now + 5 * SECOND
    rig.send(rig.alerts(rig.emergency("u", soon, sha256=SHARED)))
    rig.run(rig.now + 60 * SECOND)
    assert rig.states("u")[-1] == "done"
