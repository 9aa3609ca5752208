"""The lexicon's pages: whose words they are, what a change touches, undo, files in and out, and who may."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest

import web.views.lexicon_table
from broadcast.authoring import bulletins, lexicon
from broadcast.models import Person, Role
from broadcast.storage.database import Database
from broadcast.units.people import grant

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
JSON = {"Accept": "application/json"}
TABLE = "Viết;Đọc là;Ghi chú\nPCTN;phòng chống thiên tai;\nQL.6;quốc lộ sáu;đường\n"


@pytest.fixture
def above(cast: Any, database: Database, client_of: Callable[[Person], Any]) -> Any:
    """The district's own editor."""
    with database.transaction() as session:
        grant(session, session.get_one(Person, cast.dung.id), Role.EDITOR, cast.district, now=NOW)
    return client_of(cast.dung)


def add(client: Any, area_id: int, written: str = "PCTN", spoken: str = "phòng chống tham nhũng") -> Any:
    answer = client.send("/lexicon/entry", headers=JSON, area_id=area_id, written=written, spoken=spoken)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


def write(database: Database, cast: Any, text: str = "Kế hoạch QZK của xã.") -> int:
    with database.transaction() as session:
        author = session.get_one(Person, cast.lan.id)
        made = bulletins.create(
            session, author, area_id=cast.commune, title="Kế hoạch", text=text, now=dt.datetime.now(dt.UTC)
        )
        return made.id


def the_entry(database: Database, area_id: int, written: str) -> Any:
    with database.transaction(read_only=True) as session:
        return lexicon.own(session, area_id, written=written)


def test_an_empty_lexicon_explains_itself_with_an_example(lan: Any) -> None:
    page = lan.read("/lexicon/")
    assert "Từ điển còn trống" in page
    assert "PCTN" in page
    assert "Thêm từ đầu tiên" in page


def test_a_word_is_added_found_without_accents_and_changed(lan: Any, cast: Any, database: Database) -> None:
    form = {"area_id": cast.commune, "written": "Đắk Nông", "spoken": "đắc nông", "note": "tỉnh"}
    answer = lan.send("/lexicon/entry", **form)
    assert answer.headers["Location"] == f"/lexicon/?area_id={cast.commune}"
    page = lan.read(answer.headers["Location"])
    assert "đắc nông" in page
    assert "Nguyễn Thị Lan" in page
    assert "Hoàn tác" in page
    assert "Hoàn tác" not in lan.read("/lexicon/")  # offered once
    assert "đắc nông" in lan.read("/lexicon/?q=dak+nong")
    assert "Không có từ nào như vậy" in lan.read("/lexicon/?q=lai+chau")
    entry = the_entry(database, cast.commune, "Đắk Nông")
    assert "Sửa “Đắk Nông”" in lan.read(f"/lexicon/{entry.id}")
    lan.send("/lexicon/entry", **(form | {"spoken": "đác nông"}))
    assert the_entry(database, cast.commune, "Đắk Nông").spoken == "đác nông"


def test_every_change_can_be_taken_back(lan: Any, cast: Any, database: Database) -> None:
    def spoken() -> str | None:
        entry = the_entry(database, cast.commune, "PCTN")
        return entry and entry.spoken

    added = add(lan, cast.commune)
    changed = add(lan, cast.commune, spoken="phòng chống thiên tai")
    assert spoken() == "phòng chống thiên tai"
    assert lan.send(changed["undo"]).status_code == 302
    assert spoken() == "phòng chống tham nhũng"
    entry_id = the_entry(database, cast.commune, "PCTN").id
    lan.send(f"/lexicon/{entry_id}/retire")
    assert spoken() is None
    undo = re.search(rf'action="(/lexicon/{entry_id}/restore)"', lan.read("/lexicon/"))
    assert undo is not None
    lan.send(undo[1])
    assert spoken() == "phòng chống tham nhũng"
    assert lan.send(added["undo"], headers=JSON).json["ok"]
    assert spoken() is None


