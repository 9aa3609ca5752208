"""What is heard and when, on the layout and on finished clips."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest

from tts import ffmpeg, recording
from tts.composition import Line, lay_out
from tts.engines.espeak import EspeakEngine
from tts.errors import EmptyText, NotAudio
from tts.piece import RATE
from tts.rendering import RECORDED
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Preset, Recorded, Script, Sentence, Speech, SpokenText, Voice

BODY = ("Trạm y tế xã tổ chức tiêm vắc xin.", "Đề nghị bà con đưa con em đến đúng giờ.")


def speech(*sentences: str, voice: Voice = Voice(), heading: bool = False, pause: float = 0.5) -> Speech:  # noqa: B008
    return Speech(SpokenText("", tuple(Sentence(s, (), pause) for s in sentences)), voice, heading)


def script(*parts: Any, **changes: Any) -> Script:
    return replace(Script(parts or (speech(*BODY),), chime=Chime.NONE), **changes)


def heard(wish: Script) -> list[str]:
    return [
        step.unit.text if isinstance(step.unit, Line) else type(step.unit).__name__
        for step in lay_out(wish).steps
        if step.unit is not None
    ]


def pauses(wish: Script) -> list[float]:
    return [round(step.pause, 3) for step in lay_out(wish).steps]


class Counting(EspeakEngine):
    def __init__(self) -> None:
        super().__init__(children=2)
        self.asked: list[str] = []

    def synthesise(self, text: str, voice: Voice) -> bytes:
        self.asked.append(text)
        return super().synthesise(text, voice)


@pytest.fixture(scope="module")
def counting() -> Counting:
    return Counting()


@pytest.fixture(scope="module")
def synthesiser(counting: Counting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesiser]:
    with contextlib.closing(Synthesiser([counting], tmp_path_factory.mktemp("speech"))) as made:
        yield made


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("takes")
    tones = "aevalsrc=exprs='0.1*sin(2*PI*(300+200*sin(3*t))*t)*(1+sin(20*t))':d=4:s=24000"
    ffmpeg.run(["-f", "lavfi", "-i", tones, str(folder / "a.wav")])
    accepted = recording.accept(folder / "a.wav", folder / "a.flac")
    return Recorded(folder / "a.flac", accepted.sha256)


def samples(data: bytes, form: str = "mp3") -> np.ndarray[Any, np.dtype[np.float64]]:
    arguments = [
        "-v",
        "error",
        "-f",
        form,
        "-i",
        "pipe:0",
        "-f",
        "s16le",
        "-ac",
        "1",
        "-ar",
        str(RATE),
        "pipe:1",
    ]
    return np.frombuffer(ffmpeg.run(arguments, data)[0], dtype="<i2") / 32768


def decoded(clip: AudioClip) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    return [samples(clip.data), samples(clip.opus, "ogg")]


def loudness(sound: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(pyloudnorm.Meter(RATE).integrated_loudness(sound))


def test_the_order_is_signal_opening_parts_again_closing() -> None:
    wish = script(
        speech("Tên bài."), speech("Nội dung."), chime=Chime.DRILL, opening=speech("Mở đầu."),
        closing=speech("Hết."), repeats=2,
    )  # fmt: skip
    assert heard(wish) == [
        "Chime", "Mở đầu.", "Tên bài.", "Nội dung.", "Tên bài.", "Nội dung.", "Hết.",
    ]  # fmt: skip


def test_pauses_follow_headings_parts_lists_and_repeats() -> None:
    wish = script(
        speech("Tên bài.", heading=True), speech("Một.", "Hai.", pause=0.6),
        repeats=2, gap=3.0, closing=speech("Hết."),
    )  # fmt: skip
    assert pauses(wish) == [1.2, 0.6, 3.0, 1.2, 0.6, 1.0, 1.0]


def test_outdoors_everything_is_slower_and_pauses_are_longer() -> None:
    wish = script(speech("Một.", "Hai."), lead_in=0.5)
    outdoors = replace(wish, preset=Preset.OUTDOOR)
    assert pauses(outdoors) == [pytest.approx(1.6 * pause) for pause in pauses(wish)]
    assert {line.voice.speed for _, line in lay_out(outdoors).lines} == {0.88}
    assert (lay_out(wish).lead_in, lay_out(outdoors).lead_in) == (0.5, 1.5)
    slow = script(speech("Một.", voice=Voice(speed=0.5)), preset=Preset.OUTDOOR)
    assert {line.voice.speed for _, line in lay_out(slow).lines} == {0.5}


def test_a_silent_sentence_has_a_mark_and_costs_no_time(synthesiser: Synthesiser) -> None:
    clip = synthesiser.render(script(speech("", BODY[0], "", BODY[1], "")))
    plain = synthesiser.render(script(speech(*BODY)))
    assert clip.duration == plain.duration
    assert [mark.sentence for mark in clip.marks] == [0, 1, 2, 3, 4]
    assert [mark.start < mark.end for mark in clip.marks] == [False, True, False, True, False]


def test_marks_name_the_sound_of_their_sentence(synthesiser: Synthesiser) -> None:
    clip = synthesiser.render(script(chime=Chime.ROUTINE, opening=speech("Đây là Đài xã."), repeats=2))
    assert [(mark.part, mark.sentence) for mark in clip.marks] == [(-1, 0), (0, 0), (0, 1)]
    for sound in decoded(clip):
        for mark in clip.marks:
            before = sound[int((mark.start - 0.3) * RATE) : int((mark.start - 0.06) * RATE)]
            during = sound[int(mark.start * RATE) : int((mark.start + 0.3) * RATE)]
            after = sound[int((mark.end + 0.06) * RATE) : int((mark.end + 0.3) * RATE)]
            assert max(np.abs(before).max(), np.abs(after).max()) < 0.01 < np.abs(during).max() / 5


@pytest.mark.parametrize(("lead_in", "tail"), [(0.3, 0.4), (1.0, 0.6), (2.5, 1.5)])
def test_the_silence_at_both_ends_is_as_wished(synthesiser: Synthesiser, lead_in: float, tail: float) -> None:
    for kind in (Chime.NONE, Chime.ROUTINE):
        clip = synthesiser.render(script(chime=kind, lead_in=lead_in, tail=tail))
        for sound in decoded(clip):
            loud = np.flatnonzero(np.abs(sound) > 0.004) / RATE
            assert loud[0] == pytest.approx(lead_in, abs=0.02)
            assert len(sound) / RATE - loud[-1] == pytest.approx(tail, abs=0.02)
        assert len(samples(clip.data)) / RATE == pytest.approx(clip.duration, abs=0.001)


@pytest.mark.parametrize("kind", [kind for kind in Chime if kind is not Chime.NONE])
@pytest.mark.parametrize("preset", list(Preset))
def test_every_clip_has_the_loudness_of_the_house_and_no_signal_is_louder_than_its_speech(
    synthesiser: Synthesiser, kind: Chime, preset: Preset
) -> None:
    clip = synthesiser.render(script(chime=kind, preset=preset))
    border = int((clip.marks[0].start - 0.2) * RATE)
    for sound in decoded(clip):
        assert loudness(sound) == pytest.approx(-16, abs=0.5)
        assert (
            loudness(sound[border:]) - 2
            <= loudness(sound[int(0.8 * RATE) : border])
            <= loudness(sound[border:])
        )
    assert clip.loudness == pytest.approx(loudness(samples(clip.data)), abs=0.15)


def test_joined_files_have_no_peaks_that_their_pieces_had_not(synthesiser: Synthesiser) -> None:
    clip = synthesiser.render(script(chime=Chime.PRIORITY, repeats=2))
    for data, form in ((clip.data, "mp3"), (clip.opus, "ogg")):
        _, messages = ffmpeg.run(
            ["-f", form, "-i", "pipe:0", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"], data
        )
        peak = float(messages.rpartition("Peak:")[2].split()[0])
        assert peak <= clip.true_peak + 0.1
        assert peak <= -1.0
    assert len(clip.peaks) == 400
    assert 40 <= max(clip.peaks) <= 90
    assert clip.peaks[0] == clip.peaks[-1] == 0


def test_pauses_inside_a_clip_are_silent(synthesiser: Synthesiser) -> None:
    clip = synthesiser.render(script(repeats=2, gap=2.0))
    end = clip.marks[-1].end
    for sound in decoded(clip):
        assert np.abs(sound[int((end + 0.1) * RATE) : int((end + 1.9) * RATE)]).max() < 0.001


def test_a_repeat_is_the_same_sound_and_nothing_is_made_twice(
    synthesiser: Synthesiser, counting: Counting
) -> None:
    once = synthesiser.render(script(lead_in=1.2))
    before = len(counting.asked)
    twice = synthesiser.render(script(lead_in=1.2, repeats=2, gap=2.0))
    assert len(counting.asked) == before
    assert once.marks == twice.marks
    reading = once.marks[-1].end - once.marks[0].start
    assert twice.duration == pytest.approx(once.duration + reading + 2.0, abs=0.03)


def test_several_languages_are_heard_in_order_each_with_its_voice(synthesiser: Synthesiser) -> None:
    english = speech("Please bring your children on time.", voice=Voice(language="en"))
    clip = synthesiser.render(script(speech(*BODY), english))
    assert [(mark.part, mark.sentence) for mark in clip.marks] == [(0, 0), (0, 1), (1, 0)]
    assert clip.engine == "espeak"


def test_a_recording_stands_among_speech_as_loud_as_it(synthesiser: Synthesiser, take: Recorded) -> None:
    clip = synthesiser.render(script(speech(BODY[0]), take, speech(BODY[1])))
    assert [(mark.part, mark.sentence) for mark in clip.marks] == [(0, 0), (1, 0), (2, 0)]
    assert clip.marks[1].end - clip.marks[1].start == pytest.approx(4.0, abs=0.1)
    for sound in decoded(clip):
        for mark in clip.marks:
            part = sound[int((mark.start - 0.3) * RATE) : int((mark.end + 0.3) * RATE)]
            assert loudness(part) == pytest.approx(-16, abs=0.6)


def test_a_clip_of_recordings_alone_needs_no_engine(synthesiser: Synthesiser, take: Recorded) -> None:
    clip = synthesiser.render(script(take))
    assert (clip.engine, clip.fallback) == (RECORDED, "")
    assert clip.loudness == pytest.approx(-16, abs=0.5)
    assert clip.true_peak <= -1.0


def test_a_recording_that_no_compression_makes_loud_is_named_on_the_clip(
    synthesiser: Synthesiser, take: Recorded, tmp_path: Path
) -> None:
    knocks = "aevalsrc=exprs='0.9*lt(mod(t,2),0.002)*(random(0)-0.5)':d=6:s=24000"
    ffmpeg.run(["-f", "lavfi", "-i", knocks, str(tmp_path / "a.flac")])
    sha256 = hashlib.sha256((tmp_path / "a.flac").read_bytes()).hexdigest()
    clip = synthesiser.render(script(take, Recorded(tmp_path / "a.flac", sha256)))
    assert clip.quiet == (1,)
    assert clip.true_peak <= -1.0


def test_a_recording_that_was_changed_is_refused(synthesiser: Synthesiser, tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"fLaC and something else")
    with pytest.raises(NotAudio):
        synthesiser.render(script(Recorded(tmp_path / "a.flac", "0" * 64)))
    with pytest.raises(NotAudio):
        synthesiser.render(script(Recorded(tmp_path / "gone.flac", "1" * 64)))


def test_one_sentence_is_heard_alone(synthesiser: Synthesiser, counting: Counting) -> None:
    before = len(counting.asked)
    first = synthesiser.sentence("Mời bà con nghe.", Voice())
    assert loudness(samples(first)) == pytest.approx(-16, abs=0.7)
    assert synthesiser.sentence("Mời bà con nghe.", Voice()) == first
    synthesiser.render(script(speech("Mời bà con nghe.")))
    assert len(counting.asked) == before + 1
    assert synthesiser.sentence("Mời bà con nghe.", Voice(), Preset.OUTDOOR) != first


def test_nothing_to_hear_is_refused(synthesiser: Synthesiser) -> None:
    for wish in (script(speech("")), script(speech(""), opening=speech("Mở đầu.")), Script(())):
        with pytest.raises(EmptyText):
            synthesiser.render(wish)


def test_the_key_names_every_part_of_the_structure(synthesiser: Synthesiser, take: Recorded) -> None:
    plain = script(speech(*BODY), take)
    wishes = [
        plain,
        script(take, speech(*BODY)),
        replace(plain, opening=speech("Mở đầu.")),
        replace(plain, closing=speech("Mở đầu.")),
        replace(plain, chime=Chime.DRILL),
        replace(plain, preset=Preset.OUTDOOR),
        replace(plain, repeats=2),
        replace(plain, repeats=2, gap=5.0),
        replace(plain, tail=2.0),
        replace(plain, parts=(speech(*BODY, heading=True), take)),
        replace(plain, parts=(speech(*BODY), replace(take, sha256="2" * 64))),
    ]
    assert len({synthesiser.key(wish) for wish in wishes}) == len(wishes)
