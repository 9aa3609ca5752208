"""A clip cut into its sections: nothing lost, nothing said twice, and nothing of one in another."""

from __future__ import annotations

import contextlib
import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts import cutting, ffmpeg, joining
from tts.composition import Line, Unit, lay_out
from tts.engines.espeak import EspeakEngine
from tts.piece import FRAME, FRAME_BYTES, FRAME_S, PEAKS_A_FRAME, RATE, Piece
from tts.synthesis import Synthesiser
from tts.types import Chime, Preset, Script, Sentence, Speech, SpokenText, Voice


def speech(*sentences: str, language: str = "vi", pause: float = 0.5) -> Speech:
    text = SpokenText("", tuple(Sentence(each, (), pause) for each in sentences), language)
    return Speech(text, Voice(language=language))


def piece(unit: Unit) -> Piece:
    """So long as its name, and with its name in every frame."""
    name = unit.text if isinstance(unit, Line) else str(unit)
    frames, mark = 3 + len(name), hashlib.sha256(name.encode()).digest()[:4]
    return Piece(
        mp3=(mark + bytes(FRAME_BYTES - 4)) * frames,
        opus=(mark,) * frames,
        energies=array("f", [mark[0] / 4096 + 0.001] * frames),
        peaks=bytes([mark[1] % 101] * PEAKS_A_FRAME * frames),
        head=0.01,
        length=frames * FRAME_S - 0.07,
        loudness=-20,
        true_peak=-float(mark[2] % 9 + 1),
    )


def frames(data: bytes) -> list[bytes]:
    return [data[at : at + FRAME_BYTES] for at in range(0, len(data), FRAME_BYTES)]


words = st.text("abcd", max_size=4)  # what is empty is not said


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    parts = draw(st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=5))
    formula = st.none() | words.map(speech)
    return Script(
        tuple(speech(*part, pause=draw(st.floats(0.1, 2))) for part in parts),
        opening=draw(formula),
        closing=draw(formula),
        chime=draw(st.sampled_from([Chime.NONE, Chime.ROUTINE])),
        preset=draw(st.sampled_from(list(Preset))),
        repeats=draw(st.integers(1, 3)),
        lead_in=draw(st.floats(0, 2)),
        sections=tuple(draw(st.lists(st.integers(0, 3), min_size=len(parts), max_size=len(parts)))),
    )


@given(scripts())
def test_whatever_is_said_every_frame_is_in_one_cut_and_in_order(wish: Script) -> None:
    layout = lay_out(wish)
    if not any(step.unit for step in layout.steps):
        return
    whole = joining.join(layout, piece)
    assert whole.mp3 == joining.join(lay_out(replace(wish, sections=())), piece).mp3
    cut = {each.section: frames(each.mp3) for each in whole.stretches}
    assert tuple(cut) == layout.sections
    assert sorted(frames(whole.mp3)) == sorted(frame for each in cut.values() for frame in each)
    for each in cut.values():  # in the order in which the whole has them
        rest = iter(frames(whole.mp3))
        assert all(frame in rest for frame in each)
    said = {step.section: piece(step.unit).mp3[:4] for step in layout.steps if step.unit}
    assert all(said[section] in {frame[:4] for frame in each} for section, each in cut.items())
    assert sum(each.duration for each in whole.stretches) == pytest.approx(whole.duration)
    assert max(each.true_peak for each in whole.stretches) == whole.true_peak


@given(scripts())
def test_read_once_the_cuts_are_the_clip_byte_for_byte(wish: Script) -> None:
    in_order = replace(wish, repeats=1, sections=tuple(sorted(wish.sections)))
    layout = lay_out(in_order)
    if any(step.unit for step in layout.steps):
        whole = joining.join(layout, piece)
        assert b"".join(each.mp3 for each in whole.stretches) == whole.mp3


def test_a_script_without_sections_is_not_cut() -> None:
    layout = lay_out(Script((speech("a"), speech("b"))))
    assert (layout.sections, joining.join(layout, piece).stretches) == ((), ())


def test_the_key_of_a_cut_names_the_clip_and_how_it_is_cut() -> None:
    one = Script((speech("a"), speech("b"), speech("c")), sections=(0, 1, 1))
    other = replace(one, sections=(0, 0, 1))
    keys = [cutting.keys(lay_out(each), key) for each in (one, other) for key in ("x", "y")]
    assert [sorted(each) for each in keys] == [[-1, 0, 1]] * 4
    assert len({key for each in keys for key in each.values()}) == 12


@pytest.fixture(scope="module")
def synthesiser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesiser]:
    engine = EspeakEngine(children=2)
    with contextlib.closing(Synthesiser([engine], tmp_path_factory.mktemp("speech"))) as made:
        yield made


def samples(data: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    form = ("-f", "s16le", "-ac", "1", "-ar", str(RATE), "pipe:1")
    return np.frombuffer(ffmpeg.run(["-f", "mp3", "-i", "pipe:0", *form], data)[0], dtype="<i2") / 32768


def test_two_languages_decoded_one_by_one_are_the_whole_decoded(
    synthesiser: Synthesiser, tmp_path: Path
) -> None:
    wish = Script(
        (speech("Mai cúp điện từ bảy giờ."), speech("No power from seven.", language="en")),
        opening=speech("Đây là đài xã."),
        closing=speech("Hết bản tin."),
        sections=(0, 1),
    )
    clip = synthesiser.render(wish)
    assert [each.section for each in clip.cuts] == [-1, 0, 1, 2]
    assert {each.section: each.clip.key for each in clip.cuts} == synthesiser.cut_keys(wish)
    assert all(each.clip.sha256 == hashlib.sha256(each.clip.data).hexdigest() for each in clip.cuts)
    assert b"".join(each.clip.data for each in clip.cuts) == clip.data
    alone = [samples(each.clip.data) for each in clip.cuts]
    assert [len(each) for each in alone] == [round(each.clip.duration * RATE) for each in clip.cuts]
    together, whole = np.concatenate(alone), samples(clip.data)
    assert abs(len(together) - len(whole)) < FRAME
    shortest = min(len(together), len(whole))
    assert np.abs(together[:shortest] - whole[:shortest]).max() < 0.002
    assert all(-26 < each.clip.loudness < -14 for each in clip.cuts)