def test_the_nearest_area_wins_and_the_page_shows_it(lan: Any, above: Any, cast: Any) -> None:
    add(above, cast.district, "PCTN", "phòng chống tham nhũng")
    add(above, cast.district, "TTCS", "thông tin cơ sở")
    page = lan.read("/lexicon/")
    assert page.count("Huyện Yên Bình") >= 2
    assert "Đọc khác ở đây" in page
    assert "<s>" not in page
    other = lan.read(f"/lexicon/new?area_id={cast.commune}&written=PCTN&spoken=phòng+chống+tham+nhũng")
    assert 'value="PCTN"' in other
    add(lan, cast.commune, "PCTN", "phòng chống thiên tai")
    page = lan.read("/lexicon/")
    assert "<s>PCTN</s>" in page
    assert "<s>TTCS</s>" not in page


def test_saving_says_before_and_after_what_it_touches(lan: Any, cast: Any, database: Database) -> None:
    bulletin_id = write(database, cast)
    form = {"area_id": cast.commune, "written": "QZK", "spoken": "quỹ khuyến học"}
    assert "1 bản tin chưa phát sẽ được đọc lại" in lan.send("/lexicon/impact", **form).text
    assert "Chưa có bản tin nào" in lan.send("/lexicon/impact", **(form | {"written": "XYZ"})).text
    assert lan.send("/lexicon/impact", **(form | {"spoken": ""})).text.strip() == ""
    told = add(lan, cast.commune, "QZK", "quỹ khuyến học")
    assert (told["bulletins"], told["approvals"]) == (1, 0)
    assert "1 bản tin được đọc lại." in told["message"]
    assert bulletin_id


def test_what_cannot_be_said_is_refused_beside_its_field(lan: Any, cast: Any) -> None:
    form = {"area_id": cast.commune, "written": "PCTN", "spoken": "— …"}
    answer = lan.send("/lexicon/entry", **form)
    assert answer.status_code == 422
    assert 'id="spoken-error"' in answer.text
    assert "— …" in answer.text
    told = lan.send("/lexicon/entry", headers=JSON, **form)
    assert (told.status_code, told.json["ok"]) == (422, False)
    assert "chữ tiếng Việt" in told.json["error"]
    assert 'id="written-error"' in lan.send("/lexicon/entry", area_id=cast.commune, spoken="a").text


def test_after_saving_one_goes_back_to_where_one_came_from_and_nowhere_else(lan: Any, cast: Any) -> None:
    form = {"area_id": cast.commune, "written": "PCTN", "spoken": "phòng chống tham nhũng"}
    answer = lan.send("/lexicon/entry", next="/bulletins/7", **form)
    assert answer.headers["Location"] == "/bulletins/7"
    answer = lan.send("/lexicon/entry", next="https://nơi-khác.vn/", **(form | {"spoken": "ờ"}))
    assert answer.headers["Location"] == "/"


