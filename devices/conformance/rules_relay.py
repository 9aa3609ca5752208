"""Streams of other stations: within the item's time, from where the plan says, and honest when they fail."""

from __future__ import annotations

import socket

import msgspec

from devices.envelope import SigningKey, seal
from devices.messages import (
    Action,
    Alert,
    Alerts,
    BulletinClass,
    ClipRef,
    Evidence,
    Item,
    JournalEvent,
    Relay,
)

from .bench import ALL_DAY, Bench
from .errors import Broken, Lacking, NotTested
from .rules_sound import STOP_WITHIN, on_time, over, played_whole, sounds
from .verdicts import demand, rule

CAPABILITY = "relay"
REASONS = frozenset(
    {
        "relay_unreachable",
        "relay_stalled",
        "relay_missing",
        "relay_private",
        "relay_refused",
        "relay_loop",
        "relay_tls",
        "relay_page",
        "relay_codec",
    }
)
_LEFT_WITHIN = 10.0  # seconds after its end in which the connection to a station is given up


def _concerns(bench: Bench) -> None:
    """Raises Lacking for a box that says that it carries no streams."""
    declared = bench.books.capabilities()
    if declared is not None and CAPABILITY not in declared:
        raise Lacking(CAPABILITY)


def _carrying(
    bench: Bench, word: str, start: int, *parts: ClipRef | tuple[str, float], expires: int = 0
) -> Item:
    """An item of clips and of streams: an address, and for how many seconds."""
    clips = tuple(part for part in parts if isinstance(part, ClipRef))
    relays = tuple(
        Relay(url=part[0], duration_ms=round(part[1] * 1000), after=sum(map(_is_clip, parts[:place])))
        for place, part in enumerate(parts)
        if not isinstance(part, ClipRef)
    )
    item = bench.item(word, start, **({"expires": expires} if expires else {}))
    return msgspec.structs.replace(item, clips=clips, relays=relays)


def _is_clip(part: object) -> bool:
    return isinstance(part, ClipRef)


async def _carry(bench: Bench, *items: Item, networks: tuple[str, ...] = ()) -> None:
    """A plan of items whose streams may come from the bench."""
    networks = networks or (_own_network(bench),)
    await bench.program(*items, policy=msgspec.structs.replace(ALL_DAY, relay_networks=networks))


def _own_network(bench: Bench) -> str:
    """That of the bench alone. Raises NotTested."""
    try:
        return f"{socket.getaddrinfo(bench.files.host, None, socket.AF_INET)[0][4][0]}/32"
    except OSError as error:
        raise NotTested(f"không rõ địa chỉ của {bench.files.host}") from error


def _ended(bench: Bench, item: Item, state: str) -> JournalEvent:
    """The end of an item whose stream was not there all the time; its reason is one of the protocol's."""
    end = bench.books.last(item.id, state)
    said = " ".join(bench.books.said(item.id))
    if end is None:
        raise Broken(f"{item.title}: nhật ký ghi {said}, phải kết thúc bằng {state}")
    demand(end.reason in REASONS, f"{item.title}: lý do ghi {end.reason!r}, phải là một lý do relay_…")
    return end


@rule("capabilities", "Khai mình có tiếp âm được không, và làm đúng như khai")
async def capabilities(bench: Bench) -> None:
    declared = bench.books.capabilities()
    if declared is None:
        raise NotTested("cụm loa không khai khả năng nào (capabilities)")
    if CAPABILITY in declared:
        return
    item = _carrying(bench, "unsupported", bench.soon(), (bench.station.live("unsupported"), 1.0))
    await _carry(bench, item)
    await over(bench, item)
    end = bench.books.events(item.id)[-1]
    said = f"{end.event}/{end.reason}"
    demand(said == "failed/relay_unsupported", f"ghi {said}, phải là failed/relay_unsupported")
    demand(not bench.books.has_sounded(item.id), "lượt tiếp âm không làm được mà ghi là đã bắt đầu")
    demand("unsupported" not in bench.files.asked, "khai không tiếp âm được mà vẫn gọi đài")


@rule("relay_window", "Tiếp âm đúng giờ của lượt, đủ và không quá; không gọi đài cho lượt đã qua hay còn xa")
async def relay_window(bench: Bench) -> None:
    _concerns(bench)
    now, live = bench.now(), bench.station.live
    item = _carrying(bench, "carried", bench.soon(), (live("carried"), 2.0))
    past = _carrying(bench, "past", now - 60_000, (live("past"), 20.0), expires=now - 30_000)
    future = _carrying(bench, "future", bench.soon(3600), (live("future"), 20.0))
    await _carry(bench, past, item, future)
    await over(bench, item)
    done = played_whole(bench, item)
    on_time(bench, item, done.started, item.start)
    took, wished = done.ended - done.started, item.duration_ms
    demand(abs(took - wished) <= bench.setup.tolerance_ms, f"tiếp âm {took} ms, phải là {wished} ms")
    demand(await bench.station.is_left("carried", _LEFT_WITHIN), "hết giờ mà vẫn giữ kết nối với đài")
    await over(bench, past)
    demand(not bench.books.has_sounded(past.id), "đã phát một lượt tiếp âm quá hạn")
    called = {"past", "future"} & set(bench.files.asked)
    demand(not called, f"đã gọi đài cho lượt không phải bây giờ: {' '.join(sorted(called))}")


