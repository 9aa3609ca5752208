"""The forms of the lexicon: one entry, and a file of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from broadcast.errors import EntryInvalid

from .reading import FormReader

LONGEST_WRITTEN = 120  # characters
LONGEST_SPOKEN = 300
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class EntryForm:
    """A word as it is written and as it is to be read; ``next`` is the page to go back to."""

    area_id: int = 0
    written: str = ""
    spoken: str = ""
    language: str = "vi"
    note: str = ""
    next: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def read_entry(form: MultiDict[str, str]) -> EntryForm:
    reader = FormReader(form)
    return EntryForm(
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        written=_line(
            reader.text("written", longest=LONGEST_WRITTEN, missing=_("Hãy nhập chữ như trong văn bản."))
        ),
        spoken=_line(reader.text("spoken", longest=LONGEST_SPOKEN, missing=_("Hãy nhập cách đọc."))),
        language=reader.text("language", longest=12) or "vi",
        note=reader.text("note", longest=LONGEST_NOTE),
        next=reader.raw("next"),
        errors=reader.errors,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def entry_errors(error: EntryInvalid) -> dict[str, str]:
    """The sentence for a refused entry, beside its field."""
    return {str(error.params["field"]): why(str(error.params["why"]))}


def refused_line(code: str) -> str:
    """The sentence for a line of a table: ``field_why``, or what is wrong with the whole line."""
    return why(code.partition("_")[2] or code)


def why(code: str) -> str:
    sentences: dict[str, str] = {
        "empty": _("Chưa có chữ nào ở đây."),
        "too_long": _("Dài quá. Hãy rút ngắn."),
        "control": _("Có ký tự không in được. Hãy gõ lại."),
        "no_word": _("Cần ít nhất một chữ cái hoặc chữ số."),
        "unknown": _("Không có ngôn ngữ này."),
        "contradiction": _("Từ này đã có ở một dòng trên, với cách đọc khác."),
        "unspeakable": _("Hãy viết cách đọc bằng chữ tiếng Việt, không dùng số, ký hiệu hay f, j, w, z."),
    }
    return sentences.get(code, str(_("Chỗ này chưa dùng được.")))
