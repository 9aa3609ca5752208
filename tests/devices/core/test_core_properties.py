"""Whatever the network, the power, the clock and an attacker do: what a loudspeaker never and always does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import Action, AlertStatus, AllowedWindow, BulletinClass, GuardPolicy
from devices.speaker import core as c
from devices.speaker.core import guard

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
EVENING = 1_800_000_000_000 // DAY * DAY + 14 * HOUR + 20 * MINUTE  # 21:20 in Vietnam: the hours end soon
POLICY = GuardPolicy(windows=(AllowedWindow(start="05:00", end="21:30"),), minutes_a_day=8)

NAMES = [f"s{n}.x" for n in range(6)]
URGENT = [f"u{n}" for n in range(4)]

moments = st.integers(-60, 600).map(lambda s: s * SECOND)
lengths = st.sampled_from([1, 4, 20, 90, 400])
classes = st.sampled_from(BulletinClass)
statuses = st.sampled_from(AlertStatus)

item = st.tuples(st.sampled_from(NAMES), moments, lengths, classes, st.integers(0, 3), st.integers(5, 200))
urgent = st.tuples(st.sampled_from(URGENT), moments, st.sampled_from([1, 20]), statuses, st.integers(5, 300))

steps = st.one_of(
    st.tuples(st.just("plan"), st.lists(item, max_size=5, unique_by=lambda i: i[0])),
    st.tuples(st.just("alerts"), st.lists(urgent, max_size=3, unique_by=lambda i: i[0])),
    st.tuples(st.just("cancel"), st.sampled_from(URGENT)),
    st.tuples(st.just("stop"), st.lists(st.sampled_from(NAMES + URGENT), max_size=2)),
    st.tuples(st.just("hold"), st.integers(1, 300)),
    st.tuples(st.just("release"), st.none()),
    st.tuples(st.just("replay"), st.integers(0, 30)),
    st.tuples(st.just("lose_next"), st.none()),
    st.tuples(st.just("forge"), st.none()),
    st.tuples(st.just("network"), st.booleans()),
    st.tuples(st.just("clock"), st.sampled_from([-3 * HOUR, -90 * SECOND, -500, 700, 90 * SECOND, 3 * HOUR])),
    st.tuples(st.just("power"), st.sampled_from([0, 500, 5 * SECOND, 10 * MINUTE])),
    st.tuples(st.just("wait"), st.sampled_from([10, 300, 1500, 2500, 10 * SECOND, MINUTE, 10 * MINUTE])),
    st.tuples(st.just("wait"), st.sampled_from([100, 1500, 10 * SECOND, MINUTE])),
)


class History:
    """Plays one history against a loudspeaker and keeps what must hold in mind."""

    def __init__(self, rig):
        self.box = rig(now=EVENING, policy=POLICY)
        self.sent, self.retained = [], {}
        self.buried, self.starts = set(), []
        self.cancelled, self.listed = [], []
        self.lose = False
        self.deliver(self.box.desired())

    def deliver(self, order):
        """Send, unless the network loses it; the broker keeps what is retained for the next connection."""
        self.sent.append(order)
        if not isinstance(order, c.OrderReceived) and hasattr(order, "rev"):
            self.retained[type(order)] = order
        if self.lose:
            self.lose = False
            return
        self.box.send(order)

    def step(self, kind, what):
        getattr(self, f"do_{kind}")(what)
        if self.box.core is not None:
            self.note_buried()
            self.check()

    def do_plan(self, items):
        box = self.box
        made = [
            box.item(name, box.now + at, length, late_s=late, klass=klass, level=level)
            for name, at, length, klass, level, late in items
        ]
        self.deliver(box.desired(*made))

    def do_alerts(self, items):
        box = self.box
        self.listed = [
            box.emergency(name, box.now + at, length, late_s=late, status=status)
            for name, at, length, status, late in items
            if name not in self.cancelled
        ]
        self.deliver(box.alerts(*self.listed, cancelled=self.cancelled))

    def do_cancel(self, name):
        self.cancelled.append(name)
        self.listed = [item for item in self.listed if item.id != name]
        self.deliver(self.box.alerts(*self.listed, cancelled=self.cancelled))

    def do_stop(self, names):
        order = self.box.stop(*names)
        arrives = not self.lose and self.box.skew < 30 * SECOND  # by a clock that is ahead it is stale
        playing = dict(self.box._playing)
        self.deliver(order)
        if arrives and not names:
            self.box.after(50)
            still = [s for name, s in self.box._playing.items() if playing.get(name) is s]
            assert not still, "STOP did not silence"

    def do_hold(self, seconds):
        self.deliver(self.box.stop(hold_until=self.box.now + seconds * SECOND))

    def do_release(self, _):
        self.deliver(self.box.command(Action.RELEASE))

    def do_replay(self, n):
        self.box.send(self.sent[n % len(self.sent)])

    def do_lose_next(self, _):
        self.lose = True

    def do_forge(self, _):
        self.box.event(c.OrderRefused("bad_signature", "ttcs/1/x"))

    def do_network(self, works):
        self.box.can_fetch = works

    def do_clock(self, by):
        self.box.skew = by

    def do_power(self, off_for):
        self.box.cut_power()
        self.box.now += off_for
        self.box.power_on()
        for order in self.retained.values():
            self.box.send(order)

    def do_wait(self, ms):
        self.box.after(ms)

    def note_buried(self):
        """What the loudspeaker has told to have cancelled, it must remember."""
        for ack in self.box.acks:
            order = next(o for o in self.sent if getattr(o, "id", None) == ack.command)
            self.buried |= set(order.items)
        self.box.acks.clear()

    def check(self):
        box = self.box
        assert [e.seq for e in box.medium.journal] == list(range(1, len(box.medium.journal) + 1))
        for play, item, journaled in box.plays:
            self.check_start(play, item, journaled)
        box.plays.clear()

    def check_start(self, play, item, journaled):
        assert play.item_id not in self.buried
        if journaled.event == "starting":
            assert play.item_id not in self.starts, "a second start"
            self.starts.append(play.item_id)
            assert item.not_before <= play.at <= item.expires
        if not guard.is_emergency(item):
            assert guard.is_open(POLICY, play.at)
        assert 0 < play.volume <= 80

    def end(self):
        """Everything comes to an end, also what was never heard."""
        self.box.can_fetch, self.box.skew = True, 0
        self.box.after(4 * HOUR)
        self.check()
        assert {o.state for o in self.box.core._memory.item.values()} <= c.FINAL
        assert not self.box._playing


@settings(max_examples=150, deadline=None)
@given(history=st.lists(steps, max_size=25))
def test_no_history_breaks_the_rules(rig, history):
    past = History(rig)
    for kind, what in history:
        past.step(kind, what)
    past.end()


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 90), off=st.sampled_from([0, 1, 30]))
def test_a_power_cut_at_any_moment_never_gives_a_second_start(rig, cut, off):
    box = rig()
    item = box.item("s1.a", box.now + 40 * SECOND, seconds=20, late_s=300)
    box.send(box.desired(item))
    box.run(box.now + cut * SECOND)
    box.cut_power()
    box.now += off * SECOND
    box.power_on()
    box.send(box.desired(item))
    box.after(10 * MINUTE)
    assert box.states("s1.a").count("starting") <= 1
    assert len([s for s in box.heard if s.offset == 0]) <= 1
    assert box.last("s1.a").event in {"done", "interrupted", "missed"}


def test_the_machine_has_every_state_and_final_ones_have_no_way_out():
    from devices.messages import ItemState

    assert set(c.EDGES) == set(ItemState)
    assert all(not c.EDGES[state] for state in c.FINAL)
