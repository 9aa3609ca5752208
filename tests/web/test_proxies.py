"""Who a request is counted for when a reverse proxy stands before the server, and when somebody says so."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from broadcast.bootstrap import System, build
from broadcast.errors import SettingInvalid
from broadcast.settings import Settings, load
from devices.envelope import SigningKey
from web.api.enrolment import ASKS
from web.app import create_app
from web.proxies import Proxies, visitor
from web.server import WebServer, take_port

HOUSE = tuple(ipaddress.ip_network(each) for each in ("10.0.0.0/8", "127.0.0.1/32", "2001:db8:1::/48"))
STRANGERS = st.ip_addresses(network="203.0.113.0/24").map(str)


@pytest.mark.parametrize(
    ("peer", "told", "who"),
    [
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),  # no proxy of ours: its word counts for nothing
        ("10.0.0.2", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.2", "192.0.2.66, 203.0.113.7", "203.0.113.7"),  # the first was written by the visitor
        ("10.0.0.2", "203.0.113.7, 10.9.9.9", "203.0.113.7"),
        ("::ffff:10.0.0.2", "203.0.113.7:50412", "203.0.113.7"),
        ("2001:db8:1::5", "[2001:db8:9::7]:443", "2001:db8:9::7"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "unknown", "10.0.0.2"),
        ("10.0.0.2", "203.0.113.7, _hidden", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.9", "10.0.0.9"),
        ("", "203.0.113.7", ""),
    ],
)
def test_the_visitor_is_the_first_that_is_no_trusted_proxy(peer: str, told: str, who: str) -> None:
    assert visitor(peer, told, HOUSE) == who


@given(forged=st.lists(st.text(), max_size=30), true=STRANGERS)
def test_what_a_visitor_writes_before_the_proxy_s_own_word_changes_nothing(
    forged: list[str], true: str
) -> None:
    assert visitor("10.0.0.2", ",".join([*forged, true]), HOUSE) == true


@given(told=st.text(), peer=STRANGERS)
def test_a_stranger_is_never_believed(told: str, peer: str) -> None:
    assert visitor(peer, told, HOUSE) == peer
    assert visitor(peer, told, ()) == peer


def test_no_header_of_a_proxy_reaches_the_pages() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], _: object) -> list[bytes]:
        seen.update(environ)
        return []

    said = {"HTTP_X_FORWARDED_FOR": "a", "HTTP_X_FORWARDED_HOST": "evil", "HTTP_FORWARDED": "for=a"}
    Proxies(app, ())({**said, "REMOTE_ADDR": "192.0.2.1", "HTTP_HOST": "h"}, lambda *_: None)  # type: ignore[arg-type]
    assert seen == {"REMOTE_ADDR": "192.0.2.1", "HTTP_HOST": "h"}


@pytest.mark.parametrize("value", ["10.0.0.0/33", "proxy.local", "0.0.0.0/0", "10.0.0.1/8", "1"])
def test_a_wrong_network_stops_the_start_and_names_the_setting(value: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        load({"TRUYEN_THANH_TRUSTED_PROXIES": value})
    assert "TRUYEN_THANH_TRUSTED_PROXIES" in str(refused.value)


def test_nobody_is_trusted_unless_it_is_set() -> None:
    assert Settings().trusted_proxies == ()
    told = load({"TRUYEN_THANH_TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/16,2001:db8::/32"})
    assert told.trusted_proxies == ("10.0.0.5/32", "10.1.0.0/16", "2001:db8::/32")


@pytest.fixture
def behind_a_proxy(system: System) -> Iterator[Flask]:
    environ = {
        "TRUYEN_THANH_DATA_DIR": str(system.settings.data_dir),
        "TRUYEN_THANH_DATABASE_URL": system.settings.database_url,
        "TRUYEN_THANH_ENGINES": "espeak",
        "TRUYEN_THANH_TRUSTED_PROXIES": "127.0.0.1",
    }
    made = build(load(environ), roles=())
    app = create_app(made)
    yield app
    app.extensions["live_feed"].shut()
    made.database.dispose()


def ask(client: Any, **told: str) -> int:
    key = {"public_key": SigningKey.generate().public}
    headers = {name.replace("_", "-"): value for name, value in told.items()}
    return int(client.post("/api/enrol", json=key, headers=headers).status_code)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_visitors_behind_a_trusted_proxy_have_limits_of_their_own(behind_a_proxy: Flask) -> None:
    client = behind_a_proxy.test_client()
    limit, _ = ASKS
    assert {ask(client, X_Forwarded_For="203.0.113.7") for _ in range(limit)} == {201}
    assert ask(client, X_Forwarded_For="203.0.113.7") == 429
    assert ask(client, X_Forwarded_For="203.0.113.8") == 201


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_the_setting_a_header_gives_nobody_a_new_limit(client: Any) -> None:
    limit, _ = ASKS
    assert {ask(client, X_Forwarded_For=f"203.0.113.{number}") for number in range(limit)} == {201}
    assert ask(client, X_Forwarded_For="203.0.113.200") == 429


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_web_server_hands_a_trusted_proxy_s_word_through(behind_a_proxy: Flask) -> None:
    seen: list[str | None] = []
    behind_a_proxy.before_request(lambda: seen.append(request.remote_addr))
    listener = take_port("127.0.0.1", 0)
    server = WebServer(behind_a_proxy, listener, threads=2)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", "/healthz", headers={"X-Forwarded-For": "192.0.2.66, 203.0.113.7"})
            assert connection.getresponse().status == 200
    finally:
        server.stop()
        thread.join()
        listener.close()
    assert seen == ["203.0.113.7"]
