"""What the demonstration tells: progress while it works, the table at the end, and the one JSON object."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from typing import Any, Final, TextIO

from broadcast.demo import Outcome
from devices.messages import Evidence

HEADINGS: Final = ("Bản tin", "Thời lượng", "Cụm loa", "Bằng chứng", "Lệch lúc bắt đầu")


class Progress:
    """Lines with the seconds since the start; on a terminal the line of a running step is rewritten."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._began = time.monotonic()
        self._open = ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        self._write(f"\r\x1b[K{self._line(text)}\n" if self._open else f"{self._line(text)}\n")
        self._open = ""

    def update(self, text: str) -> None:
        """A step that is still running."""
        if self._stream.isatty() and text != self._open:
            self._write(f"\r\x1b[K{self._line(text)}")
            self._open = text

    def _line(self, text: str) -> str:
        return f"[{self.seconds:5.1f} s] {text}"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the demonstration found out."""

    outcomes: tuple[Outcome, ...]
    bulletins: int
    speakers: int
    voice: str
    broker: str
    speed_up: float
    render_s: float
    dispatch_s: float
    total_s: float

    @property
    def proved(self) -> int:
        """Loudspeakers that proved E3 or more in every broadcast."""
        return min((each.proved for each in self.outcomes), default=0)

    @property
    def lowest(self) -> int:
        return min((each.lowest for each in self.outcomes), default=-1)

    @property
    def complete(self) -> bool:
        return len(self.outcomes) == self.bulletins > 0 and all(
            each.proved == each.speakers == self.speakers for each in self.outcomes
        )

    def skew_ms(self) -> tuple[float, float]:
        """Starts after the earliest one of the same broadcast: 95th percentile and the largest."""
        offsets = sorted(offset for each in self.outcomes for offset in each.offsets_ms)
        if not offsets:
            return 0.0, 0.0
        return offsets[max(0, -(-len(offsets) * 95 // 100) - 1)], offsets[-1]

    def as_dict(self) -> dict[str, Any]:
        p95, largest = self.skew_ms()
        return {
            "bulletins": self.bulletins,
            "broadcasts": len(self.outcomes),
            "speakers": self.speakers,
            "proved": self.proved,
            "evidence": grade(self.lowest),
            "skew_ms": {"p95": round(p95, 1), "max": round(largest, 1)},
            "audio_seconds": round(sum(each.seconds for each in self.outcomes), 1),
            "seconds": {
                "render": round(self.render_s, 1),
                "dispatch": round(self.dispatch_s, 1),
                "total": round(self.total_s, 1),
            },
            "voice": self.voice,
            "broker": self.broker,
            "speed_up": self.speed_up,
        }

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def lines(self) -> list[str]:
        """The table for people."""
        rows = [HEADINGS, *(_row(outcome) for outcome in self.outcomes)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        table.insert(1, "  ".join("─" * width for width in widths))
        fast = f"nhanh gấp {self.speed_up:g} lần thật, thời lượng ghi ở trên là thời lượng thật"
        pace = "đúng tốc độ thật" if self.speed_up == 1 else fast
        times = (("tạo âm thanh", self.render_s), ("gửi lệnh", self.dispatch_s), ("tất cả", self.total_s))
        return [
            *(line.rstrip() for line in table),
            "",
            f"Giọng đọc: {self.voice}. Máy chủ MQTT: {self.broker}. Loa giả lập phát {pace}.",
            f"Mất bao lâu: {', '.join(f'{words} {seconds:.1f} giây' for words, seconds in times)}.",
        ]


def grade(evidence: int) -> str:
    return f"E{evidence}" if evidence >= Evidence.SENT else "chưa gửi"


def _row(outcome: Outcome) -> tuple[str, ...]:
    minutes, seconds = divmod(round(outcome.seconds), 60)
    spread = f"{max(outcome.offsets_ms):.1f} ms" if outcome.offsets_ms else "–"
    return (
        _shortened(outcome.title),
        f"{minutes}:{seconds:02}",
        f"{outcome.proved}/{outcome.speakers}",
        grade(outcome.lowest),
        spread,
    )


def _shortened(title: str, limit: int = 44) -> str:
    return title if len(title) <= limit else title[: limit - 1] + "…"
