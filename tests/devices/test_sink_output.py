"""The sinks themselves: silence that keeps time, a WAV file, and a device of the audio library."""

from __future__ import annotations

import array
import asyncio
import time
import wave
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import miniaudio
import pytest

from devices.errors import NoSoundCard, Silent
from devices.speaker import sink_device
from devices.speaker.ports import RATE, Sink
from devices.speaker.sink import DeviceSink, SilentSink, WavSink, has_sound_card, open_sink


def loud(seconds: float, value: int = 10_000) -> memoryview:
    return memoryview(array.array("h", [value]) * round(seconds * RATE))


def story(tell: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(tell(), 30))


@pytest.fixture(params=["silent", "wav", "device"])
def make_sink(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Sink]:
    if request.param == "silent":
        return SilentSink
    if request.param == "wav":
        return lambda: WavSink(tmp_path / "heard.wav")
    return lambda: DeviceSink(
        miniaudio.Backend.NULL
    )  # a real device thread of the library, paced by its timer


def test_a_sound_starts_when_it_is_due_and_lasts_its_length(make_sink: Callable[[], Sink]) -> None:
    async def tell() -> None:
        sink = make_sink()
        await asyncio.sleep(0.1)
        at = time.monotonic() + 0.3
        playback = sink.play(loud(0.5), at, 1.0)
        instant = await playback.started()
        assert -0.005 < instant - at < 1.0
        rendered = await playback.finished()
        assert rendered.samples == RATE // 2
        assert 0.4 < time.monotonic() - instant < 5.0
        sink.close()

    story(tell)


def test_a_sound_that_is_late_starts_now(make_sink: Callable[[], Sink]) -> None:
    async def tell() -> None:
        sink = make_sink()
        await asyncio.sleep(0.1)
        now = time.monotonic()
        instant = await sink.play(loud(0.1), now - 5, 1.0).started()
        assert now <= instant < now + 2
        sink.close()

    story(tell)


def test_stop_silences_soon_and_reports_less(make_sink: Callable[[], Sink]) -> None:
    async def tell() -> None:
        sink = make_sink()
        playback = sink.play(loud(10), time.monotonic(), 1.0)
        await playback.started()
        await asyncio.sleep(0.2)
        began = time.monotonic()
        playback.stop()
        playback.stop()
        rendered = await playback.finished()
        assert time.monotonic() - began < 2
        assert 0.1 * RATE < rendered.samples < 3.0 * RATE
        playback.stop()
        playback.set_gain(0.5)
        sink.close()

    story(tell)


def test_stop_before_the_start_never_begins(make_sink: Callable[[], Sink]) -> None:
    async def tell() -> None:
        sink = make_sink()
        playback = sink.play(loud(1), time.monotonic() + 5, 1.0)
        playback.stop()
        with pytest.raises(Silent):
            await playback.started()
        assert (await playback.finished()).samples == 0
        sink.close()

    story(tell)


def test_closing_ends_what_plays(make_sink: Callable[[], Sink]) -> None:
    async def tell() -> None:
        sink = make_sink()
        playing = sink.play(loud(10), time.monotonic(), 1.0)
        waiting = sink.play(loud(10), time.monotonic() + 60, 1.0)
        await playing.started()
        sink.close()
        assert (await playing.finished()).samples < 5 * RATE
        assert (await waiting.finished()).samples == 0
        sink.close()

    story(tell)


def test_a_faster_rate_lets_the_samples_pass_faster() -> None:
    async def tell() -> None:
        began = time.monotonic()
        playback = SilentSink(rate=20).play(loud(10), began, 1.0)
        assert (await playback.finished()).samples == 10 * RATE
        assert 0.4 < time.monotonic() - began < 5

    story(tell)


def test_a_thousand_silent_sounds_start_together() -> None:
    async def tell() -> None:
        sink = SilentSink()
        at = time.monotonic() + 1
        playbacks = [sink.play(loud(0.05), at, 1.0) for _ in range(1_000)]
        late = sorted([await playback.started() - at for playback in playbacks])
        assert late[0] >= 0
        assert late[949] - late[0] < 2
        sink.close()

    story(tell)


