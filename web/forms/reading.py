"""Reads typed values out of a submitted form and collects one sentence per wrong field."""

from __future__ import annotations

import datetime as dt
import enum
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TypeVar

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from .clock_time import clock_time

Choice = TypeVar("Choice", bound=enum.StrEnum)


class FormReader:
    """Every method returns a usable value, also for a wrong field: the error is in ``errors``.

    So one pass finds every mistake, and the page can be shown again with all of them.
    """

    def __init__(self, form: MultiDict[str, str]) -> None:
        self._form = form
        self.errors: dict[str, str] = {}

    def refuse(self, name: str, why: str) -> None:
        self.errors.setdefault(name, why)

    def raw(self, name: str) -> str:
        return unicodedata.normalize("NFC", self._form.get(name, "")).strip()

    def text(self, name: str, *, longest: int, missing: str = "") -> str:
        """``missing`` is the sentence for an empty field; without it the field may be empty."""
        value = self.raw(name)
        if missing and not value:
            self.refuse(name, missing)
        if len(value) > longest:
            self.refuse(
                name,
                _("Dài %(length)d ký tự, nhiều nhất là %(longest)d.", length=len(value), longest=longest),
            )
        return value

    def choice(self, name: str, kind: type[Choice], default: Choice) -> Choice:
        value = self.raw(name)
        try:
            return kind(value) if value else default
        except ValueError:
            self.refuse(name, _("Hãy chọn một mục trong danh sách."))
            return default

    def one_of(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.raw(name) or default
        if value not in allowed:
            self.refuse(name, _("Hãy chọn một mục trong danh sách."))
            return default
        return value

    def integer(self, name: str, *, missing: str = "", default: int = 0) -> int:
        value = self.raw(name)
        if not value:
            if missing:
                self.refuse(name, missing)
            return default
        if not _is_number(value):
            self.refuse(name, missing or _("Hãy nhập một số nguyên."))
            return default
        return int(value)

    def integers(self, name: str) -> tuple[int, ...]:
        """Repeated fields in the order they stand in the page; what is no number is left out."""
        return tuple(int(value) for value in self._form.getlist(name) if _is_number(value))

    def decimal(self, name: str, *, lowest: float, highest: float) -> float | None:
        """Accepts the decimal comma; empty is None."""
        value = self.raw(name).replace(",", ".")
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            self.refuse(name, _("Hãy nhập một số, ví dụ 21,0285."))
            return None
        if not lowest <= number <= highest:  # also refuses nan
            self.refuse(
                name, _("Phải từ %(lowest)s đến %(highest)s.", lowest=f"{lowest:g}", highest=f"{highest:g}")
            )
            return None
        return number

    def date(self, name: str, *, missing: str = "") -> dt.date | None:
        value = self.raw(name)
        if not value:
            if missing:
                self.refuse(name, missing)
            return None
        try:
            return _date(value)
        except ValueError:
            self.refuse(name, _("Ngày không đúng. Ví dụ: 21/03/2026."))
            return None

    def dates(self, name: str) -> tuple[dt.date, ...]:
        """Repeated dates, empty ones left out, in order and without doubles."""
        found: set[dt.date] = set()
        for value in self._texts(name):
            try:
                found.add(_date(value))
            except ValueError:
                self.refuse(name, _("Ngày không đúng: “%(value)s”. Ví dụ: 21/03/2026.", value=value[:20]))
        return tuple(sorted(found))

    def numbers(self, name: str) -> tuple[int, ...]:
        """Whole numbers of one field or of many, parted by commas or spaces, also below 0."""
        found: set[int] = set()
        for value in re.split(r"[\s,;]+", " ".join(self._texts(name))):
            if _is_number(value.removeprefix("-")):
                found.add(int(value))
            elif value:
                self.refuse(name, _("Hãy nhập các số, cách nhau bằng dấu phẩy. Ví dụ: 1, 15."))
        return tuple(sorted(found))

    def texts(self, name: str) -> tuple[str, ...]:
        """Repeated fields as they stand in the page, also the empty ones."""
        return tuple(value.strip() for value in self._form.getlist(name))

    def _texts(self, name: str) -> Iterator[str]:
        return (value for value in self.texts(name) if value)

    def times(self, name: str, *, missing: str) -> tuple[dt.time, ...]:
        """Repeated hours as ``clock_time`` reads them, empty ones left out, in order and without doubles."""
        found: set[dt.time] = set()
        for value in (item.strip() for item in self._form.getlist(name)):
            if not value:
                continue
            read = clock_time(value)
            if read is None:
                self.refuse(name, _("Giờ không đúng: “%(value)s”. Ví dụ: 05:30.", value=value[:20]))
            else:
                found.add(dt.time.fromisoformat(read))
        if not found:
            self.refuse(name, missing)
        return tuple(sorted(found))


def _is_number(value: str) -> bool:
    """Nine digits at most: what the databases hold as an integer."""
    return value.isascii() and value.isdecimal() and len(value) <= 9


def _date(value: str) -> dt.date:
    """A browser's date field sends ISO; a person without one types day/month/year."""
    if "/" in value:
        day, month, year = value.split("/")
        return dt.date(int(year), int(month), int(day))
    return dt.date.fromisoformat(value)
