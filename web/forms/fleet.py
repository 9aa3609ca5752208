"""What is asked of the fleet: the filters of its page, and the order for those that were chosen there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from broadcast.speakers.conditions import Status
from broadcast.speakers.fleet import SORTS, Filter
from broadcast.speakers.fleet_map import Box
from devices.messages import Action

from .reading import FormReader

LONGEST_QUERY = 100
MOST_CHOSEN = 500  # by hand
HOLDS = (30, 60, 180, 720, 0)  # minutes; 0: until somebody ends it
VIEWS = ("list", "map")
BULK_ACTIONS = (
    Action.VOLUME,
    Action.IDENTIFY,
    Action.REPORT,
    Action.SELF_TEST,
    Action.FETCH,
    Action.REBOOT,
    Action.SILENCE,
    Action.RELEASE,
)


@dataclass(frozen=True, slots=True)
class FleetQuery:
    """The filters and the order of the page; what makes no sense is as if it were not there."""

    q: str = ""
    area: int | None = None
    status: str = ""
    maker: str = ""
    firmware: str = ""
    playing: bool = False
    sort: str = "place"
    page: int = 1
    view: str = "list"
    box: str = ""

    @property
    def filter(self) -> Filter:
        return Filter(
            query=self.q,
            area_id=self.area,
            status=Status(self.status) if self.status else None,
            maker=self.maker or None,
            firmware=self.firmware or None,
            playing=self.playing,
        )

    @property
    def narrowed(self) -> bool:
        return self.filter != Filter()

    @property
    def place(self) -> Box | None:
        return Box(*map(float, self.box.split(","))) if self.box else None

    def args(self, **changes: Any) -> dict[str, Any]:
        """For the address of the page with these ``changes``; another filter begins at page 1."""
        wanted = replace(self, **{"page": 1, **changes})
        plain = asdict(FleetQuery())
        said = {name: value for name, value in asdict(wanted).items() if value != plain[name]}
        return {name: int(value) if value is True else value for name, value in said.items()}


def read_fleet(args: MultiDict[str, str], areas: Collection[int]) -> FleetQuery:
    """``areas``: those that the person may look at."""
    reader = FormReader(args)
    area = reader.integer("area")
    sort = reader.raw("sort")
    return FleetQuery(
        q=reader.raw("q")[:LONGEST_QUERY],
        area=area if area in areas else None,
        status=reader.one_of("status", ("", *Status), ""),
        maker=reader.raw("maker")[:80],
        firmware=reader.raw("firmware")[:40],
        playing=reader.raw("playing") == "1",
        sort=sort if sort.removeprefix("-") in SORTS else "place",
        page=max(1, reader.integer("page", default=1)),
        view=reader.one_of("view", VIEWS, "list"),
        box=_box(reader.raw("box")),
    )


def _box(text: str) -> str:
    """Four numbers, south west north east; anything else is no box."""
    parts = text.split(",")
    try:
        south, west, north, east = (float(part) for part in parts)
    except ValueError:
        return ""
    inside = -90 <= south <= north <= 90 and -180 <= west <= east <= 180
    return ",".join(f"{side:.5f}" for side in (south, west, north, east)) if inside else ""


@dataclass(frozen=True, slots=True)
class OrderForm:
    """Which order for whom; ``expected`` is how many the person was told of."""

    action: Action = Action.REPORT
    ids: tuple[int, ...] = ()
    everyone: bool = False  # all that the filters find
    volume: int = 80
    hold_minutes: int = HOLDS[0]
    expected: int = 0
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def detail(self) -> dict[str, int]:
        if self.action is Action.VOLUME:
            return {"volume": self.volume}
        return {"hold_s": self.hold_minutes * 60} if self.action is Action.SILENCE else {}


def read_order(form: MultiDict[str, str]) -> OrderForm:
    reader = FormReader(form)
    action = reader.choice("action", Action, Action.REPORT)
    if action not in BULK_ACTIONS or not reader.raw("action"):
        reader.refuse("action", _("Hãy chọn việc cần làm."))
        action = Action.REPORT
    ids = reader.integers("id")
    everyone = reader.raw("everyone") == "1"
    if not ids and not everyone:
        reader.refuse("id", _("Chưa chọn cụm loa nào. Hãy đánh dấu ít nhất một cụm loa."))
    if len(ids) > MOST_CHOSEN:
        reader.refuse(
            "id", _("Chọn nhiều nhất %(most)d cụm loa, hoặc chọn tất cả theo bộ lọc.", most=MOST_CHOSEN)
        )
    volume = reader.integer("volume", default=80)
    if not 0 <= volume <= 100:
        reader.refuse("volume", _("Âm lượng phải từ 0 đến 100."))
    hold = reader.one_of("hold_minutes", [str(each) for each in HOLDS], str(HOLDS[0]))
    return OrderForm(
        action=action,
        ids=ids,
        everyone=everyone,
        volume=min(max(volume, 0), 100),
        hold_minutes=int(hold),
        expected=reader.integer("expected"),
        errors=reader.errors,
    )
