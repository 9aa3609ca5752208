"""The finished clip as meters and ears find it."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pyloudnorm
import pytest

from tts import audio, ffmpeg, mastering
from tts.chimes import chime
from tts.engines.espeak import EspeakEngine
from tts.errors import ClippedAudio, MasteringFailed, SilentAudio, TruncatedAudio
from tts.types import Chime, Voice

TEXT = "Mời bà con nhân dân đến họp tại nhà văn hóa thôn vào tối nay."


@pytest.fixture
def speech(espeak: EspeakEngine) -> Callable[..., list[mastering.Spoken]]:
    def speak(*texts: str, pause: float = 0.5, gain: float = 0.0) -> list[mastering.Spoken]:
        sounds = [audio.trim(audio.from_wav(espeak.synthesise(text, Voice()))) for text in texts]
        return [mastering.Spoken(sound.apply_gain(gain), pause) for sound in sounds]

    return speak


def samples(data: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The clip decoded by ffmpeg, -1..1."""
    pcm, _ = ffmpeg.run(
        ["-v", "error", "-f", "mp3", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "pipe:1"], data
    )
    return np.frombuffer(pcm, dtype="<i2") / 32768


def rms_db(part: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9))


@pytest.mark.parametrize("signal", list(Chime))
def test_loudness_and_true_peak_are_those_of_the_house(speech: Any, signal: Chime) -> None:
    made = mastering.master(speech(TEXT, TEXT), signal, 1.0)
    measured = pyloudnorm.Meter(mastering.RATE).integrated_loudness(samples(made.data))
    assert measured == pytest.approx(-16.0, abs=0.7)
    assert made.loudness == pytest.approx(measured, abs=0.3)
    assert made.true_peak <= -1.0


@pytest.mark.parametrize("gain", [-25.0, 0.0])
def test_a_quiet_engine_ends_as_loud_as_any_other(speech: Any, gain: float) -> None:
    made = mastering.master(speech(TEXT, gain=gain), Chime.NONE, 0.5)
    assert made.loudness == pytest.approx(-16.0, abs=0.5)


def test_the_clip_is_mono_mp3_of_48_kilobits(speech: Any) -> None:
    made = mastering.master(speech(TEXT), Chime.ROUTINE, 1.0)
    _, messages = ffmpeg.run(["-f", "mp3", "-i", "pipe:0", "-f", "null", "-"], made.data)
    assert "mp3" in messages
    assert "24000 Hz, mono" in messages
    assert len(made.data) * 8 / made.duration == pytest.approx(48_000, rel=0.03)


def test_it_starts_with_silence_for_the_amplifier(speech: Any) -> None:
    made = mastering.master(speech(TEXT), Chime.ROUTINE, 1.5)
    head = samples(made.data)[: int(1.45 * mastering.RATE)]
    after = samples(made.data)[int(1.6 * mastering.RATE) : int(1.9 * mastering.RATE)]
    assert np.max(np.abs(head)) < 0.003
    assert rms_db(after) > -30


def test_the_length_is_the_sum_of_its_parts(speech: Any) -> None:
    parts = speech(TEXT, TEXT, pause=0.7)
    made = mastering.master(parts, Chime.PRIORITY, 1.0)
    spoken = sum(part.sound.duration_seconds + part.pause_after for part in parts)
    signal = chime(Chime.PRIORITY, 22_050).duration_seconds
    assert made.duration == pytest.approx(1.0 + signal + spoken + 0.6, abs=0.15)
    assert made.duration == pytest.approx(len(samples(made.data)) / mastering.RATE, abs=0.01)


def test_the_end_is_not_cut(speech: Any) -> None:
    made = mastering.master(speech(TEXT), Chime.NONE, 0.5)
    assert np.max(np.abs(samples(made.data)[-int(0.3 * mastering.RATE) :])) < 0.01


