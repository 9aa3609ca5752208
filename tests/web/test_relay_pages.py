"""The stations that a unit carries: listened to before they are added, tried again, retired, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.bootstrap import System, build
from broadcast.models import RelayStation
from broadcast.settings import load
from broadcast.storage.database import Database
from devices.errors import RELAY_TROUBLES, RelayError
from tests.devices.radio_station import Radio, programme
from web import relay_words

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the use cases know both


@pytest.fixture
def system(database: Database, database_url: str, tmp_path: Path) -> Iterator[System]:
    """A server whose operator allows streams from this machine."""
    environment = {
        "TRUYEN_THANH_DATA_DIR": str(tmp_path / "data"),
        "TRUYEN_THANH_DATABASE_URL": database_url,
        "TRUYEN_THANH_ENGINES": "espeak",
        "TRUYEN_THANH_RELAY_NETWORKS": "127.0.0.1",
    }
    made = build(load(environment), roles=())
    yield made
    made.database.dispose()


@pytest.fixture
def radio() -> Iterator[Radio]:
    station = Radio()
    yield station
    station.close()


def stations(database: Database) -> list[RelayStation]:
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(RelayStation).order_by(RelayStation.id)))


def add(client: Any, area_id: int, url: str, title: str = "") -> Any:
    return client.send("/relays/", area_id=area_id, url=url, title=title)


def test_a_stream_is_listened_to_and_told_in_words_with_what_it_costs(
    lan: Any, cast: Any, database: Database, radio: Radio
) -> None:
    assert "Chưa có đài nào" in lan.read("/relays/")
    answer = add(lan, cast.commune, radio.live(every=1000))
    assert answer.status_code == 302
    page = lan.read(answer.headers["Location"])
    assert "Đã thêm “Thu”: MP3 64 kb/s, 29,8 MB một giờ." in page
    assert "30 phút mỗi ngày tốn khoảng 447,5 MB mỗi tháng" in page
    [made] = stations(database)
    assert (made.title, made.area_id, made.check_error) == ("Thu", cast.commune, "")


@pytest.mark.parametrize(
    "case",
    [
        ("/page", "Đây là trang web, không phải luồng phát."),
        ("/file", "Đây là bản ghi sẵn, không phải luồng trực tiếp."),
        ("/nothing", "Đài không có luồng này"),
        ("/round", "chuyển tiếp vòng quanh mãi"),
        ("/aac", "Luồng này là AAC, loa chỉ nghe được MP3."),
    ],
)
def test_what_cannot_be_carried_is_said_beside_the_address_and_nothing_is_added(
    lan: Any, cast: Any, database: Database, radio: Radio, case: tuple[str, str]
) -> None:
    path, told = case
    radio.body("/page", b"<html>" + b"x" * 9000, "text/html")
    radio.body("/file", programme(), "audio/mpeg")
    radio.body("/aac", b"\xff\xf1" + bytes(9000), "audio/aac", length=False)
    radio.forward("/round", "/round")
    answer = add(lan, cast.commune, radio.base + path, "Đài tỉnh")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert told in page
    assert radio.base + path in page  # nothing that was typed is lost
    assert 'value="Đài tỉnh"' in page
    assert stations(database) == []


def test_an_address_inside_the_network_is_refused_and_says_who_may_allow_it(
    lan: Any, cast: Any, database: Database
) -> None:
    answer = add(lan, cast.commune, "http://192.168.1.1/admin", "Trạm")
    assert answer.status_code == 422
    assert "mạng nội bộ" in answer.get_data(as_text=True)
    assert stations(database) == []


def test_a_later_trial_tells_that_a_station_is_silent(
    lan: Any, cast: Any, database: Database, radio: Radio
) -> None:
    add(lan, cast.commune, radio.live(), "Đài tỉnh")
    [made] = stations(database)
    radio.body("/live", b"<html>" + b"x" * 9000, "text/html")
    page = lan.read(lan.send(f"/relays/{made.id}/check").headers["Location"])
    assert "Đây là trang web" in page
    assert stations(database)[0].check_error == "relay_page"
    radio.live()
    page = lan.read(lan.send(f"/relays/{made.id}/check").headers["Location"])
    assert "“Đài tỉnh” nghe được: MP3 64 kb/s" in page
    assert stations(database)[0].check_error == ""


def test_a_station_is_retired_with_a_way_back(lan: Any, cast: Any, database: Database, radio: Radio) -> None:
    add(lan, cast.commune, radio.live(), "Đài tỉnh")
    [made] = stations(database)
    page = lan.read(lan.send(f"/relays/{made.id}/retire").headers["Location"])
    assert "“Đài tỉnh” đã ngừng tiếp âm" in page
    assert "Chưa có đài nào" in page
    page = lan.read(lan.send(f"/relays/{made.id}/restore").headers["Location"])
    assert "tiếp âm được như trước" in page


def test_an_officer_of_another_commune_neither_sees_nor_changes_it(
    lan: Any, client_of: Any, cast: Any, database: Database, radio: Radio
) -> None:
    url = radio.live()
    add(lan, cast.commune, url, "Đài Bắc Giang")
    [made] = stations(database)
    mai = client_of(cast.mai)
    calls = len(radio.calls)
    assert "Đài Bắc Giang" not in mai.read("/relays/")
    assert add(mai, cast.commune, url).status_code == 403
    for action in ("check", "retire"):
        assert mai.send(f"/relays/{made.id}/{action}").status_code == 404
    assert len(radio.calls) == calls  # nobody makes the server call who may not add


def test_a_visitor_who_is_not_signed_in_is_sent_to_sign_in(client: Any) -> None:
    assert client.get("/relays/").status_code in (302, 401)


def test_every_reason_of_the_library_has_a_sentence(database_url: str) -> None:
    def kinds(of: type[RelayError]) -> set[str]:
        return {of.code}.union(*(kinds(each) for each in of.__subclasses__()))

    assert set(relay_words.TROUBLES) == set(RELAY_TROUBLES) == kinds(RelayError)
    assert set(relay_words.PHRASES) == {*RELAY_TROUBLES, "relay_unsupported"}