def test_the_file_holds_what_would_have_sounded(tmp_path: Path) -> None:
    async def tell() -> None:
        sink = WavSink(tmp_path / "box" / "heard.wav")
        speech = memoryview(array.array("h", [*loud(0.1, 5_000), *loud(0.1, 0), *loud(0.1, 6_000)]))
        await sink.play(speech, time.monotonic() + 0.1, 1.0).finished()
        await asyncio.sleep(0.1)
        await sink.play(loud(0.2, 7_000), time.monotonic(), 0.5).finished()
        sink.close()

    story(tell)
    with wave.open(str(tmp_path / "box" / "heard.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        heard = array.array("h", file.readframes(file.getnframes()))
    first = heard.index(5_000)
    tenth = RATE // 10
    assert heard[first : first + 3 * tenth].tolist() == [5_000] * tenth + [0] * tenth + [6_000] * tenth
    assert heard.count(3_500) == 2 * tenth
    assert len(heard) < RATE  # nothing is written while nothing plays


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "heard.wav", tmp_path):
        with pytest.raises(NoSoundCard):
            WavSink(path)


def test_without_a_card_nothing_pretends_to_have_sounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink_device, "_CARDS", tmp_path / "no such place")
    assert not has_sound_card()
    with pytest.raises(NoSoundCard):
        open_sink("alsa")
    waiting = open_sink("auto")
    with pytest.raises(NoSoundCard):
        waiting.play(loud(0.1), time.monotonic(), 1.0)
    waiting.close()


def test_a_card_that_comes_late_is_taken_for_the_next_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell() -> None:
        monkeypatch.setattr(sink_device, "_CARDS", tmp_path)
        sink = DeviceSink(patient=True)
        with pytest.raises(NoSoundCard):
            sink.play(loud(0.1), time.monotonic(), 1.0)
        sink._backend = miniaudio.Backend.NULL
        assert (await sink.play(loud(0.1), time.monotonic(), 1.0).finished()).samples == RATE // 10
        sink.close()

    story(tell)


def test_a_card_that_cannot_be_opened_is_an_error_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pcmC0D0p").touch()
    monkeypatch.setattr(sink_device, "_CARDS", tmp_path)
    assert has_sound_card()
    with pytest.raises(NoSoundCard, match="cannot be opened"):
        DeviceSink(miniaudio.Backend.JACK)


def test_kinds_of_output_are_read_from_their_names(tmp_path: Path) -> None:
    assert isinstance(open_sink("silent"), SilentSink)
    sink = open_sink(f"wav:{tmp_path}/heard.wav")
    assert isinstance(sink, WavSink)
    sink.close()
    for kind in ("", "wav:", "loud"):
        with pytest.raises(ValueError):
            open_sink(kind)


def test_a_device_that_dies_fails_what_plays_and_is_opened_again() -> None:
    async def tell() -> None:
        sink = DeviceSink(miniaudio.Backend.NULL)
        playback = sink.play(loud(30), time.monotonic(), 1.0)
        await playback.started()
        assert sink._device is not None
        sink._device.stop()  # as a card that was pulled out: nothing is asked for any more
        with pytest.raises(NoSoundCard):
            await playback.finished()
        again = sink.play(loud(0.1), time.monotonic(), 1.0)
        assert (await again.finished()).samples == RATE // 10
        sink.close()

    story(tell)


def test_a_fault_in_a_block_fails_the_sound_and_not_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    async def tell() -> None:
        sink = DeviceSink(miniaudio.Backend.NULL)
        taken_away = loud(1)
        broken = sink.play(taken_away, time.monotonic() + 0.1, 0.5)
        taken_away.release()
        with pytest.raises(NoSoundCard, match="stream broke"):
            await broken.finished()
        again = sink.play(loud(0.1), time.monotonic(), 1.0)
        assert (await again.finished()).samples == RATE // 10
        sink.close()

    story(tell)
    assert "a block of sound was lost" in caplog.text