def test_a_table_is_seen_line_by_line_and_then_taken_in(lan: Any, cast: Any, database: Database) -> None:
    add(lan, cast.commune, "PCTN", "phòng chống tham nhũng")

    def preview(text: str) -> Any:
        file = (io.BytesIO(text.encode()), "tu-dien.csv")
        return lan.send("/lexicon/import/preview", area_id=cast.commune, file=file)

    page = preview(TABLE).text
    assert "Đổi" in page
    assert "<s>phòng chống tham nhũng</s>" in page
    assert the_entry(database, cast.commune, "QL.6") is None  # nothing was written
    data = page.split('name="data" value="')[1].split('"')[0]
    answer = lan.send("/lexicon/import", area_id=cast.commune, data=data)
    assert answer.status_code == 302
    assert the_entry(database, cast.commune, "PCTN").spoken == "phòng chống thiên tai"
    assert the_entry(database, cast.commune, "QL.6").note == "đường"

    refused = preview(TABLE + ";không có chữ;\n").text
    assert "Không dùng được" in refused
    assert "Nhập vào từ điển" not in refused
    data = refused.split('name="data" value="')[1].split('"')[0]
    assert lan.send("/lexicon/import", area_id=cast.commune, data=data).status_code == 422


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Hãy chọn một tệp"),
        (b"a;b\n1;2\n", "không phải bảng cách đọc"),
        (b"\xff\xfa\x00" * 50, "không phải văn bản"),
        (b"x" * 1_001, "Tệp lớn quá"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(
    lan: Any, cast: Any, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:
    monkeypatch.setattr(web.views.lexicon_table, "LARGEST", 1_000)
    file = (io.BytesIO(data), "a.csv")
    answer = lan.send("/lexicon/import/preview", area_id=cast.commune, file=file)
    assert answer.status_code == 422
    assert words in answer.text
    assert lan.send("/lexicon/import", area_id=cast.commune, data="không").status_code == 422


def test_what_is_exported_can_be_imported(lan: Any, cast: Any) -> None:
    add(lan, cast.commune, "PCTN", "phòng chống tham nhũng")
    answer = lan.get(f"/lexicon/export.csv?area_id={cast.commune}")
    assert answer.mimetype == "text/csv"
    assert "tu-dien-H40.10.1.csv" in answer.headers["Content-Disposition"]
    for data in (answer.data, lan.get("/lexicon/template.csv").data):
        assert data.startswith(b"\xef\xbb\xbf")
        page = lan.send("/lexicon/import/preview", area_id=cast.commune, file=(io.BytesIO(data), "a.csv"))
        assert page.status_code == 200
        assert "Không dùng được" not in page.text


def test_somebody_of_another_commune_changes_and_sees_nothing_here(
    lan: Any, cast: Any, client_of: Callable[[Person], Any], database: Database
) -> None:
    undo = add(lan, cast.commune)["undo"]
    entry_id = the_entry(database, cast.commune, "PCTN").id
    mai = client_of(cast.mai)
    form = {"area_id": cast.commune, "written": "PCTN", "spoken": "ờ"}
    assert mai.send("/lexicon/entry", **form).status_code == 403
    assert mai.send("/lexicon/entry", headers=JSON, **form).status_code == 403
    assert mai.send("/lexicon/impact", **form).status_code == 403
    assert mai.send("/lexicon/hear", **form).status_code == 403
    for path in (undo, f"/lexicon/{entry_id}/retire", f"/lexicon/{entry_id}/restore"):
        assert mai.send(path).status_code in (403, 404)
    assert mai.get(f"/lexicon/{entry_id}").status_code in (403, 404)
    assert mai.get(f"/lexicon/export.csv?area_id={cast.commune}").status_code == 403
    assert "Nguyễn Thị Lan" not in mai.read(f"/lexicon/?area_id={cast.commune}")
    file = (io.BytesIO(TABLE.encode()), "a.csv")
    assert mai.send("/lexicon/import/preview", area_id=cast.commune, file=file).status_code == 403
    assert the_entry(database, cast.commune, "PCTN").spoken == "phòng chống tham nhũng"


def test_a_refusal_of_what_a_dialog_asks_is_a_sentence_it_can_show(client: Any, lan: Any, cast: Any) -> None:
    json, values = {"Accept": "application/json"}, {"written": "CA", "spoken": "công an"}
    stranger = client.send("/lexicon/entry", headers=json, area_id=cast.commune, **values)
    assert (stranger.status_code, stranger.json["ok"]) == (401, False)
    assert "đăng nhập" in stranger.json["error"]
    undo = lan.send("/lexicon/entry", headers=json, area_id=cast.commune, **values).json["undo"]
    assert lan.send(undo, headers=json).json["ok"]
    again = lan.send(undo, headers=json)
    assert (again.status_code, again.json["ok"]) == (409, False)
    assert "trạng thái" in again.json["error"]


def test_an_approver_looks_and_listens_only(lan: Any, cast: Any, client_of: Callable[[Person], Any]) -> None:
    add(lan, cast.commune)
    page = client_of(cast.binh).read("/lexicon/")
    assert "Nghe thử" in page
    assert "Thêm từ" not in page
    assert "/retire" not in page


def test_a_form_without_its_token_changes_nothing(lan: Any, cast: Any) -> None:
    for path in ("entry", "impact", "hear", "import", "import/preview", "1/retire", "1/undo"):
        assert lan.post(f"/lexicon/{path}", data={"area_id": cast.commune}).status_code == 400


def test_a_word_is_heard_in_the_areas_voice(lan: Any, cast: Any, system: Any) -> None:
    answer = lan.send("/lexicon/hear", area_id=cast.commune, spoken="đắc nông")
    system.synthesiser.close()
    assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg")
    assert answer.headers["X-Sentences"] == "1"
    assert len(answer.data) > 1000
    assert lan.send("/lexicon/hear", area_id=cast.commune, spoken="").status_code == 422
