"""Forms of slots and airings: what is typed gives values and sentences, and says again what is kept."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from broadcast.scheduling.sittings import SittingView, Unheard, Variant
from schedules.errors import SlotError
from schedules.slots import Airings, Entry, Kind, Reason, Slot, Why, validate, validate_airings
from web import slot_words
from web.forms.airtime import form_of, read_airtime
from web.forms.slots import SlotForm, arranged, read_slot, rows_of
from web.views import sitting_pages, sitting_words

APP = Flask(__name__)
Babel(APP)
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

instants = st.integers(0, 2_000_000).map(lambda minutes: BEGIN + dt.timedelta(minutes=minutes))
wishes = st.builds(
    Airings,
    st.integers(1, 20),
    st.integers(1, 60),
    st.integers(0, 48).map(lambda hours: dt.timedelta(hours=hours)),
)


@given(first=st.none() | instants, last=st.none() | instants, wished=st.none() | wishes)
def test_the_fields_say_again_what_is_kept(
    first: dt.datetime | None, last: dt.datetime | None, wished: Airings | None
) -> None:
    form = form_of(first, last, wished)
    assert (form.valid_from, form.valid_until, form.airings) == (first, last, wished)


@given(
    typed=st.dictionaries(
        st.sampled_from(["from_day", "from_time", "until_day", "until_time", "times", "days", "gap_h"]),
        st.sampled_from(["", "0", "3", "-1", "٣", "9" * 12, "2026-12-01", "24:00", "5h30", "x"]),
    )
)
def test_whatever_is_typed_gives_a_wish_that_can_be_or_a_sentence(typed: dict[str, str]) -> None:
    with APP.test_request_context():
        form = read_airtime(MultiDict(typed))
        assert all(sentence.strip() for sentence in form.errors.values())
        if form.errors or form.airings is None:
            return
        try:
            validate_airings(form.airings)
        except SlotError as error:
            raise AssertionError(typed) from error


sounds = st.builds(
    Entry,
    st.sampled_from([Kind.TUNE, Kind.CHIME, Kind.CLOSING, Kind.PIECE]),
    st.integers(1, 9).map(str),
    st.just(1000),
    st.booleans(),
)
relays = st.builds(
    Entry,
    st.just(Kind.RELAY),
    st.integers(1, 9).map(str),
    st.integers(1, 5).map(lambda minutes: minutes * 60_000),
    st.booleans(),
)
pinned = st.integers(1, 9).map(lambda number: Entry(Kind.BULLETIN, str(number)))
flows = st.sampled_from([("priority", "routine"), ("priority",), ("routine",)]).map(
    lambda classes: Entry(Kind.FLOW, fixed=False, classes=frozenset(classes))
)


@st.composite
def slots_of_the_form(draw: st.DrawFn) -> Slot:
    entries = draw(st.lists(sounds, max_size=4))
    entries += draw(st.lists(pinned, max_size=3, unique_by=lambda entry: entry.ref))
    entries += draw(st.lists(relays, max_size=1))
    entries += draw(st.lists(flows, max_size=1))
    languages = draw(st.lists(st.sampled_from(["vi", "tyz", "en"]), unique=True))
    frame = Entry(Kind.TUNE, "1", 1000)
    minutes = draw(st.integers(6, 240))
    return Slot(minutes * 60_000, (frame, *draw(st.permutations(entries))), tuple(languages))


LENGTHS = {f"{kind}:{number}": 1000 for kind in Kind for number in range(1, 10)}


@settings(max_examples=40)
@given(slot=slots_of_the_form())
def test_the_rows_of_a_slot_make_that_slot_again(slot: Slot) -> None:
    form = SlotForm(minutes=slot.length_ms // 60_000, rows=rows_of(slot), languages=slot.languages)
    assert form.slot(LENGTHS) == slot
    fields = [("minutes", str(form.minutes)), *(("language", each) for each in slot.languages)]
    for row in form.rows:
        fields += [("entry", str(row.key)), (f"entry_{row.key}_what", row.what)]
        fields += [(f"entry_{row.key}_filling", "yes")] if row.filling else []
        fields += [(f"entry_{row.key}_minutes", str(row.minutes))] if row.minutes else []
    with APP.test_request_context():
        assert read_slot(MultiDict(fields)).slot(LENGTHS) == slot


ACTIONS = st.tuples(
    st.sampled_from(["up", "down"]), st.sampled_from(["entry", "order", "language"]), st.integers(0, 6)
).map(
    lambda parts: (
        f"{parts[0]}:{parts[1]}:{('vi', 'tyz', 'en')[parts[2] % 3] if parts[1] == 'language' else parts[2]}"
    )
)


@settings(max_examples=40)
@given(slot=slots_of_the_form(), actions=st.lists(ACTIONS, max_size=12))
def test_putting_in_order_loses_nothing_and_touches_no_other_list(slot: Slot, actions: list[str]) -> None:
    form = SlotForm(rows=rows_of(slot), order=(3, 1, 2), languages=slot.languages)
    for action in actions:
        after = arranged(form, action, {})
        assert sorted(row.key for row in after.rows) == sorted(row.key for row in form.rows)
        assert sorted(after.order) == [1, 2, 3]
        assert sorted(after.languages) == sorted(slot.languages)
        changed = [after.rows != form.rows, after.order != form.order, after.languages != form.languages]
        assert sum(changed) <= 1
        form = after


def test_one_step_up_is_one_step_and_what_was_removed_comes_back_when_added() -> None:
    form = SlotForm(order=(3, 1, 2), removed=frozenset({"order:1"}))
    assert form.kept_order == (3, 2)
    assert arranged(form, "up:order:2", {}).order == (3, 2, 1)
    assert arranged(form, "up:order:3", {}).order == (3, 1, 2)
    assert arranged(form, "add:order", {"order": "1"}).kept_order == (3, 1, 2)
    assert arranged(form, "add:order", {"order": "9"}).kept_order == (3, 2, 9)
    assert arranged(form, "add:language", {"language": "tyz"}).languages == ("tyz",)
    with_tune = arranged(form, "add:entry", {"entry": "tune:4"})
    assert [row.what for row in with_tune.rows] == ["tune:4"]


@pytest.mark.parametrize(
    "what", ["", "tune:", "tune:x", "flow:", "flow:emergency", "relay:", "gong:1", "tune:٣"]
)
def test_what_no_list_offers_is_not_added(what: str) -> None:
    assert arranged(SlotForm(), "add:entry", {"entry": what}).rows == ()


NAMES = [
    "entry",
    "entry_0_what",
    "entry_0_filling",
    "minutes",
    "order",
    "language",
    "removed",
    "title",
    "area_id",
]


def said(form: SlotForm) -> str:
    """The kinds of a slot that can be, or why there is none."""
    try:
        return " ".join(entry.kind for entry in validate(form.slot(LENGTHS)).entries)
    except SlotError as error:
        return slot_words.sentence(error.code, error.params)


@given(
    typed=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from(["", "0", "-1", "tune:1", "flow:routine", "x", "9" * 20, "vi", "entry:0", "yes"]),
        ),
        max_size=12,
    )
)
def test_whatever_is_typed_gives_a_slot_that_can_be_or_a_reason(typed: list[tuple[str, str]]) -> None:
    with APP.test_request_context():
        form = read_slot(MultiDict(typed))
        assert all(sentence.strip() for sentence in form.errors.values())
        assert said(form).strip()


def test_every_code_of_the_contract_has_a_sentence() -> None:
    codes = {*re.findall(r"``(\w+)``", SlotError.__doc__ or ""), "no_sound", "no_relay", "until_before_from"}
    codes -= {"code", "params", "over_full"}
    assert set(slot_words.SENTENCES) == codes
    with APP.test_request_context():
        over = slot_words.sentence(
            "over_full", {"fixed_ms": 1_870_400, "length_ms": 1_800_000, "over_ms": 70_400}
        )
        assert "dài 31:10, khung giờ chỉ có 30:00: quá 71 giây" in over
        assert "Mục 3 " in slot_words.sentence("no_ref", {"entry": 2})


def test_every_reason_and_every_kind_has_words() -> None:
    params = {
        "missing_ms": 40_000,
        "valid_from": BEGIN,
        "until": BEGIN,
        "times": 3,
        "aired": BEGIN,
        "gap_s": 12 * 3600,
        "klass": "priority",
    }
    with APP.test_request_context():
        for reason in Reason:
            assert sitting_words.reason(reason, params).strip()
        assert all(sitting_words.why(each) for each in Why)
        assert all(sitting_words.kind(each) for each in Kind)
        assert "cách ít nhất 12 giờ" in sitting_words.reason(Reason.TOO_SOON, params)


def test_a_sitting_names_what_can_be_helped_first_and_counts_the_rest() -> None:
    waiting = [Unheard(Kind.FLOW, str(n), f"Tin {n}", Reason.LATER) for n in range(20)]
    helped = Unheard(Kind.FLOW, "99", "Tin dài", Reason.NO_ROOM, {"missing_ms": 40_000})
    retired = Unheard(Kind.CHIME, "3", "Chuông cũ", Reason.NOT_APPROVED)
    variant = Variant((), (), (*waiting, helped, retired), says_nothing=False)
    with APP.test_request_context():
        page = sitting_pages.page_of(SittingView(BEGIN, 1_800_000, (variant,)))
    assert [left.title for left in page.left[:2]] == ["Tin dài", "Chuông cũ"]
    assert page.left[0].why == "không đủ chỗ, thiếu 40 giây"
    assert page.left[1].bulletin_id is None
    assert (len(page.left), page.more_left) == (12, 10)
    assert "2 không phát được" in page.marks
