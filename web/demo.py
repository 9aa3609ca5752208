"""Sets the demonstration's stage: a fresh folder, the server in this process, loudspeakers in a child."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broadcast import demo, settings
from broadcast.bootstrap import ALL_ROLES, System
from broadcast.demo import Cast
from devices.broker import leash

from . import logs
from .app import create_app
from .commands.serving import connection, started
from .demo_report import Progress, Report
from .demo_story import DemoStuckError, Story, announcements
from .server import WebServer, take_port

KEPT_SETTINGS: Final = ("LOG_LEVEL", "WORKERS")  # of the environment; a real server's others must not matter
STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    once: bool
    bulletin: tuple[str, bytes] | None  # name and content of a file
    speed_up: float | None
    port: int
    keep: bool
    broker: str
    as_json: bool
    home: Path


def run(options: Options) -> int:
    """The exit code: 0 only if every loudspeaker proved every bulletin."""
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # ends like Ctrl+C: everything is stopped in order
    texts = announcements(options.bulletin)  # a file that cannot be read stops here
    listener = take_port("127.0.0.1", options.port)
    home = (options.home / str(options.port)).absolute()
    if home.exists() and not options.keep:
        shutil.rmtree(home)
    progress = Progress()
    loaded = _settings(options, home)
    logs.set_up(loaded.log_level)
    with (
        contextlib.closing(listener),
        started(loaded, ALL_ROLES) as system,
        _server(system, listener),
        contextlib.ExitStack() as stack,
    ):
        story = Story(system, progress, options.once, options.speed_up, texts)
        cast = story.furnish()
        if not options.once:
            _invite(system, cast, progress)
        report, ids = _perform(story, cast, home, stack)
        _show(report, options)
        if not options.once:
            if report.complete and not options.keep:
                story.keep_on_air(cast, ids)
            _invite(system, cast, progress)
            _stay(progress)
    return 0 if report.complete else 1


def _settings(options: Options, home: Path) -> settings.Settings:
    kept = {
        name: os.environ[name] for each in KEPT_SETTINGS if (name := settings.PREFIX + each) in os.environ
    }
    return settings.load(
        {
            "TRUYEN_THANH_LOG_LEVEL": "WARNING",
            **kept,
            "TRUYEN_THANH_DATA_DIR": str(home),
            "TRUYEN_THANH_PORT": str(options.port),
            "TRUYEN_THANH_MQTT_PORT": str(_broker_port(home)),
            "TRUYEN_THANH_BROKER": options.broker,
            "TRUYEN_THANH_ENGINES": "espeak",
            "TRUYEN_THANH_TENANT": "trinh-dien",
            "TRUYEN_THANH_HEARTBEAT_S": "10",
        }
    )


@contextlib.contextmanager
def _server(system: System, listener: socket.socket) -> Iterator[None]:
    """The pages in a thread, until the end."""
    app = create_app(system, broker_connected=connection(system))
    server = WebServer(app, listener, system.settings.threads, on_stop=app.extensions["live_feed"].shut)
    thread = threading.Thread(target=server.serve, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(STOP_S * 2)


def _perform(story: Story, cast: Cast, home: Path, stack: contextlib.ExitStack) -> tuple[Report, list[int]]:
    progress, system = story.progress, story.system
    speakers = story.register(cast, home / "speakers")
    speed_up = story.speed_up()
    stack.enter_context(_loudspeakers(home, speed_up))
    began = progress.seconds
    ids = story.write(cast)
    story.render(ids)
    rendered = progress.seconds
    dispatched = 0.0
    try:
        story.connect(speakers)
        ends = story.approve_and_schedule(cast, ids, speed_up)
        asked = progress.seconds
        story.dispatch(len(ids))
        dispatched = progress.seconds - asked
        story.play(len(ids), ends)
    except DemoStuckError as error:
        progress.say(str(error))
    report = Report(
        outcomes=story.outcomes(),
        bulletins=len(ids),
        speakers=speakers,
        voice=story.voice(ids),
        broker=system.broker.name if system.broker else system.settings.mqtt_url,
        speed_up=speed_up,
        render_s=rendered - began,
        dispatch_s=dispatched,
        total_s=progress.seconds,
    )
    return report, ids


@contextlib.contextmanager
def _loudspeakers(home: Path, speed_up: float) -> Iterator[None]:
    """The simulated loudspeakers, in a child that ends with this process."""
    command = [
        sys.executable, "-P", str(leash.__file__), str(os.getpid()),
        sys.executable, "-P", "-m", "web.cli", "simulate",
        "--identities", str(home / "speakers"), "--directory", str(home / "boxes"), "--rate", str(speed_up),
    ]  # fmt: skip
    with (home / "loudspeakers.log").open("ab") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _show(report: Report, options: Options) -> None:
    table = sys.stderr if options.as_json else sys.stdout
    table.write("\n" + "\n".join(report.lines()) + "\n")
    table.flush()
    if options.as_json:
        sys.stdout.write(report.as_json() + "\n")
        sys.stdout.flush()


def _invite(system: System, cast: Cast, progress: Progress) -> None:
    """Print a link for each of the two people; each signs in once."""
    now = dt.datetime.now(dt.UTC)
    for words, person_id in (("cán bộ lan", cast.lan_id), ("lãnh đạo binh", cast.binh_id)):
        with system.database.transaction() as session:
            token = demo.sign_in_token(session, person_id, now)
        progress.say(f"Đăng nhập một lần với vai {words}: {system.settings.public_url}/link/{token}")


def _stay(progress: Progress) -> None:
    """Serve the pages until Ctrl+C."""
    progress.say("Các trang vẫn chạy; nhấn Ctrl+C để dừng.")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _broker_port(home: Path) -> int:
    """A free port; the loudspeakers of an earlier run know theirs."""
    note = home / "mqtt-port"
    if note.exists():
        return int(note.read_text())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    home.mkdir(parents=True, exist_ok=True)
    note.write_text(str(port))
    return port
