"""The lexicon as a file: seen line by line before it is taken in, taken out, and an example to start from."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from broadcast.authoring import entries, lexicon, lexicon_table
from broadcast.authoring.lexicon import Imported
from broadcast.errors import DomainError
from broadcast.models import Role
from broadcast.units import areas
from web.asked import integer
from web.auth import current_person, signed_in
from web.edge import now, only_reads
from web.errors import refuse, sentence
from web.forms.lexicon import refused_line
from web.views import places
from web.views.lexicon import consequences

blueprint = Blueprint("lexicon_table", __name__, url_prefix="/lexicon")

LARGEST = 1_000_000  # bytes of a table: several times what its 5,000 lines may hold
SHOWN = 500  # lines; those that are refused come first, and all of them
REFUSED = "refused"
EXAMPLES = (
    ("PCTN", "phòng chống tham nhũng", "vi", "ban nội chính"),
    ("Đắk Nông", "đắc nông", "vi", "tên tỉnh"),
    ("QL.6", "quốc lộ sáu", "vi", ""),
)
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file with what becomes of it: added, changed, same or refused."""

    number: int
    written: str
    spoken: str
    outcome: str
    why: str = ""
    before: str = ""


@blueprint.get("/import")
@signed_in
def choose() -> str:
    return _choose_page(request.args.get("area_id", 0, type=integer))


@blueprint.post("/import/preview")
@only_reads
@signed_in
def preview() -> Answer:
    area_id = request.form.get("area_id", 0, type=integer)
    file = request.files.get("file")
    data = file.read(LARGEST + 1) if file else b""
    if not data:
        return _choose_page(area_id, _("Hãy chọn một tệp.")), 422
    if len(data) > LARGEST:
        return _choose_page(area_id, _("Tệp lớn quá. Hãy chia thành nhiều tệp nhỏ hơn 1 MB.")), 422
    try:
        imported = _take_in(area_id, data, check=True)
        rows = _rows(area_id, data, imported)
    except DomainError as error:
        return _choose_page(area_id, sentence(error)), refuse(error)
    return render_template(
        "lexicon/preview.html",
        area=areas.get(g.session, area_id),
        imported=imported,
        rows=sorted(rows, key=lambda row: row.outcome != REFUSED)[: max(SHOWN, len(imported.refused))],
        total=len(rows),
        data=base64.b64encode(data).decode(),
    )


@blueprint.post("/import")
@signed_in
def take_in() -> Answer:
    """The table that was seen in the preview, which sent it along."""
    area_id = request.form.get("area_id", 0, type=integer)
    try:
        data = base64.b64decode(request.form.get("data", ""), validate=True)
    except ValueError:  # no base64
        return _choose_page(area_id, _("Hãy chọn một tệp.")), 422
    try:
        imported = _take_in(area_id, data, check=False)
    except DomainError as error:
        return _choose_page(area_id, sentence(error)), refuse(error)
    if imported.refused:
        return _choose_page(area_id, _("Có dòng chưa dùng được. Hãy xem trước lại.")), 422
    text = _("Đã thêm %(added)s từ, đổi %(changed)s từ.", added=imported.added, changed=imported.changed)
    flash(" ".join((text, *consequences(len(imported.bulletins), imported.approvals))), "ok")
    return redirect(url_for("lexicon.index", area_id=area_id))


@blueprint.get("/export.csv")
@signed_in
def export() -> Response:
    """The area's own entries; what it inherits is exported where it stands."""
    area = areas.get(g.session, request.args.get("area_id", 0, type=integer))
    return _download(lexicon.export_csv(g.session, current_person(), area.id), f"tu-dien-{area.code}.csv")


@blueprint.get("/template.csv")
@signed_in
def template() -> Response:
    return _download(lexicon_table.write(EXAMPLES), "tu-dien-mau.csv")


def _take_in(area_id: int, data: bytes, *, check: bool) -> Imported:
    return lexicon.import_csv(g.session, current_person(), area_id=area_id, data=data, now=now(), check=check)


def _rows(area_id: int, data: bytes, imported: Imported) -> list[Row]:
    """Every line with its outcome, by comparing with what the area says now."""
    refused = dict(imported.refused)
    table = lexicon.export_csv(g.session, current_person(), area_id).encode()
    now_said = {(line.language, line.written): line for line in lexicon_table.read(table)}
    rows = []
    for line in lexicon_table.read(data):
        before = now_said.get((line.language, entries.tidy(line.written)))
        same = before and (before.spoken, before.note) == (entries.tidy(line.spoken), entries.tidy(line.note))
        code = refused.get(line.number, "")
        outcome = REFUSED if code else "added" if not before else "same" if same else "changed"
        reason = refused_line(code) if code else ""
        said = before.spoken if before and outcome == "changed" else ""
        rows.append(Row(line.number, line.written, line.spoken, outcome, reason, said))
    return rows


def _choose_page(area_id: int, error: str = "") -> str:
    return render_template(
        "lexicon/import.html",
        area_id=area_id,
        areas=places.options(current_person(), Role.EDITOR),
        examples=EXAMPLES,
        error=error,
    )


def _download(text: str, name: str) -> Response:
    answer = make_response(text)
    answer.mimetype = "text/csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
