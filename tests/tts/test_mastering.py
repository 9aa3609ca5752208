"""A finished piece as meters and ears find it, and the sound that must not become one."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest

from tts import audio, ffmpeg, loudness, mastering, ogg
from tts.chimes import chime
from tts.engines.espeak import EspeakEngine
from tts.errors import ClippedAudio, MasteringFailed, SilentAudio, StorageFull, TruncatedAudio
from tts.piece import FRAME_S, RATE, Piece
from tts.types import Chime, Voice

TEXT = "Mời bà con nhân dân đến họp tại nhà văn hóa thôn vào tối nay."
DELAY = 1105 / RATE  # of the sound in an MP3 piece
SAMPLES = np.ndarray[Any, np.dtype[np.float64]]


@pytest.fixture
def speak(espeak: EspeakEngine) -> Callable[..., audio.Segment]:
    return lambda text=TEXT, **voice: audio.from_wav(espeak.synthesise(text, Voice(**voice)))


def spoken(sound: audio.Segment) -> Piece:
    return mastering.finish(mastering.sentence(audio.trim(sound)))


def samples(data: bytes, form: str = "mp3") -> SAMPLES:
    """Decoded by ffmpeg, -1..1."""
    pcm, _ = ffmpeg.run(
        ["-v", "error", "-f", form, "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", str(RATE), "pipe:1"],
        data,
    )
    return np.frombuffer(pcm, dtype="<i2") / 32768


def lufs(sound: SAMPLES) -> float:
    pause = np.zeros(int(0.4 * RATE))
    return float(pyloudnorm.Meter(RATE).integrated_loudness(np.concatenate([pause, sound, pause])))


def opus(piece: Piece) -> bytes:
    return ogg.write(piece.opus, (len(piece.opus) - 1) * ogg.PACKET)


@pytest.mark.parametrize("gain", [-25.0, 0.0])
def test_a_quiet_engine_ends_as_loud_as_any_other(speak: Any, gain: float) -> None:
    piece = spoken(speak().apply_gain(gain))
    assert lufs(samples(piece.mp3)) == pytest.approx(-16.0, abs=0.5)
    assert lufs(samples(opus(piece), "ogg")) == pytest.approx(-16.0, abs=0.5)
    assert piece.loudness == pytest.approx(lufs(samples(piece.mp3)), abs=0.1)


@pytest.mark.parametrize("kind", [kind for kind in Chime if kind is not Chime.NONE])
def test_a_signal_is_as_loud_as_speech_and_never_louder(kind: Chime) -> None:
    piece = mastering.finish(mastering.attention(chime(kind, RATE)))
    assert -17.5 <= lufs(samples(piece.mp3)) <= -16.2
    assert piece.length == pytest.approx(chime(kind, RATE).duration_seconds, abs=0.001)


def test_peaks_between_the_samples_stay_below_the_limit_in_both_files(speak: Any) -> None:
    piece = spoken(speak())
    for data, form in ((piece.mp3, "mp3"), (opus(piece), "ogg")):
        fine, _ = ffmpeg.run(
            ["-v", "error", "-f", form, "-i", "pipe:0", "-ar", "192000", "-ac", "1", "-f", "f32le", "pipe:1"],
            data,
        )
        assert 20 * np.log10(np.max(np.abs(np.frombuffer(fine, dtype="<f4")))) <= piece.true_peak + 0.1
    assert piece.true_peak <= -1.0


def test_the_files_have_the_rates_of_speech(speak: Any) -> None:
    piece = spoken(speak())
    _, messages = ffmpeg.run(["-f", "mp3", "-i", "pipe:0", "-f", "null", "-"], piece.mp3)
    assert "24000 Hz, mono" in messages
    assert len(piece.mp3) * 8 / (len(piece.energies) * FRAME_S) == pytest.approx(48_000)
    _, messages = ffmpeg.run(["-f", "ogg", "-i", "pipe:0", "-f", "null", "-"], opus(piece))
    assert "Audio: opus, 48000 Hz, mono" in messages
    assert sum(map(len, piece.opus)) * 8 / (len(piece.opus) * 0.02) == pytest.approx(24_000, rel=0.2)


def test_a_piece_holds_all_of_the_sound_and_says_where(speak: Any) -> None:
    sound = audio.trim(speak())
    piece = mastering.finish(mastering.sentence(sound))
    heard = np.flatnonzero(np.abs(samples(piece.mp3)) > 0.01) / RATE - DELAY
    assert heard[0] == pytest.approx(piece.head, abs=0.02)
    assert heard[-1] == pytest.approx(piece.head + piece.length, abs=0.03)
    assert piece.length == pytest.approx(sound.sound.duration_seconds - sound.head - sound.tail, abs=0.001)
    heard = np.flatnonzero(np.abs(samples(opus(piece), "ogg")) > 0.01) / RATE
    assert heard[0] == pytest.approx(piece.head, abs=0.02)
    assert heard[-1] == pytest.approx(piece.head + piece.length, abs=0.03)


def test_a_piece_begins_and_ends_without_a_click(speak: Any) -> None:
    cut = speak()[200:1_200]  # in the middle of words
    sound = audio.trim(cut).sound
    edge = np.abs(np.array(sound.get_array_of_samples(), dtype=float))
    loudest = edge.max()
    assert max(edge[:20].max(), edge[-20:].max()) < loudest / 20


def test_the_band_is_a_horns(speak: Any) -> None:
    spectrum = np.abs(np.fft.rfft(samples(spoken(speak()).mp3))) ** 2
    hertz = np.fft.rfftfreq(2 * (len(spectrum) - 1), 1 / RATE)
    assert spectrum[hertz < 100].sum() / spectrum.sum() < 0.001
    assert spectrum[hertz > 9000].sum() / spectrum.sum() < 0.001


def test_the_same_sound_gives_the_same_bytes(speak: Any) -> None:
    sound = speak("Xin chào.")
    assert spoken(sound) == spoken(sound)


def test_sound_full_of_clicks_stays_below_the_peak_limit() -> None:
    clicks = np.zeros(22_050 * 4, dtype="<i2")
    clicks[::5_000] = 32_000
    assert spoken(audio.segment(clicks.tobytes(), 22_050)).true_peak <= -1.0


def claps(sound: SAMPLES) -> SAMPLES:
    for start in range(RATE, len(sound), 4 * RATE):
        sound[start : start + 1_000] += np.exp(-np.arange(1_000) / 200) * np.where(
            np.arange(1_000) % 7 < 4, 0.9, -0.9
        )
    return sound


def shout(sound: SAMPLES) -> SAMPLES:
    sound[RATE : 2 * RATE] *= 20
    return sound


def hiss(sound: SAMPLES) -> SAMPLES:
    return sound + 0.002 * np.sin(np.arange(len(sound)) ** 2)


@pytest.mark.parametrize(
    ("accident", "least"),
    [(claps, -18.5), (shout, -17.0), (hiss, -16.5)],
    ids=["claps", "shout", "hiss"],
)
def test_a_recording_of_somebody_far_away_becomes_loud_whatever_happens_beside_it(
    speak: Any, tmp_path: Path, accident: Callable[[SAMPLES], SAMPLES], least: float
) -> None:
    said = speak().set_frame_rate(RATE)
    sound = 0.05 * np.tile(np.array(said.get_array_of_samples(), dtype=float) / 32_768, 2)
    pcm = (np.clip(accident(sound), -1, 1) * 32_767).astype("<i2").tobytes()
    ffmpeg.run(["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0", str(tmp_path / "a.flac")], pcm)
    piece = mastering.finish(mastering.recording(tmp_path / "a.flac"))
    assert least <= piece.loudness <= -15.5
    assert piece.true_peak <= -1.0


def test_silence_cannot_be_mastered() -> None:
    with pytest.raises(MasteringFailed):
        mastering.finish(mastering.attention(audio.silence(2, RATE)))


def test_a_piece_comes_back_from_its_bytes_and_only_from_all_of_them(speak: Any) -> None:
    piece = spoken(speak("Xin chào."))
    data = piece.to_bytes()
    assert Piece.from_bytes(data) == piece
    for damaged in (b"", data[:100], data[:-1], b"garbage" * 100, data[:200] + b"!" + data[201:]):
        with pytest.raises(ValueError, match="damaged"):
            Piece.from_bytes(damaged)


def test_every_class_has_a_chime_that_is_unlike_the_others() -> None:
    sounds = [chime(kind, 22_050).raw_data for kind in Chime]
    assert len(set(sounds)) == len(Chime)
    assert len(chime(Chime.NONE, 22_050)) == 0


def test_sound_that_must_not_go_on_air_is_refused(speak: Any) -> None:
    good = speak()
    audio.check(good, TEXT)
    with pytest.raises(SilentAudio):
        audio.check(audio.silence(3, 22_050), TEXT)
    with pytest.raises(SilentAudio):
        audio.check(audio.silence(0, 22_050), TEXT)
    with pytest.raises(TruncatedAudio):
        audio.check(good[:400], TEXT)
    with pytest.raises(ClippedAudio):
        audio.check(good.apply_gain(40), TEXT)
    with pytest.raises(SilentAudio):
        audio.from_wav(b"RIFF nothing")


def test_trimming_takes_only_the_silence(speak: Any) -> None:
    good = audio.trim(speak())
    padded = audio.join([audio.silence(1, 22_050), speak(), audio.silence(1, 22_050)])
    again = audio.trim(padded)
    assert again.sound.duration_seconds == pytest.approx(good.sound.duration_seconds, abs=0.06)
    assert (again.head, again.tail) == (0.03, 0.03)


def test_loudness_of_frames_is_that_of_the_standard() -> None:
    silence, tone = [0.0] * 100, [10 ** ((-16 + 0.691) / 10)] * 300
    assert loudness.integrated(tone, FRAME_S) == pytest.approx(-16.0, abs=0.01)
    assert loudness.integrated([*silence, *tone, *silence], FRAME_S) == pytest.approx(-16.0, abs=0.2)
    assert loudness.integrated(silence, FRAME_S) == loudness.SILENCE
    assert loudness.integrated([], FRAME_S) == loudness.SILENCE


def test_an_ffmpeg_that_refuses_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(MasteringFailed, match="ended with"):
        ffmpeg.run(["-f", "mp3", "-i", "pipe:0", "-f", "wav", "pipe:1"], b"no mp3")
    with pytest.raises(MasteringFailed, match="did not finish"):
        ffmpeg.run(["-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-"], timeout=0.2)
    with pytest.raises(MasteringFailed):
        ffmpeg.read(["-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-"], 10, print, timeout=0.2)
    with pytest.raises(StorageFull):
        ffmpeg.run(["-f", "lavfi", "-i", "sine=d=1", "-f", "wav", "-y", "/dev/full"])


def test_importing_the_folder_prints_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", "import tts.synthesis"], capture_output=True, check=True)
    assert done.stdout + done.stderr == b""


def test_wav_goes_there_and_back(speak: Any) -> None:
    good = speak()
    again = audio.from_wav(audio.to_wav(good))
    assert again.raw_data == good.raw_data
    assert io.BytesIO(audio.to_wav(good)).read(4) == b"RIFF"
