"""The pages over a real database: a client per person, a real server, a real browser."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from sqlalchemy import select, update

from broadcast.authoring import bulletins
from broadcast.bootstrap import System, build
from broadcast.joining import registry
from broadcast.models import Clip, Loudspeaker, Person, RenderState
from broadcast.settings import load
from broadcast.storage.database import Database
from web.app import create_app
from web.edge import Clock, utc_now
from web.server import WebServer, take_port
from web.sse import Feed

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).parents[2]
SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
SCRIPTS = re.compile(r"/js/(?!start\.js)")
PATIENCE_MS = 30_000  # everything that is waited for happens much sooner
COLOURS = ("color-contrast", "link-in-text-block")  # a theme changes nothing else
JUDGED: dict[tuple[str, str], tuple[str, ...]] = {
    ("phone", "light"): (),
    ("phone", "dark"): COLOURS,
    ("desktop", "light"): (),
}


@pytest.fixture
def system(database: Database, database_url: str, tmp_path: Path) -> Iterator[System]:
    """Every part of the server, real, none of them started: nothing is dispatched or spoken."""
    environment = {
        "TRUYEN_THANH_DATA_DIR": str(tmp_path / "data"),
        "TRUYEN_THANH_DATABASE_URL": database_url,
        "TRUYEN_THANH_ENGINES": "espeak",
    }
    made = build(load(environment), roles=())
    yield made
    made.database.dispose()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates are compiled once for all tests, each of which has an application of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Clock:
    """Stands at the NOW of the test's file, whatever the hour and however long the run.

    It goes where a file has none, and where a browser is: its clock goes too.
    """
    moment: dt.datetime | None = getattr(request.module, "NOW", None)
    return utc_now if moment is None or "live_server" in request.fixturenames else lambda: moment


@pytest.fixture
def app(
    system: System, compiled_templates: FileSystemBytecodeCache, no_cover: None, clock: Clock
) -> Iterator[Flask]:
    """The pages; not measured, since what is lies below them and has tests of its own."""
    made = create_app(system, clock=clock)
    made.jinja_env.bytecode_cache = compiled_templates
    made.testing = False
    yield made
    feed: Feed = made.extensions["live_feed"]
    feed.shut()


class Client(FlaskClient):
    """A visitor who sends the CSRF token of the page, as the browser does."""

    token = ""

    def sign_in_as(self, person: Person) -> Client:
        with self.session_transaction() as session:
            session["person_id"] = person.id
            session["epoch"] = person.session_epoch
        return self

    def read(self, path: str, status: int = 200) -> str:
        answer = self.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == status, text[:2000]
        return text

    def send(self, path: str, /, headers: dict[str, str] | None = None, **values: Any) -> Any:
        """POST a form with a valid token."""
        return self.post(path, data=values, headers={"X-CSRFToken": self._token(), **(headers or {})})

    def _token(self) -> str:
        page = self.get("/no-such-page").get_data(as_text=True)
        return page.split('name="csrf-token" content="')[1].split('"')[0]


@pytest.fixture
def client(app: Flask) -> Client:
    app.test_client_class = Client
    made = app.test_client()
    assert isinstance(made, Client)
    return made


@pytest.fixture
def client_of(app: Flask) -> Callable[[Person], Client]:
    """A signed-in client of its own for each person."""
    app.test_client_class = Client

    def make(person: Person) -> Client:
        made = app.test_client()
        assert isinstance(made, Client)
        return made.sign_in_as(person)

    return make


@pytest.fixture
def lan(cast: Any, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.lan)


@pytest.fixture
def binh(cast: Any, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.binh)


@pytest.fixture
def admin(cast: Any, client_of: Callable[[Person], Client]) -> Client:
    return client_of(cast.admin)


@pytest.fixture
def mai(cast: Any, client_of: Callable[[Person], Client]) -> Client:
    """Of another commune."""
    return client_of(cast.mai)


@pytest.fixture
def speakers(database: Database, system: Any, cast: Any, clock: Clock) -> list[int]:
    """Five that are well, two in each of two villages and one in a third."""
    now = clock()
    with database.transaction() as session:
        for number in range(5):
            registry.add(
                session,
                None,
                wire=system.wire,
                device=f"loa-{number}",
                name=f"Loa số {number}",
                area_id=cast.villages[number // 2],
                latitude=21.5 + number * 0.002,
                longitude=104.9,
                now=now,
            )
        well = {
            "online": True,
            "last_seen": now + dt.timedelta(minutes=5),
            "activated_at": now,
            "clock": "synced",
            "report": {"tele": {"signal_dbm": -71, "voltage_v": 12.3, "temperature_c": 41.0}},
        }
        session.execute(update(Loudspeaker).values(**well))
        return list(session.scalars(select(Loudspeaker.id).order_by(Loudspeaker.id)))


@pytest.fixture
def approved(database: Database, cast: Any, clock: Clock) -> int:
    """A bulletin of two minutes that binh has approved."""
    now = clock()
    with database.transaction() as session:
        author, leader = session.get_one(Person, cast.lan.id), session.get_one(Person, cast.binh.id)
        bulletin = bulletins.create(
            session,
            author,
            area_id=cast.commune,
            title="Vệ sinh đường làng",
            text="Sáu giờ sáng mai.",
            now=now,
        )
        clip = Clip(
            sha256="c" * 64,
            key="c" * 64,
            media_type="audio/mpeg",
            size=9_000,
            duration_ms=120_000,
            engine="espeak",
            engine_version="1.52",
            loudness=-16.0,
            true_peak=-2.0,
            peaks=[40] * 80,
            created_at=now,
        )
        session.add(clip)
        session.flush()
        version = bulletin.current
        version.clip_id, version.render_state = clip.id, RenderState.READY
        session.flush()
        session.refresh(version)
        bulletins.submit(session, author, bulletin.id, now=now)
        shown = {"version": 1, "text_sha256": version.text_sha256, "audio_sha256": clip.sha256}
        bulletins.approve(session, leader, bulletin.id, **shown, now=now)
        return bulletin.id


@pytest.fixture
def change(database: Database) -> Callable[..., None]:
    def apply(loudspeaker_id: int, **values: Any) -> None:
        with database.transaction() as session:
            session.execute(update(Loudspeaker).where(Loudspeaker.id == loudspeaker_id).values(**values))

    return apply


@pytest.fixture
def one(database: Database) -> Callable[[Any], Any]:
    def read(query: Any) -> Any:
        with database.transaction(read_only=True) as session:
            return session.scalars(query).one()

    return read


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The pages behind the real web server; gives the address."""
    feed: Feed = app.extensions["live_feed"]
    with contextlib.closing(take_port("127.0.0.1", 0)) as listener:
        server = WebServer(app, listener, threads=12, on_stop=feed.shut)
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.stop()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser, live_server: str) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN")
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of a phone that fails the test when the browser reports an error or a blocked source."""
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if _serious(message) else None)
    yield opened
    assert complaints == []


def _serious(message: Any) -> bool:
    text = message.text
    expected = ("status of 4", "status of 5", "net::ERR_INTERNET_DISCONNECTED")
    return message.type == "error" and not any(each in text for each in expected)


def enter(page: Page, app: Flask, address: str, person: Person) -> None:
    """Sign the browser in as ``person`` by the cookie the sign-in page would set."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["person_id"] = person.id
        session["epoch"] = person.session_epoch
        session["csrf_token"] = "0" * 40  # else requests at once would each begin a token of their own
    cookie = client.get_cookie("truyen_thanh")
    assert cookie is not None
    page.context.add_cookies([{"name": "truyen_thanh", "value": cookie.value, "url": address}])


