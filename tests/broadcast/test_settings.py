"""Settings: a wrong one stops the start and is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from broadcast import settings
from broadcast.errors import SettingInvalid


def load(**values):
    return settings.load({f"TRUYEN_THANH_{name}": value for name, value in values.items()})


def test_nothing_needs_to_be_set():
    found = settings.load({"PATH": "/bin", "HOME": "/root"})
    assert found.host == "127.0.0.1"
    assert found.public_url == "http://127.0.0.1:8080"
    assert found.database_url == f"sqlite:///{Path('var').absolute()}/truyen-thanh.db"
    assert found.secret_file == Path("var/keys/session")
    assert found.engines == ("google", "espeak")


def test_values_are_read(tmp_path):
    found = load(
        DATA_DIR=str(tmp_path),
        DATABASE_URL="postgresql://tt:pw@db/tt",
        HOST="0.0.0.0",
        PORT="9000",
        MQTT_URL="mqtts://broker:8883/",
        MQTT_PASSWORD="bí mật",
        ENGINES=" espeak , google,espeak",
        LOG_LEVEL="debug",
        URGENT_LEAD_S="1.5",
        SECRET_FILE="~/session",
    )
    assert (found.data_dir, found.port, found.log_level) == (tmp_path, 9000, "DEBUG")
    assert found.public_url == "http://127.0.0.1:9000"
    assert found.mqtt_url == "mqtts://broker:8883"
    assert found.engines == ("espeak", "google")
    assert found.urgent_lead_s == 1.5
    assert found.secret_file == Path.home() / "session"
    assert (found.keys_dir, found.library_dir) == (tmp_path / "keys", tmp_path / "library")
    assert found.broker_dir == tmp_path / "broker"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80 80"),
        ("PORT", "-1"),
        ("PORT", "８０８０"),
        ("PORT", ""),
        ("MQTT_PORT", "1883.5"),
        ("HOST", "a b"),
        ("PUBLIC_URL", "example.com"),
        ("PUBLIC_URL", "http://"),
        ("PUBLIC_URL", "http://[1::2"),
        ("PUBLIC_URL", "http://a:99999"),
        ("PUBLIC_URL", "ftp://a"),
        ("MQTT_URL", "http://broker"),
        ("MQTT_PASSWORD", ""),
        ("MQTT_USERNAME", "a:b"),
        ("DATABASE_URL", "mysql://a/b"),
        ("DATABASE_URL", "sqlite:///"),
        ("ENGINES", "festival"),
        ("ENGINES", ","),
        ("TENANT", "Xã"),
        ("TENANT", "a/b"),
        ("TENANT", "#"),
        ("WORKERS", "0"),
        ("PLAN_DAYS", "32"),
        ("URGENT_LEAD_S", "nan"),
        ("URGENT_LEAD_S", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("BROKER", "other"),
        ("SECRET_FILE", ""),
        ("DATA_DIR", ""),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(name, value):
    with pytest.raises(SettingInvalid) as caught:
        load(**{name: value})
    assert caught.value.params["name"] == f"TRUYEN_THANH_{name}"
    assert caught.value.params["why"]


def test_a_misspelt_setting_is_named_with_the_likely_one():
    with pytest.raises(SettingInvalid) as caught:
        load(MQTT_PROT="1883")
    assert "TRUYEN_THANH_MQTT_PORT" in caught.value.params["why"]
    with pytest.raises(SettingInvalid):
        load(SOMETHING_ELSE="1")


def test_a_broker_in_the_house_needs_its_password():
    with pytest.raises(SettingInvalid) as caught:
        load(MQTT_URL="mqtt://broker")
    assert caught.value.params["name"] == "TRUYEN_THANH_MQTT_PASSWORD"


def test_a_file_is_no_data_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(SettingInvalid):
        load(DATA_DIR=str(path))


def test_secrets_do_not_appear_when_settings_are_printed():
    found = load(MQTT_PASSWORD="bí mật", DATABASE_URL="postgresql://tt:bimat@db/tt")
    assert "bí mật" not in repr(found)
    assert "bimat" not in repr(found)


def test_there_is_no_secret_among_the_defaults():
    defaults = {each.name: each.default for each in dataclasses.fields(settings.Settings)}
    assert defaults["mqtt_password"] == ""
    assert defaults["secret_file"] is None


def test_an_ipv6_address_makes_a_usable_public_address():
    assert load(HOST="::1").public_url == "http://[::1]:8080"
