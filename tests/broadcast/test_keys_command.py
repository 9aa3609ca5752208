"""``truyen-thanh keys``: list, rotate, retire; nobody is left behind without being asked for it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from broadcast.models import JournalRow, Loudspeaker
from broadcast.signing import keyring
from web.cli import main

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Any:
    environment = {"TRUYEN_THANH_DATA_DIR": str(tmp_path / "data"), "TRUYEN_THANH_DATABASE_URL": database_url}

    def call(*arguments: str, fails: bool = False) -> Any:
        answer = CliRunner().invoke(main, ["keys", *arguments], env=environment)
        assert bool(answer.exit_code) is fails, answer.output
        return answer.output if fails or "--json" not in arguments else json.loads(answer.output)

    return call


def test_a_key_is_rotated_and_the_old_one_retired_once_every_loudspeaker_knows_the_new_one(
    run: Any, stage: Any, tmp_path: Path
) -> None:
    stage.loudspeakers(2)
    first = run("show", "--json")["keyid"]
    made = run("rotate", "--json")
    assert made["version"] > 1
    assert made["keys"][0]["keyid"] == first
    said = run("retire", first, fails=True)
    assert "2 cụm loa chưa nhận khóa mới: loa-001, loa-002" in said
    since = keyring.load(tmp_path / "data" / "keys").newest.created_at
    with stage.database.transaction() as session:
        for id_ in (1, 2):
            found = session.get_one(Loudspeaker, id_)
            found.desired_rev, found.have_epoch, found.have_rev = 5, 1, 5
            found.last_seen = since + dt.timedelta(minutes=2)
    with stage.database.transaction() as session:
        row = JournalRow(loudspeaker_id=2, boot="b", seq=1, event="keyset_refused", body={})
        row.at = row.received_at = since + dt.timedelta(minutes=1)
        session.add(row)
    assert "1 cụm loa chưa nhận khóa mới: loa-002" in run("retire", first, fails=True)
    with stage.database.transaction() as session:
        session.execute(delete(JournalRow))
    assert run("retire", first, "--json")["version"] == made["version"] + 1
    assert len(run("list", "--json")["keys"]) == 1


def test_a_stolen_key_is_retired_at_once_by_force(run: Any, stage: Any) -> None:
    stage.loudspeakers(1)
    first = run("show", "--json")["keyid"]
    run("rotate")
    assert "Đã bỏ khóa" in run("retire", first, "--force")


def test_no_private_key_is_ever_printed(run: Any, tmp_path: Path) -> None:
    said = run("show") + run("rotate") + run("list") + str(run("list", "--json"))
    files = [path.read_text() for path in (tmp_path / "data" / "keys").glob("signing*")]
    assert len(files) == 2
    assert not any(each.strip() in said for each in files)


def test_what_cannot_be_done_is_said_in_one_sentence(run: Any) -> None:
    assert "Lỗi:" in run("retire", run("show", "--json")["keyid"], "--force", fails=True)
    run("rotate")
    assert "Lỗi:" in run("rotate", fails=True)