def test_no_chime_is_louder_than_speech(speech: Any) -> None:
    parts = speech(TEXT)
    for signal in (Chime.ROUTINE, Chime.PRIORITY, Chime.EMERGENCY, Chime.DRILL):
        made = mastering.master(parts, signal, 1.0)
        sound = samples(made.data)
        border = int((1.0 + chime(signal, 22_050).duration_seconds) * mastering.RATE)
        meter = pyloudnorm.Meter(mastering.RATE)
        start = int(0.9 * mastering.RATE)
        assert (
            meter.integrated_loudness(sound[start:border]) <= meter.integrated_loudness(sound[border:]) + 0.5
        )


def test_the_band_is_a_horns(speech: Any) -> None:
    spectrum = np.abs(np.fft.rfft(samples(mastering.master(speech(TEXT), Chime.NONE, 0.5).data))) ** 2
    hertz = np.fft.rfftfreq(2 * (len(spectrum) - 1), 1 / mastering.RATE)
    assert spectrum[hertz < 100].sum() / spectrum.sum() < 0.001
    assert spectrum[hertz > 9000].sum() / spectrum.sum() < 0.001


def test_the_waveform_shows_silence_and_speech(speech: Any) -> None:
    peaks = mastering.master(speech(TEXT), Chime.NONE, 2.0).peaks
    assert len(peaks) == 400
    assert max(peaks[:80]) <= 1
    assert 40 <= max(peaks) <= 100


def test_the_same_sentences_give_the_same_bytes(speech: Any) -> None:
    parts = speech(TEXT)
    assert mastering.master(parts, Chime.DRILL, 1.0).data == mastering.master(parts, Chime.DRILL, 1.0).data


def test_sound_full_of_clicks_stays_below_the_peak_limit() -> None:
    clicks = np.zeros(22_050 * 4, dtype="<i2")
    clicks[::5_000] = 32_000
    made = mastering.master([mastering.Spoken(audio.segment(clicks.tobytes(), 22_050), 0.5)], Chime.NONE, 0.5)
    assert made.true_peak <= -1.0


def test_silence_cannot_be_mastered() -> None:
    with pytest.raises(MasteringFailed):
        mastering.master([mastering.Spoken(audio.silence(2, 22_050), 0)], Chime.NONE, 0.5)


def test_every_class_has_a_chime_that_is_unlike_the_others() -> None:
    sounds = [chime(kind, 22_050).raw_data for kind in Chime]
    assert len(set(sounds)) == len(Chime)
    assert len(chime(Chime.NONE, 22_050)) == 0


def test_sound_that_must_not_go_on_air_is_refused(speech: Any) -> None:
    (good,) = speech(TEXT)
    audio.check(good.sound, TEXT)
    with pytest.raises(SilentAudio):
        audio.check(audio.silence(3, 22_050), TEXT)
    with pytest.raises(SilentAudio):
        audio.check(audio.silence(0, 22_050), TEXT)
    with pytest.raises(TruncatedAudio):
        audio.check(good.sound[:400], TEXT)
    with pytest.raises(ClippedAudio):
        audio.check(good.sound.apply_gain(40), TEXT)
    with pytest.raises(SilentAudio):
        audio.from_wav(b"RIFF nothing")


def test_trimming_takes_only_the_silence(speech: Any) -> None:
    (good,) = speech(TEXT)
    padded = audio.join([audio.silence(1, 22_050), good.sound, audio.silence(1, 22_050)])
    assert audio.trim(padded).duration_seconds == pytest.approx(good.sound.duration_seconds, abs=0.06)


def test_an_ffmpeg_that_refuses_is_a_typed_error() -> None:
    with pytest.raises(MasteringFailed, match="ended with"):
        ffmpeg.run(["-f", "mp3", "-i", "pipe:0", "-f", "wav", "pipe:1"], b"no mp3")


def test_importing_the_folder_prints_nothing() -> None:
    import sys

    done = subprocess.run([sys.executable, "-c", "import tts.synthesis"], capture_output=True, check=True)
    assert done.stdout + done.stderr == b""


def test_wav_goes_there_and_back(speech: Any) -> None:
    (good,) = speech(TEXT)
    again = audio.from_wav(audio.to_wav(good.sound))
    assert again.raw_data == good.sound.raw_data
    assert io.BytesIO(audio.to_wav(good.sound)).read(4) == b"RIFF"
