"""``simulate``: many loudspeakers in one process, for trials and the demonstration."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

import click

from broadcast import bootstrap
from broadcast.errors import NotFound
from broadcast.joining import trial
from broadcast.units import areas
from devices import simulator
from devices.errors import ProfileInvalid
from devices.simulator.profile import Profile
from devices.speaker.identity import Identity
from web import logs

from . import simulated_days as rehearsed
from . import simulated_join as joining
from .common import emit, json_option, load_settings, now, opened_database

PLACE = click.Path(path_type=Path, exists=True)
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
ACCOUNT_S = 20.0  # until the broker knows a box that was claimed just now
MOST_WITH_FILES = 500  # more loudspeakers keep their stores in memory: each file holds three descriptors open


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is to run."""

    identities: list[Identity]
    directory: Path
    rate: float
    profile: Profile | None
    seed: int | None
    control: Path | None

    @property
    def durable(self) -> bool:
        return len(self.identities) <= MOST_WITH_FILES

    async def run(self) -> None:
        await simulator.simulate(
            self.identities,
            self.directory,
            rate=self.rate,
            durable=self.durable,
            profile=self.profile,
            seed=self.seed,
            control=self.control,
        )


@click.command()
@click.option("--speakers", type=click.IntRange(1, 50_000), help="Số cụm loa; thiếu thì đăng ký thêm.")
@click.option("--profile", type=FILE, help="Tệp TOML mô tả đồng hồ, mạng, bộ nhớ và hỏng hóc.")
@click.option("--seed", type=int, help="Số gieo ngẫu nhiên, thay cho số trong tệp mô tả.")
@click.option(
    "--identities", type=PLACE, help="Danh tính có sẵn: thư mục tệp *.json, hoặc tệp do --write ghi."
)
@click.option(
    "--write", type=FILE, help="Chỉ đăng ký, ghi mọi danh tính vào một tệp rồi thoát (chạy ở máy chủ)."
)
@click.option("--server", help="Địa chỉ trang của máy chủ nơi khác mà các loa giả lập sẽ thuộc về.")
@click.option("--area", "code", help="Mã địa bàn nơi đăng ký loa giả lập; mặc định: địa bàn cao nhất.")
@click.option("--directory", type=FOLDER, help="Nơi các loa giả lập giữ dữ liệu.")
@click.option(
    "--rate", type=click.FloatRange(1, 200), default=1.0, show_default=True, help="Phát nhanh gấp bấy nhiêu."
)
@click.option(
    "--days",
    type=click.FloatRange(0.01, 8),
    help="Tải lịch và âm thanh, rồi phát trước chừng ấy ngày và báo cáo.",
)
@click.option("--control", type=FILE, help="Tệp socket để ra lệnh khi đang chạy.")
@click.option("--tell", help="Gửi một lệnh tới --control rồi thoát, ví dụ: break gia-lap-00001 dead_horn.")
@json_option
def simulate(
    *,
    speakers: int | None,
    profile: Path | None,
    seed: int | None,
    identities: Path | None,
    write: Path | None,
    server: str | None,
    code: str | None,
    directory: Path | None,
    rate: float,
    days: float | None,
    control: Path | None,
    tell: str | None,
) -> None:
    """Chạy các cụm loa giả lập cho đến khi bị dừng.

    Không có --identities thì loa giả lập (gia-lap-00001 …) được đăng ký vào chính cơ sở dữ liệu này. Với
    --server chúng thuộc về máy chủ ở nơi khác: một ít loa tự xin danh tính và chờ cán bộ nhận bằng mã; nhiều
    loa thì lấy --identities từ tệp mà máy chủ ấy ghi ra bằng --write.
    """
    if tell is not None:
        send(control, tell)
        return
    chosen = read_profile(profile) if profile else None
    settings = load_settings()
    logs.set_up(settings.log_level)
    home = settings.data_dir / "simulated"
    if server is not None:
        server = joining.address(server)
        home = joining.home_of(home, server)
    found = identified(
        identities or home / "identities", speakers, server, code, given=identities is not None
    )
    if write is not None:
        joining.write(write, found)
        emit({"speakers": len(found), "file": str(write)}, f"{len(found)} danh tính đã ghi vào {write}.")
        return
    allow_many_files()
    simulation = Simulation(found, directory or home / "boxes", rate, chosen, seed, control)
    if days is not None:
        rehearsed.rehearse(found, simulation.directory, days, chosen, seed)
        return
    emit(
        {"speakers": len(found), "rate": rate, "control": str(control) if control else None},
        f"{len(found)} cụm loa giả lập đang chạy.",
    )
    asyncio.run(until_stopped(simulation))


def identified(
    place: Path, speakers: int | None, server: str | None, code: str | None, *, given: bool
) -> list[Identity]:
    """So many loudspeakers that a server knows; what is missing is entered or enrolled, if none are given."""
    count = speakers or 1
    if server is not None:
        joining.check_server(server)
    if not given and server is None:
        register_missing(place, count, code)
    elif not given:
        joining.enrol_missing(str(server), place, count)
    found = joining.read(place)[:speakers]
    if len(found) < count:
        raise NotFound(kind="identity", id=str(place))
    if server is not None:
        joining.check_broker(server, found[0], patience_s=0.0 if given else ACCOUNT_S)
    return found


def register_missing(folder: Path, count: int, code: str | None) -> None:
    """Enter as many loudspeakers as there are identity files too few, in one transaction."""
    have = len(list(folder.glob(f"{trial.PREFIX}-*.json")))
    if have >= count:
        return
    wire = bootstrap.wire(load_settings())
    with opened_database() as database, database.transaction() as session:
        area_id = areas.by_code(session, code).id if code else trial.top(session).id
        entered = trial.enter(
            session, wire=wire, area_id=area_id, count=count - have, first=have + 1, now=now()
        )
        for identity in entered:  # before the commit: without its file a registered loudspeaker is of no use
            identity.save(folder / f"{identity.device}.json")


def read_profile(path: Path) -> Profile:
    try:
        return Profile.load(path)
    except ProfileInvalid as error:
        raise click.ClickException(f"Tệp mô tả không dùng được: {error}") from error


def send(control: Path | None, command: str) -> None:
    """Tell a running simulation, and print what it answers."""
    if control is None:
        raise click.UsageError("--tell cần --control")
    try:
        answer = simulator.tell(control, command)
    except OSError as error:
        raise click.ClickException(f"Không có mô phỏng nào nghe ở {control}: {error}") from error
    result = json.loads(answer or "{}")
    emit(result, answer)
    if "error" in result:
        raise click.exceptions.Exit(1)


def allow_many_files() -> None:
    """Every loudspeaker holds a connection; the usual limit is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def until_stopped(simulation: Simulation) -> None:
    """SIGINT and SIGTERM let every loudspeaker say goodbye."""
    running = asyncio.create_task(simulation.run())
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
