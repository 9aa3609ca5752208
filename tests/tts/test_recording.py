"""What people upload: all that has sound, and nothing else."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import wave
import zlib
from pathlib import Path

import numpy as np
import pytest

from tts import ffmpeg, recording
from tts.errors import AudioTooLong, NotAudio, SilentAudio, StorageFailed

SPOKEN = (
    "aevalsrc=exprs='if(between(t,0.8,2.3),0.2*sin(2*PI*(300+40*sin(9*t))*t),0.00003*random(0))':d=3:s=44100"
)
FORMS = {
    "mp3": ["-c:a", "libmp3lame"],
    "m4a": ["-c:a", "aac", "-f", "mp4"],
    "ogg": ["-c:a", "libvorbis", "-f", "ogg"],
    "opus": ["-c:a", "libopus", "-f", "ogg"],
    "webm": ["-c:a", "libopus", "-f", "webm"],
    "wav": [],
    "flac": [],
    "aac": ["-f", "adts"],
    "stereo.wav": ["-ac", "2", "-ar", "48000", "-c:a", "pcm_s24le", "-f", "wav"],
}


def made(path: Path, *options: str, source: str = SPOKEN) -> Path:
    ffmpeg.run(["-f", "lavfi", "-i", source, *options, "-y", str(path)])
    return path


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("form", FORMS)
def test_every_usual_form_is_taken_by_its_content_whatever_it_is_called(tmp_path: Path, form: str) -> None:
    source = made(tmp_path / f"a.{form}", *FORMS[form]).rename(tmp_path / "recording.txt")
    take = recording.accept(source, tmp_path / "take.flac")
    assert take.duration == pytest.approx(1.8, abs=0.1)
    assert take.cut_head == pytest.approx(0.65, abs=0.06)
    assert take.cut_tail == pytest.approx(0.55, abs=0.08)
    assert -25 < take.loudness < -12
    assert len(take.peaks) == 400
    assert 10 <= max(take.peaks) <= 30
    assert (tmp_path / "take.flac").stat().st_size == take.size
    _, messages = ffmpeg.run(["-i", str(tmp_path / "take.flac"), "-f", "null", "-"])
    assert "flac, 24000 Hz, mono" in messages


def test_a_video_gives_its_sound(tmp_path: Path) -> None:
    video = tmp_path / "phone.mp4"
    ffmpeg.run(
        ["-f", "lavfi", "-i", "testsrc=d=3:s=64x64:r=5", "-f", "lavfi", "-i", SPOKEN, "-c:v", "libx264",
         "-c:a", "aac", str(video)]
    )  # fmt: skip
    assert recording.accept(video, tmp_path / "take.flac").duration == pytest.approx(1.8, abs=0.1)


def test_without_trimming_everything_stays(tmp_path: Path) -> None:
    take = recording.accept(made(tmp_path / "a.wav"), tmp_path / "take.flac", trim=False)
    assert (take.duration, take.cut_head, take.cut_tail) == (3.0, 0.0, 0.0)


def test_the_same_file_gives_the_same_recording(tmp_path: Path) -> None:
    source = made(tmp_path / "a.wav")
    first = recording.accept(source, tmp_path / "1.flac")
    assert recording.accept(source, tmp_path / "2.flac") == first


def test_a_recording_begins_and_ends_softly(tmp_path: Path) -> None:
    source = made(tmp_path / "a.wav", source="sine=f=440:d=2,volume=6dB")
    recording.accept(source, tmp_path / "take.flac")
    pcm, _ = ffmpeg.run(["-i", str(tmp_path / "take.flac"), "-f", "s16le", "pipe:1"])
    sound = np.abs(np.frombuffer(pcm, dtype="<i2").astype(int))
    assert max(sound[:24].max(), sound[-24:].max()) < sound.max() / 4


def test_a_click_of_the_button_is_no_speech(tmp_path: Path) -> None:
    click = "aevalsrc=exprs='if(between(t,0.1,0.12),0.8,if(between(t,2,4),0.2*sin(2000*t),0))':d=5:s=24000"
    take = recording.accept(made(tmp_path / "a.wav", source=click), tmp_path / "take.flac")
    assert take.cut_head == pytest.approx(1.85, abs=0.03)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(72))) + chunk(b"IEND", b"")


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "text": "Thông báo về việc họp thôn.\n".encode() * 200,
    "noise": random.Random(7).randbytes(300_000),
    "zeros": bytes(100_000),
    "png": png(),
    "pdf": b"%PDF-1.7\n%%EOF\n",
    "zip": b"PK\x03\x04" + bytes(400),
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "hls to a server": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    "subtitles": b"1\n00:00:01,000 --> 00:00:04,000\nXin chao\n",
    "truncated wav": b"RIFF\xff\xff\xff\xffWAVEfmt ",
    "truncated mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x7f\xff\xff\xffmoov",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_sound_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.mp3").write_bytes(HOSTILE[name])
    with pytest.raises(NotAudio):
        recording.accept(tmp_path / "a.mp3", tmp_path / "take.flac")
    assert names(tmp_path) == ["a.mp3"]


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    video = made(tmp_path / "a.mp4", "-c:v", "libx264", source="testsrc=d=1:s=64x64:r=5")
    with pytest.raises(NotAudio):
        recording.accept(video, tmp_path / "take.flac")


@pytest.mark.parametrize("source", ["anullsrc=d=3", "anoisesrc=a=0.0003:d=3", "sine=d=0.1"])
def test_silence_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(SilentAudio):
        recording.accept(made(tmp_path / "a.wav", source=source), tmp_path / "take.flac")
    assert names(tmp_path) == ["a.wav"]


def test_a_small_file_that_unpacks_to_hours_is_read_no_further_than_it_may_be_long(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.flac"
    with wave.open(str(bomb), "wb") as file:
        file.setparams((1, 1, 100, 0, "NONE", ""))
        file.writeframes(bytes(4_000_000))  # eleven hours
    with pytest.raises(AudioTooLong) as refused:
        recording.accept(bomb, tmp_path / "take.flac", longest=60)
    assert refused.value.limit == 60
    assert names(tmp_path) == ["bomb.flac"]


def test_half_a_file_gives_the_sound_that_is_there(tmp_path: Path) -> None:
    source = made(tmp_path / "a.mp3")
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    assert 0.5 < recording.accept(source, tmp_path / "take.flac").duration < 1.2


def test_a_name_is_never_taken_for_an_address(tmp_path: Path) -> None:
    odd = tmp_path / "concat:a|b,http:"
    made(tmp_path / "a.wav").rename(odd)
    assert recording.accept(odd, tmp_path / "take.flac").duration > 1


def test_a_file_or_folder_that_is_not_there_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(NotAudio):
        recording.accept(tmp_path / "none.mp3", tmp_path / "take.flac")
    with pytest.raises(StorageFailed):
        recording.accept(made(tmp_path / "a.wav"), tmp_path / "none" / "take.flac")


def test_a_full_disk_is_a_typed_error_and_leaves_nothing(tmp_path: Path) -> None:
    source = made(tmp_path / "a.wav", source="anoisesrc=a=0.3:d=20")
    (tmp_path / "out").mkdir()
    code = (
        "import resource, sys; from pathlib import Path; from tts import recording, errors\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: recording.accept(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except errors.StorageFull: print('full')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(source), str(tmp_path / "out" / "take.flac")],
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"full\n"
    assert names(tmp_path / "out") == []
