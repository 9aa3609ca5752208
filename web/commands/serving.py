"""``run``, ``web``, ``worker`` and ``broker``: the processes of the server."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Collection, Iterator

import click

from broadcast import bootstrap, diagnosis, setup
from broadcast.bootstrap import System
from broadcast.errors import BrokerMissing
from broadcast.settings import Settings
from broadcast.worker import ROLES
from web import logs
from web.app import create_app
from web.server import WebServer, take_port

from .common import emit, json_option, load_settings, now

HOST = click.option("--host", help="Địa chỉ của trang; mặc định 127.0.0.1.")
PORT = click.option("--port", type=int, help="Cổng của trang; mặc định 8080.")
ACCOUNTS_S = 2.0  # how often the broker alone looks for new loudspeakers


@click.command()
@HOST
@PORT
@json_option
def run(host: str | None, port: int | None) -> None:
    """Chạy máy chủ: trang, bộ xử lý và máy chủ MQTT trong một tiến trình."""
    serve_pages(load_settings(host=host, port=port), bootstrap.ALL_ROLES)


@click.command()
@HOST
@PORT
@json_option
def web(host: str | None, port: int | None) -> None:
    """Chỉ chạy các trang; bộ xử lý và máy chủ MQTT chạy ở tiến trình khác."""
    serve_pages(load_settings(host=host, port=port), ())


@click.command()
@json_option
def worker() -> None:
    """Chỉ chạy bộ xử lý: đọc, lập kế hoạch, gửi, nhận báo cáo."""
    settings = prepared(load_settings())
    with told_to_stop() as stop, started(settings, ROLES):
        warn_of_broker(settings)
        emit({"worker": "ready"}, "Bộ xử lý đang chạy.")
        stop.wait()


@click.command()
@json_option
def broker() -> None:
    """Chỉ chạy máy chủ MQTT của chính hệ thống."""
    settings = prepared(load_settings())
    with told_to_stop() as stop, started(settings, {bootstrap.BROKER_ROLE}) as system:
        if system.broker is None:
            raise BrokerMissing(why="TRUYEN_THANH_MQTT_URL")
        emit(
            {"broker": system.broker.name, "url": system.broker.url},
            f"{system.broker.name}: {system.broker.url}",
        )
        while not stop.wait(ACCOUNTS_S):
            system.refresh_accounts()


def serve_pages(settings: Settings, roles: Collection[str]) -> None:
    """The pages, and whatever else ``roles`` name; the port is taken before anything is made."""
    listener = take_port(settings.host, settings.port)
    with contextlib.closing(listener), told_to_stop() as stop, started(prepared(settings), roles) as system:
        app = create_app(system, broker_connected=connection(system))
        server = WebServer(app, listener, settings.threads, on_stop=app.extensions["live_feed"].shut)
        stop.then(server.stop)
        warn_of_broker(settings)
        tell_address(system)
        server.serve()


@contextlib.contextmanager
def started(settings: Settings, roles: Collection[str]) -> Iterator[System]:
    """The system of a process with these roles; it stops in the reverse order of its start."""
    system = bootstrap.build(settings, roles)
    settings.broker_dir.mkdir(mode=0o700, exist_ok=True)
    try:
        system.start()
        yield system
    finally:
        system.stop()
        system.synthesiser.close()


def connection(system: System) -> Callable[[], bool] | None:
    """Whether the leader's link is up, as far as this process can know: another process may lead."""
    worker = system.worker
    if worker is None:
        return None
    return lambda: system.link.connected or not worker.leads


def prepared(settings: Settings) -> Settings:
    logs.set_up(settings.log_level)
    return settings


def tell_address(system: System) -> None:
    """Where the pages are, and how to begin while nobody can administer."""
    address = system.settings.public_url
    with system.database.transaction() as session:
        token = setup.ensure_setup_link(session, now(), renew=True)
    link = f"{address}/setup/{token}" if token else None
    lines = [f"Truyền Thanh: {address}"]
    if link:
        lines += [
            "Chưa có ai quản trị. Mở liên kết này (dùng một lần, trong 24 giờ) để thiết lập:",
            f"  {link}",
        ]
    broker = system.broker.name if system.broker else None
    emit({"url": address, "setup_link": link, "broker": broker}, lines)


def warn_of_broker(settings: Settings) -> None:
    """A broker in the house that does not answer is tried again for ever; the operator should know."""
    if settings.mqtt_url:
        finding = diagnosis.reachable(settings.mqtt_url)
        if finding.level is diagnosis.Level.ERROR:
            click.echo(f"Cảnh báo: {finding.text}. {finding.hint} Máy chủ vẫn chạy và thử lại.", err=True)


class Stop:
    """Set by SIGINT or SIGTERM; a second signal changes nothing."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._then: Callable[[], None] = lambda: None
        self.wait = self._event.wait

    def then(self, call: Callable[[], None]) -> None:
        self._then = call
        if self._event.is_set():
            call()

    def __call__(self, *_: object) -> None:
        self._event.set()
        self._then()


@contextlib.contextmanager
def told_to_stop() -> Iterator[Stop]:
    stop = Stop()
    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
