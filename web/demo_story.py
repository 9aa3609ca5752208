"""The demonstration's story: write, read, approve by another, schedule, send, play, prove."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from broadcast import console, demo
from broadcast.authoring import content
from broadcast.bootstrap import System
from broadcast.demo import Cast, Outcome, Place
from broadcast.demo_texts import ANNOUNCEMENTS, COMMUNE, Announcement
from broadcast.errors import VoiceUnavailable
from broadcast.joining import registry
from broadcast.models import RenderState
from devices.messages import Evidence
from devices.speaker.identity import Identity

from .demo_report import Progress, grade

POLL_S: Final = 0.2
LEAD_S: Final = 6  # between the approval and the first start: plan, download, decoding
CHARACTERS_A_SECOND: Final = 12  # of speech, roughly
PLAY_ONCE_S: Final = 7.0  # how long all bulletins together may sound in a run that ends
PLAY_S: Final = 150.0  # and in one that stays: up to here at the true pace
RENDER_LIMIT_S: Final = 300.0
CONNECT_LIMIT_S: Final = 30.0
REPORT_LIMIT_S: Final = 20.0  # after the last start and its audio


class DemoStuckError(Exception):
    """A step of the demonstration did not come to its end in time."""


@dataclass
class Story:
    """One run of the demonstration over a started system."""

    system: System
    progress: Progress
    once: bool
    wished_speed_up: float | None
    announcements: Sequence[Announcement]
    began: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    def furnish(self) -> Cast:
        with self.system.database.transaction() as session:
            return demo.cast(session, self.began)

    def register(self, cast: Cast, folder: Path) -> int:
        """Enter the loudspeakers; their identities are written for the simulator."""
        with self.system.database.transaction() as session:
            places = demo.places(session, cast.commune_id)
            known = {each.device for each in console.loudspeakers(session)}
            for place in places:
                if place.device not in known:
                    self._add(session, place).save(folder / f"{place.device}.json")
        self.progress.say(f"Đã dựng {COMMUNE}: 3 thôn, {len(places)} cụm loa, cán bộ lan, lãnh đạo binh")
        return len(places)

    def _add(self, session: Any, place: Place) -> Identity:
        return registry.add(
            session,
            None,
            wire=self.system.wire,
            device=place.device,
            name=place.name,
            area_id=place.area_id,
            latitude=place.latitude,
            longitude=place.longitude,
            now=_now(),
        )

    def write(self, cast: Cast) -> list[int]:
        with self.system.database.transaction() as session:
            ids = demo.write(session, cast, self.announcements, _now())
        self.system.kick("render")
        self.progress.say(f"lan đã soạn {len(ids)} bản tin")
        return ids

    def render(self, bulletin_ids: Sequence[int]) -> None:
        """Wait for the audio."""

        def look() -> bool:
            with self.system.database.transaction(read_only=True) as session:
                found = demo.rendering(session, bulletin_ids)
                done = sum(each.current.render_done for each in found)
                total = sum(each.current.render_total for each in found)
                failed = [each for each in found if each.current.render_state is RenderState.FAILED]
                ready = all(demo.is_rendered(each) for each in found)
            self.progress.update(f"Đang đọc: {done}/{total} câu")
            if failed:
                raise VoiceUnavailable(engine=failed[0].current.engine, cause=failed[0].current.render_error)
            return ready

        self._wait(look, RENDER_LIMIT_S, "tạo âm thanh")
        with self.system.database.transaction(read_only=True) as session:
            found = demo.rendering(session, bulletin_ids)
            clips = [each.current.clip for each in found]
            seconds = sum(clip.duration_ms for clip in clips if clip) / 1000
            fallback = next((clip.fallback for clip in clips if clip and clip.fallback), "")
        note = f" (giọng dự phòng: {fallback})" if fallback else ""
        self.progress.say(f"Đã đọc thành {seconds:.0f} giây âm thanh{note}")

    def voice(self, bulletin_ids: Sequence[int]) -> str:
        with self.system.database.transaction(read_only=True) as session:
            clips = [each.current.clip for each in demo.rendering(session, bulletin_ids)]
            return ", ".join(sorted({f"{clip.engine} {clip.engine_version}" for clip in clips if clip}))

    def speed_up(self) -> float:
        """How much faster than real the simulated loudspeakers play; from the length of the texts."""
        if self.wished_speed_up is not None:
            return self.wished_speed_up
        seconds = sum(len(each.text) for each in self.announcements) / CHARACTERS_A_SECOND
        room = PLAY_ONCE_S if self.once else PLAY_S
        return 1.0 if seconds <= room else float(-(-seconds // room))

    def connect(self, speakers: int) -> None:
        def look() -> bool:
            with self.system.database.transaction(read_only=True) as session:
                online = sum(each.online for each in console.loudspeakers(session))
            self.progress.update(f"Cụm loa đã kết nối: {online}/{speakers}")
            return online == speakers

        self._wait(look, CONNECT_LIMIT_S, "chờ cụm loa kết nối")
        self.progress.say(f"{speakers}/{speakers} cụm loa đã kết nối")

    def approve_and_schedule(self, cast: Cast, bulletin_ids: Sequence[int], speed_up: float) -> dt.datetime:
        """Returns when the last bulletin ends."""
        with self.system.database.transaction() as session:
            demo.approve(session, cast, bulletin_ids, _now())
        self.progress.say("lan đã trình, binh đã nghe và duyệt đúng văn bản và âm thanh ấy")
        first = _now() + dt.timedelta(seconds=LEAD_S)
        with self.system.database.transaction() as session:
            ends = demo.schedule(session, cast, bulletin_ids, first=first, speed_up=speed_up, now=_now())
        self.system.kick("plan")
        self.progress.say(f"Đã xếp lịch {len(bulletin_ids)} lượt phát, lượt đầu lúc {_local(first)}")
        return ends

    def dispatch(self, bulletins: int) -> None:
        """Wait until every loudspeaker has the plan."""
        self._follow(bulletins, Evidence.ACKNOWLEDGED, CONNECT_LIMIT_S, "gửi kế hoạch", "đã nhận kế hoạch")

    def play(self, bulletins: int, ends: dt.datetime) -> tuple[Outcome, ...]:
        """Wait until every loudspeaker has said its last word, or the time for it is over."""
        limit = (ends - _now()).total_seconds() + REPORT_LIMIT_S
        told: set[int] = set()

        def look() -> bool:
            outcomes = self.outcomes()
            for number, each in enumerate(outcomes):
                if each.ended == each.speakers and number not in told:
                    told.add(number)
                    self.progress.say(f"{each.title}: {each.proved}/{each.speakers} cụm loa đạt {grade(3)}")
            proved = sum(each.proved for each in outcomes)
            self.progress.update(
                f"Đang phát: {proved}/{sum(each.speakers for each in outcomes)} báo cáo đã về"
            )
            return len(told) == bulletins

        try:
            self._wait(look, limit, "phát")
        except DemoStuckError as error:
            self.progress.say(str(error))
        return self.outcomes()

    def keep_on_air(self, cast: Cast, bulletin_ids: Sequence[int]) -> None:
        with self.system.database.transaction() as session:
            demo.keep_on_air(session, cast, bulletin_ids, _now())
        self.progress.say("Đã xếp thêm chương trình hằng ngày lúc 5 giờ 30 và 17 giờ")

    def outcomes(self) -> tuple[Outcome, ...]:
        with self.system.database.transaction(read_only=True) as session:
            return tuple(demo.outcomes(session, self.began))

    def _follow(self, bulletins: int, wanted: Evidence, limit_s: float, step: str, words: str) -> None:
        def look() -> bool:
            outcomes = self.outcomes()
            reached = sum(sum(grade >= wanted for grade in each.evidence) for each in outcomes)
            total = sum(each.speakers for each in outcomes)
            self.progress.update(f"{reached}/{total} lượt {words}")
            return len(outcomes) == bulletins and 0 < total == reached

        self._wait(look, limit_s, step)
        self.progress.say(f"Mọi cụm loa {words} (E1)")

    def _wait(self, done: Callable[[], bool], limit_s: float, step: str) -> None:
        until = time.monotonic() + limit_s
        while not done():
            if time.monotonic() > until:
                raise DemoStuckError(f"Quá {limit_s:.0f} giây mà chưa xong: {step}")
            time.sleep(POLL_S)


def announcements(bulletin: tuple[str, bytes] | None) -> tuple[Announcement, ...]:
    """The three of the demonstration, or the one in a file. Errors: NotText, EmptyBulletin, TextTooLong."""
    if bulletin is None:
        return ANNOUNCEMENTS
    name, data = bulletin
    imported = content.from_file(data)
    return (Announcement(title=imported.title, text=imported.text, source=name),)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _local(at: dt.datetime) -> str:
    return at.astimezone(dt.timezone(dt.timedelta(hours=7))).strftime("%H:%M:%S")
