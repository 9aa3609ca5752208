"""What a bulletin plays in the languages of a slot lasts as long as it is counted, however it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from broadcast.authoring.repertoire import Cut, Piece
from devices.messages import BulletinClass
from schedules import slots

CODES = ("vi", "tyz", "en", "hmn")
WHOLE = 99
lengths = st.integers(1, 600_000)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """Cut into its languages and what is heard before and after them; or never cut."""
    languages = draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
    before, after = draw(st.tuples(st.booleans(), st.booleans()))
    names = [*([""] if before else []), *languages, *([""] if after else [])]
    cuts = tuple(Cut(name, number, draw(lengths)) for number, name in enumerate(names))
    whole = sum(cut.duration_ms for cut in cuts)
    apart = len(languages) > 1 and draw(st.booleans())
    return Piece(1, WHOLE, "", whole, BulletinClass.ROUTINE, tuple(languages), cuts=cuts if apart else ())


@given(pieces(), st.lists(st.sampled_from(CODES), unique=True))
def test_what_is_played_lasts_as_long_as_it_is_counted_and_keeps_the_order(
    piece: Piece, wished: list[str]
) -> None:
    heard = [version.language for version in slots.heard_of(piece.versions(wished), wished)]
    assert heard == [each for each in wished if each in heard] or not wished
    if not heard:
        assert piece.length_ms(wished) == 0
        return
    played = piece.clip_ids(heard)
    lasting = {WHOLE: piece.duration_ms} | {cut.clip_id: cut.duration_ms for cut in piece.cuts}
    assert sum(lasting[each] for each in played) == piece.length_ms(wished)
    if played != (WHOLE,):
        known = {cut.clip_id: cut.language for cut in piece.cuts}
        assert [known[each] for each in played if known[each]] == heard
        around = [cut.clip_id for cut in piece.cuts if not cut.language]
        assert [each for each in played if each in around] == around
        assert len(set(played)) == len(played)


@given(pieces())
def test_in_its_own_order_it_is_the_clip_that_was_approved(piece: Piece) -> None:
    assert piece.clip_ids(piece.languages) == (WHOLE,)
    assert piece.length_ms(()) == piece.duration_ms
