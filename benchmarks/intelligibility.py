"""How well what goes on air is understood, and whether it is as loud as it should be.

Character errors of two recognisers on 24 sentences: each voice as it is, and after mastering and the
codecs, where the chain may cost each recogniser 0.03 at most. Then ten bulletins: loudness, true peak,
chime against speech.

The sentences are heard in groups, and what counts of the chain is the median of what it costs a group:
now and then a recogniser stops in the middle of one, or repeats a word until it is cut off, in untouched
sound as well, and which one that is depends on how the sentences are put together. One such group in six
moves the sum by 0.1 and more.
"""

from __future__ import annotations

import functools
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyloudnorm

from benchmarks._recognisers import RATE, Recogniser, character_errors, recognisers, samples
from tts import ffmpeg, normalise
from tts.engines import assembly
from tts.engines.base import Engine
from tts.engines.piper_folder import VoiceFolder
from tts.mastering import LOUDNESS
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Preset, Script, Speech, Voice

MOST_LOST: Final = 0.03  # character error that mastering and codecs may add
AT_ONCE: Final = 4  # sentences, some 15 s: whisper listens to half a minute at most
SHIFTS: Final = (0, 1)  # the chain is heard in two ways to group the sentences
ASTRAY: Final = 0.25  # more than this in one group is a recogniser that stopped or ran on
CHAIN: Final = ("kokoro/trial", "espeak/north")  # the voices that the chain is judged on
VOICES_DIR: Final = Path(os.environ.get("TRUYEN_THANH_DATA_DIR", "var")) / "voices"
SENTENCES: Final = (
    "Ủy ban nhân dân xã thông báo lịch tiêm phòng cho trẻ em dưới năm tuổi.",
    "Mời bà con đến nhà văn hóa thôn lúc bảy giờ ba mươi phút tối thứ sáu.",
    "Bão số ba đang mạnh lên, gió giật cấp mười hai.",
    "Đề nghị các hộ gia đình chằng chống nhà cửa trước mười bảy giờ.",
    "Người dân sống ven sông khẩn trương chuyển đến nơi an toàn.",
    "Điện lực ngừng cấp điện từ sáu giờ sáng đến mười một giờ trưa.",
    "Trạm y tế khám sức khỏe miễn phí cho người cao tuổi.",
    "Đường liên thôn đang sửa chữa, xe tải không được đi qua.",
    "Học sinh toàn xã được nghỉ học vào thứ hai tuần tới.",
    "Các hộ chăn nuôi rắc vôi bột và phun thuốc khử trùng chuồng trại.",
    "Không vứt xác lợn chết ra kênh mương.",
    "Hạn cuối nộp hồ sơ vay vốn là ngày ba mươi tháng sáu.",
    "Ai nhặt được giấy tờ xin mang đến trụ sở công an xã.",
    "Nước sinh hoạt sẽ được cấp lại vào buổi chiều.",
    "Ngày bầu cử, cử tri đi bỏ phiếu từ bảy giờ sáng.",
    "Cấm đốt rơm rạ gần đường dây điện và rừng trồng.",
    "Lúa chiêm đã trổ bông, bà con chú ý phòng trừ rầy nâu.",
    "Giá thu mua cà phê hôm nay là chín mươi hai nghìn đồng một cân.",
    "Hội phụ nữ xã tổ chức lớp dạy nghề may miễn phí.",
    "Nhiệt độ ban đêm xuống dưới mười độ, cần giữ ấm cho trâu bò.",
    "Kính mời các cụ đến dự lễ mừng thọ tại đình làng.",
    "Chó nuôi phải được tiêm phòng dại và xích lại.",
    "Thanh niên đủ mười tám tuổi đăng ký nghĩa vụ quân sự.",
    "Chương trình phát thanh đến đây là hết, xin cảm ơn bà con đã lắng nghe.",
)