@rule("relay_stop", "DỪNG khi đang tiếp âm: im trong 2 giây và thôi nghe đài")
async def relay_stop(bench: Bench) -> None:
    _concerns(bench)
    item = _carrying(bench, "relay-stopped", bench.soon(), (bench.station.live("stopped"), 30.0))
    await _carry(bench, item)
    await sounds(bench, item)
    ordered = bench.now()
    await bench.order(Action.STOP)
    await over(bench, item, 5.0)
    end = bench.books.last(item.id, "partial")
    if end is None:
        raise Broken(f"nhật ký ghi {' '.join(bench.books.said(item.id))}, phải kết thúc bằng partial")
    demand(end.ended - ordered <= STOP_WITHIN, f"im sau {end.ended - ordered} ms")
    demand(await bench.station.is_left("stopped", _LEFT_WITHIN), "đã im mà vẫn giữ kết nối với đài")


@rule("relay_dead", "Đài chết: im lặng thay chỗ, bài kèm vẫn phát, và không bao giờ ghi là xong")
async def relay_dead(bench: Bench) -> None:
    _concerns(bench)
    start, nowhere = bench.soon(), bench.files.url("no-such-stream")
    clip = bench.files.clip(0.5)
    gone = _carrying(bench, "gone", start, (nowhere, 1.0))
    cut = _carrying(bench, "cut", start + 1_500, (bench.station.live("cut", dies_after=2.0), 3.5))
    among = _carrying(bench, "among", start + 5_500, clip, (nowhere, 0.5), clip)
    await _carry(bench, gone, cut, among)
    for item in (gone, cut, among):
        await over(bench, item, bench.setup.lead_s + 20.0)
    failed = _ended(bench, gone, "failed")
    demand(failed.samples == 0 and bench.books.last(gone.id, "playing") is None, "gone: ghi là đã phát")
    partial = _ended(bench, cut, "partial")
    demand(0 < partial.played_ms < cut.duration_ms, f"cut: ghi đã phát {partial.played_ms} ms")
    short = cut.duration_ms - (partial.ended - partial.started)
    demand(short <= bench.setup.tolerance_ms, f"cut: kết thúc sớm {short} ms: giờ của lượt phải trôi hết")
    partial = _ended(bench, among, "partial")
    clips = sum(clip.duration_ms for clip in among.clips)
    demand(
        abs(partial.played_ms - clips) <= 200, f"among: phát {partial.played_ms} ms, bài kèm là {clips} ms"
    )
    demand(partial.evidence >= Evidence.RENDERED, f"among: bằng chứng E{partial.evidence}, phải từ E3")


@rule(
    "relay_address",
    "Chỉ gọi đài có trong văn bản đã ký, và không gọi vào mạng riêng, kể cả khi bị chuyển tiếp",
)
async def relay_address(bench: Bench) -> None:
    _concerns(bench)
    own = _own_network(bench)
    inside = "127.0.0.2" if own != "127.0.0.2/32" else "127.0.0.3"
    bench.station.live("inside")
    secret = f"http://{inside}:{bench.files.port}/inside"
    await _bait(bench)
    start = bench.soon()
    direct = _carrying(bench, "direct", start, (secret, 0.5))
    handed = _carrying(bench, "handed-on", start + 1_000, (bench.station.forward("forward", secret), 0.5))
    await _carry(bench, direct, handed, networks=(own,))
    for item in (direct, handed):
        await over(bench, item)
        reason = _ended(bench, item, "failed").reason
        demand(reason == "relay_private", f"{item.title}: lý do ghi {reason}, phải là relay_private")
    demand("inside" not in bench.files.asked, "đã gọi một địa chỉ trong mạng riêng mà chính sách không nêu")
    demand("bait" not in bench.files.asked, "đã gọi một đài chỉ có trong lệnh giả")


async def _bait(bench: Bench) -> None:
    """A stream that only somebody else has signed."""
    item = _carrying(bench, "bait", bench.now() + 500, (bench.station.live("bait"), 5.0))
    urgent = Alert(item=msgspec.structs.replace(item, klass=BulletinClass.EMERGENCY))
    forged = Alerts(
        group=bench.setup.group, epoch=bench.epoch, rev=1 << 40, issued_at=bench.now(), alerts=(urgent,)
    )
    topic = bench.topics.alerts(bench.setup.group)
    await bench.publish_raw(topic, seal(forged, SigningKey.generate()))


RULES = (capabilities, relay_window, relay_stop, relay_dead, relay_address)