@pytest.fixture
def open_as(page: Page, app: Flask, live_server: str) -> Callable[[Person | None, str], Page]:
    """Open a path in the browser, signed in as a person (or as nobody)."""

    def open_path(person: Person | None, path: str) -> Page:
        if person is not None:
            enter(page, app, live_server, person)
        page.goto(live_server + path)
        return page

    return open_path


@pytest.fixture
def open_before_scripts(
    page: Page, app: Flask, live_server: str
) -> Callable[[Person, str], Callable[[], None]]:
    """Open a path whose scripts are still on their way, all but the first; gives what lets them arrive."""
    on_their_way: list[Route] = []

    def open_path(person: Person, path: str) -> Callable[[], None]:
        enter(page, app, live_server, person)
        page.route(SCRIPTS, lambda route: on_their_way.append(route))  # noqa: PLW0108 (it is marked)
        page.goto(live_server + path, wait_until="commit")
        return arrive

    def arrive() -> None:
        for each in on_their_way:
            each.continue_()
        page.unroute(SCRIPTS)  # what is asked for meanwhile goes on too
        page.wait_for_load_state()

    return open_path


def complaints_of_axe(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """The serious and critical accessibility issues of what is open now, by all rules or by some."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text())
    options: dict[str, Any] = {"resultTypes": ["violations"], "elementRef": False, "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{issue['id']}: {node['target']} {node['failureSummary']}"
        for issue in found["violations"]
        if issue["impact"] in ("serious", "critical")
        for node in issue["nodes"]
    ]


MISSING_ICONS = """async () => {
  const used = [...document.querySelectorAll("use")].map((use) => use.getAttribute("href").split("#"));
  if (!used.length) return [];
  const sprite = await (await fetch(used[0][0])).text();
  return used.map(([, name]) => name).filter((name) => !sprite.includes(`id="${name}"`));
}"""


def pictures(page: Page, name: str) -> None:
    """Phone and desktop, light and dark, as files to look at; axe judges both sizes and both themes."""
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    complaints = [f"no such icon: {name}" for name in page.evaluate(MISSING_ICONS)]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("document.fonts.ready")
            if size == "phone":  # the whole page, with the bar where its end is
                length = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": width, "height": max(height, length)})
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
            if (size, scheme) in JUDGED:
                complaints += [
                    f"{size} {scheme} {each}" for each in complaints_of_axe(page, JUDGED[size, scheme])
                ]
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if overflow > 0:
                complaints.append(f"{size}: the page is {overflow} px wider than the screen")
    assert complaints == []


@pytest.fixture
def judge() -> Callable[[Page, str], None]:
    return pictures


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    return complaints_of_axe