class Once:
    """Says each sentence once, so that the chain is judged on the very sound that was judged before it."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.version = engine.name, engine.version
        self.voices, self.close = engine.voices, engine.close
        self.synthesise = functools.cache(engine.synthesise)


def measure() -> dict[str, Any]:
    engines: dict[str, Engine] = {each.name: Once(each) for each in _engines()}
    try:
        with recognisers() as meters, tempfile.TemporaryDirectory() as folder:
            voices = {name: _as_it_is(engines[name.split("/")[0]], name, meters) for name in _names(engines)}
            synthesiser = Synthesiser(list(engines.values()), Path(folder))
            chain = {name: _chain(synthesiser, engines[name.split("/")[0]], name, meters) for name in CHAIN}
            _say("ten bulletins")
            loudness = _bulletins(synthesiser)
            synthesiser.close()
    finally:
        for engine in engines.values():
            engine.close()
    good = all(each["holds"] for each in (*chain.values(), loudness))
    return {
        "sentences": len(SENTENCES),
        "voices": voices,
        "chain": chain,
        "bulletins": loudness,
        "holds": good,
    }


def _engines() -> list[Engine]:
    installed = ["piper"] if VoiceFolder(VOICES_DIR).installed() else []
    return assembly.engines(["kokoro", "espeak", *installed], voices_dir=VOICES_DIR)


def _names(engines: Mapping[str, Engine]) -> Iterator[str]:
    for name, engine in engines.items():
        yield from (f"{name}/{voice}" for voice in engine.voices().get("vi", ()))


def _voice(name: str) -> Voice:
    engine, _, voice = name.partition("/")
    return Voice(engine=engine, name=voice)


def _as_it_is(engine: Engine, name: str, meters: Mapping[str, Recogniser]) -> dict[str, float]:
    _say(name)
    return _rates(_errors(_sounds(engine, name), meters))


def _sounds(engine: Engine, name: str) -> list[bytes]:
    return [engine.synthesise(_spoken(text), _voice(name)) for text in SENTENCES]


def _say(what: str) -> None:
    """It takes minutes: show what it is at."""
    sys.stderr.write(f"  {what} …\n")


def _spoken(text: str) -> str:
    return normalise.read(text).text


Groups = list[tuple[int, int]]  # wrong characters, of how many


def _errors(
    sounds: list[bytes], meters: Mapping[str, Recogniser], shifts: Sequence[int] = (0,)
) -> dict[str, Groups]:
    """By recogniser, on several sentences in a row: each start costs a second."""
    heard = [samples(sound) for sound in sounds]
    gap = np.zeros(RATE // 2, np.float32)
    found: dict[str, Groups] = {name: [] for name in meters}
    for shift in shifts:
        order = [*range(shift, len(SENTENCES)), *range(shift)]
        for at in range(0, len(SENTENCES), AT_ONCE):
            group = order[at : at + AT_ONCE]
            row = np.concatenate([*(part for number in group for part in (gap, heard[number])), gap])
            said = " ".join(SENTENCES[number] for number in group)
            for name, recognise in meters.items():
                found[name].append(character_errors(said, recognise(row)))
    return found


def _rates(errors: Mapping[str, Groups]) -> dict[str, float]:
    return {
        name: round(sum(wrong for wrong, _ in groups) / sum(of for _, of in groups), 3)
        for name, groups in errors.items()
    }


def _chain(
    synthesiser: Synthesiser, engine: Engine, name: str, meters: Mapping[str, Recogniser]
) -> dict[str, Any]:
    _say(f"{name} on air")
    clips = [
        synthesiser.render(Script((Speech(normalise.read(text), _voice(name)),), chime=Chime.NONE))
        for text in SENTENCES
    ]
    before = _errors(_sounds(engine, name), meters, SHIFTS)
    after = {
        "mp3": _errors([clip.data for clip in clips], meters, SHIFTS),
        "opus": _errors([clip.opus for clip in clips], meters, SHIFTS),
    }
    added = {codec: _added(before, errors) for codec, errors in after.items()}
    seconds = sum(clip.duration for clip in clips)
    return {
        "kbit_s": {
            "mp3": round(sum(len(clip.data) for clip in clips) / seconds / 125, 1),
            "opus": round(sum(len(clip.opus) for clip in clips) / seconds / 125, 1),
        },
        "before": _rates(before),
        "after": {codec: _rates(errors) for codec, errors in after.items()},
        "added": added,
        "holds": all(each["median"] <= MOST_LOST for codec in added.values() for each in codec.values()),
    }


def _added(before: Mapping[str, Groups], after: Mapping[str, Groups]) -> dict[str, dict[str, float]]:
    added = {}
    for name, groups in after.items():
        pairs = zip(before[name], groups, strict=True)
        costs = [wrong / of - was / was_of for (was, was_of), (wrong, of) in pairs]
        added[name] = {
            "median": round(statistics.median(costs), 3),
            "groups": len(costs),
            "gone_astray": sum(cost > ASTRAY for cost in costs),
            "gone_astray_before": sum(cost < -ASTRAY for cost in costs),
        }
    return added


def _bulletins(synthesiser: Synthesiser) -> dict[str, Any]:
    rows = [_measured(synthesiser.render(script)) for script in _scripts()]
    worst = {
        "loudness_off_lu": max(abs(row[codec] - LOUDNESS) for row in rows for codec in ("mp3", "opus")),
        "true_peak_dbtp": max(row["true_peak"] for row in rows),
        "chime_to_speech_lu": max((abs(row["chime_to_speech"]) for row in rows), default=0.0),
    }
    holds = (
        worst["loudness_off_lu"] <= 0.5
        and worst["true_peak_dbtp"] <= -1.0
        and worst["chime_to_speech_lu"] <= 2.0
    )
    return {"clips": rows, "worst": {key: round(value, 2) for key, value in worst.items()}, "holds": holds}


def _scripts() -> Iterator[Script]:
    """Ten of different length, voice, chime and preset."""
    chimes = cycle((Chime.ROUTINE, Chime.PRIORITY, Chime.EMERGENCY, Chime.DRILL))
    names = cycle(("north", "centre", "south"))
    texts = cycle(SENTENCES)
    for number, chime, name in zip(range(10), chimes, names, strict=False):
        text = " ".join(islice(texts, number + 1))
        yield Script(
            (Speech(normalise.read(text), Voice(engine="espeak", name=name)),),
            chime=chime,
            preset=Preset.OUTDOOR if number % 3 == 2 else Preset.STANDARD,
        )


def _measured(clip: AudioClip) -> dict[str, float]:
    """By other people's meters than the one the mastering uses: pyloudnorm, and ffmpeg's for the peak."""
    sound, rate = _decoded(clip.data)
    meter = pyloudnorm.Meter(rate)
    begin, end = (round(at * rate) for at in (clip.marks[0].start, clip.marks[-1].end))
    speech, chime = sound[begin:end], sound[:begin]
    return {
        "seconds": round(clip.duration, 1),
        "mp3": round(float(meter.integrated_loudness(sound)), 2),
        "opus": round(float(meter.integrated_loudness(_decoded(clip.opus)[0])), 2),
        "true_peak": max(_true_peak(clip.data), _true_peak(clip.opus)),
        "chime_to_speech": round(
            float(meter.integrated_loudness(chime) - meter.integrated_loudness(speech)), 2
        ),
    }


def _decoded(data: bytes, rate: int = 48_000) -> tuple[np.ndarray, int]:
    pcm, _ = ffmpeg.run(
        ["-v", "error", "-i", "pipe:0", "-ac", "1", "-ar", str(rate), "-f", "s16le", "pipe:1"], data
    )
    return np.frombuffer(pcm, dtype="<i2") / 32768, rate


def _true_peak(data: bytes) -> float:
    _, messages = ffmpeg.run(["-i", "pipe:0", "-af", "ebur128=peak=true", "-f", "null", "-"], data)
    return float(re.findall(r"Peak:\s+(-?[0-9.]+) dBFS", messages)[-1])
