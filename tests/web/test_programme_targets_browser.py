"""On a telephone everything that is touched on the pages of the programme is large enough for a thumb."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from broadcast.models import Bulletin, Clip, Person, Role, Sound
from broadcast.scheduling import programme, week_templates
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units import people
from devices.messages import BulletinClass
from schedules.slots import Entry, Kind, Slot
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same

NOW = dt.datetime.now(dt.UTC)
MONDAY = NOW.astimezone(LOCAL).date() + dt.timedelta(days=7 - NOW.astimezone(LOCAL).weekday())

# A link in running text may be as high as its line; what only screen readers see is not touched.
SMALL = """() => {
  document.querySelectorAll("main details").forEach((each) => (each.open = true));
  const least = 43.5, found = [];
  const controls = "a[href], button, input:not([type=hidden]), select, summary, textarea";
  for (const each of document.querySelectorAll(controls)) {
    const style = getComputedStyle(each), own = each.getBoundingClientRect();
    const inText = each.tagName === "A" && style.display === "inline" && !each.closest(".list__main");
    if (!own.width || style.visibility === "hidden" || inText || each.closest(".sr-only, .skip")) continue;
    const boxed = each.matches("[type=checkbox], [type=radio], [type=file]") ? [...each.labels] : [];
    const boxes = [each, ...boxed].map((one) => one.getBoundingClientRect());
    const box = boxes.reduce((one, other) => (other.height > one.height ? other : one));
    const { position, width, height } = getComputedStyle(each, "::after");
    const reach = position === "absolute" ? [parseFloat(width), parseFloat(height)] : [0, 0];
    const [wide, high] = [Math.max(box.width, reach[0]), Math.max(box.height, reach[1])].map(Math.round);
    if (wide < least || high < least) {
      const name = each.ariaLabel || each.innerText || each.name;
      found.push(`${each.tagName} ${each.className} “${name.trim()}” ${wide} x ${high}`);
    }
  }
  return found;
}"""


@pytest.fixture
def scene(database: Database, cast: Any, approved: int, speakers: list[int]) -> dict[str, int]:
    """A slot with a tune, a daily programme, and one from above onto the commune's own."""
    with database.transaction() as session:
        session.execute(update(Bulletin).values(klass=BulletinClass.PRIORITY))
        lan, admin = session.get_one(Person, cast.lan.id), session.get_one(Person, cast.admin.id)
        people.grant(session, admin, Role.EDITOR, cast.district, now=NOW)
        clip = session.scalars(select(Clip.id)).first()
        tune = Sound(
            kind=Kind.TUNE,
            title="Nhạc hiệu",
            clip_id=clip,
            area_id=cast.commune,
            created_by=lan.id,
            created_at=NOW,
        )
        session.add(tune)
        session.flush()
        flow = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))
        slot = Slot(30 * 60_000, (Entry(Kind.TUNE, str(tune.id), 2000), flow))

        def make(who: Person, area: int, title: str, time: str, **more: Any) -> int:
            times = (dt.time.fromisoformat(time),)
            rule = Rule(more.pop("frequency", Frequency.DAILY), MONDAY, times)
            intent = Intent(area, [] if more else [approved], rule, **more)
            return programme.create_schedule(session, who, intent, title=title, now=NOW).id

        once = {"frequency": Frequency.ONCE}
        made = {
            "slot": make(lan, cast.commune, "Chương trình chiều", "17:00", slot=slot),
            "plain": make(lan, cast.commune, "Bản tin sáng", "05:30"),
            "own": make(lan, cast.commune, "Tin của xã", "09:01", **once),
            "above": make(admin, cast.district, "Tin của huyện", "09:00", **once),
        }
        week_templates.save(session, lan, cast.commune, name="Tuần mẫu", monday=MONDAY, now=NOW)
    return made


def test_everything_that_is_touched_is_44_pixels_large(
    cast: Any, open_as: Callable[[Person | None, str], Page], scene: dict[str, int]
) -> None:
    week, page = f"week={MONDAY}", open_as(cast.lan, "/")
    origin = page.url.rstrip("/")
    at = f"{MONDAY + dt.timedelta(days=1)}T05:30:00"
    paths = [
        f"/programme/?{week}",
        "/programme/month",
        f"/programme/day?day={MONDAY}",
        f"/programme/several?{week}",
        "/programme/schedules",
        "/programme/changes",
        f"/programme/copy?{week}",
        f"/programme/templates?{week}",
        "/programme/templates/1",
        "/programme/new",
        f"/programme/slots/{scene['slot']}/edit",
        f"/programme/schedules/{scene['plain']}",
        f"/programme/schedules/{scene['plain']}/occurrence?at={at}",
        "/programme/order",
        f"/programme/print?{week}",
        "/sounds/",
        f"/calendars/{cast.commune}",
        f"/calendars/import/?area={cast.commune}",
        f"/calendars/holidays/{cast.commune}",
    ]
    small = {"/": page.evaluate(SMALL)}
    for path in paths:
        answer = page.goto(origin + path)
        assert answer, path
        assert answer.ok, path
        small[path] = page.evaluate(SMALL)
    assert {path: found for path, found in small.items() if found} == {}


def test_what_was_cancelled_does_not_look_in_the_grid_like_what_plays(
    cast: Any, open_as: Callable[[Person | None, str], Page], scene: dict[str, int]
) -> None:
    page = open_as(cast.lan, f"/programme/?week={MONDAY}")
    page.set_viewport_size({"width": 1280, "height": 1600})
    block = page.locator("[data-block]", has_text="Bản tin sáng").first
    block.evaluate("(each) => each.classList.add('slot--off')")
    lined = block.locator(".block__title").evaluate("(each) => getComputedStyle(each).textDecorationLine")
    assert lined == "line-through"
    colours = [
        page.locator("[data-block]", has_text="Bản tin sáng")
        .nth(number)
        .evaluate("(each) => getComputedStyle(each).backgroundColor")
        for number in (0, 1)
    ]
    assert colours[0] != colours[1]
