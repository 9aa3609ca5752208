"""The lexicon as CSV: what spreadsheets save comes in whole or not at all, and no cell becomes a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.authoring import lexicon, lexicon_table
from broadcast.errors import Forbidden, NotText, TableInvalid

BOM = "\ufeff"


def load(database, person, area_id, now, text, **more):
    data = text if isinstance(text, bytes) else text.encode()
    with database.transaction() as session:
        return lexicon.import_csv(session, person, area_id=area_id, data=data, now=now, **more)


def export(database, person, area_id):
    with database.transaction(read_only=True) as session:
        return lexicon.export_csv(session, person, area_id)


def test_what_goes_out_comes_in_elsewhere(database, cast, now):
    table = f"{BOM}Viết;Đọc là;Ngôn ngữ;Ghi chú\r\nEa Súp;ia xúp;vi;thôn\r\nUBND;ủy ban nhân dân;vi;\r\n"
    done = load(database, cast.lan, cast.commune, now, table)
    assert (done.added, done.changed, done.same, done.refused) == (2, 0, 0, ())
    assert export(database, cast.lan, cast.commune) == table
    again = load(database, cast.lan, cast.commune, now, export(database, cast.lan, cast.commune))
    assert (again.added, again.changed, again.same) == (0, 0, 2)
    assert load(database, cast.mai, cast.other_commune, now, table).added == 2


@pytest.mark.parametrize(
    "text",
    [
        "Viết,Đọc là\nEa Súp,ia xúp\n",
        "viet;cach doc\r\n\r\nEa Súp;ia xúp\r\n",
        'note,SPOKEN,written\n"a, b",ia xúp,"Ea Súp"\n',
        "Từ\tĐọc\nEa Súp\tia xúp",
        BOM + "Viết;Đọc là\rEa Súp;ia xúp\r",
    ],
)
def test_tables_of_every_spreadsheet_are_understood(text):
    (line,) = lexicon_table.read(text.encode())
    assert (line.written, line.spoken, line.language) == ("Ea Súp", "ia xúp", "vi")
    assert lexicon_table.read(text.lstrip(BOM).encode("utf-16"))[0].written == "Ea Súp"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\xff\xfe\x00", NotText),
        ("Viết;Đọc là\nĐ".encode("cp1258", "replace"), TableInvalid),
        (b"", TableInvalid),
        (b"a;b\n1;2\n", TableInvalid),
        ('Viết;Đọc là\n"Ea;b\n'.encode(), TableInvalid),
        (("Viết;Đọc là\n" + "a;b\n" * 5001).encode(), TableInvalid),
    ],
)
def test_a_file_that_is_no_table_is_refused(data, error):
    with pytest.raises((error, NotText)):
        lexicon_table.read(data)


def test_with_one_wrong_line_nothing_is_written(database, cast, now):
    table = "Viết;Đọc là\nEa Súp;ia xúp\n;trống\nHọp;…\nEa Súp;ê a xúp\nEa Súp;ia xúp\n"
    done = load(database, cast.lan, cast.commune, now, table)
    assert done.refused == ((3, "written_empty"), (4, "spoken_unspeakable"), (5, "contradiction"))
    assert export(database, cast.lan, cast.commune).count("\n") == 1


def test_a_check_tells_what_would_come_of_it(database, cast, stage, now):
    bulletin_id = stage.bulletin("Họp thôn Ea Súp")
    table = "Viết;Đọc là\nEa Súp;ia xúp\n" + "".join(f"từ{n};đọc\n" for n in range(20))
    told = load(database, cast.lan, cast.commune, now, table, check=True)
    assert (told.added, told.bulletins, told.approvals) == (21, (bulletin_id,), 1)
    assert export(database, cast.lan, cast.commune).count("\n") == 1
    assert load(database, cast.lan, cast.commune, now, table) == told


def test_only_an_editor_imports_and_whoever_sees_the_area_exports(database, cast, now):
    for person in (cast.mai, cast.binh):
        with pytest.raises(Forbidden):
            load(database, person, cast.commune, now, "Viết;Đọc là\nA;b\n")
    assert export(database, cast.binh, cast.commune)
    with pytest.raises(Forbidden):
        export(database, cast.mai, cast.commune)


cells = st.text(st.sampled_from("=+-@'＝a b;,\"\n1"), min_size=1).map(lambda text: " ".join(text.split()))


@given(cells, cells)
def test_no_cell_is_a_formula_and_every_cell_comes_back(written, spoken):
    text = lexicon_table.write([(written, spoken, "vi", "")])
    row = next(iter(list(csv.reader(io.StringIO(text.lstrip(BOM)), delimiter=";"))[1:]))
    assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for cell in row)
    lines = lexicon_table.read(text.encode())
    assert [(line.written, line.spoken) for line in lines] == [(written, spoken)]
