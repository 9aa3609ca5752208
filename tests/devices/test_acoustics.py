"""Proof by ear: the own horn is recognised through noise and echo, anything else is not. With real speech."""

from __future__ import annotations

import array
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.acoustics.energies import BANDS, PER_SECOND, QUIETEST, STEP, energies, level_db
from devices.acoustics.match import LIKE, MARGIN, SECONDS, match
from devices.acoustics.room import Room
from devices.speaker.decode import decode
from devices.speaker.ports import RATE, Samples
from tts.normalise import read
from tts.synthesis import default_synthesiser
from tts.types import Script, Speech, Voice

BEGIN = 3.0  # seconds into the bulletin
TEXTS = (
    (
        "Ủy ban nhân dân xã thông báo lịch tiêm phòng cho đàn trâu bò tại các thôn từ thứ hai tuần sau. "
        "Đề nghị bà con nhốt giữ gia súc tại chuồng và báo với thú y viên khi có con ốm. "
        "Mỗi hộ cử một người ở nhà để phối hợp với cán bộ thú y."
    ),
    (
        "Hợp tác xã nông nghiệp sẽ mở nước vào đồng từ sáng sớm ngày mai cho vụ xuân. "
        "Bà con kiểm tra bờ vùng, bờ thửa, khơi thông kênh mương trước cửa ruộng nhà mình. "
        "Ruộng cao lấy nước trước, ruộng trũng lấy nước sau theo lịch của tổ thủy nông."
    ),
)


@pytest.fixture(scope="module")
def bulletins(tmp_path_factory: pytest.TempPathFactory) -> list[Samples]:
    folder = tmp_path_factory.mktemp("bulletins")
    synthesiser = default_synthesiser(folder / "cache", engines=("espeak",))
    spoken = []
    for number, text in enumerate(TEXTS):
        path = folder / f"{number}.mp3"
        clip = synthesiser.render(Script((Speech(read(text), Voice(engine="espeak")),)))
        path.write_bytes(clip.data)
        spoken.append(decode(path))
    synthesiser.close()
    return spoken


def played(sound: Samples, begin: float = BEGIN) -> bytes:
    return energies(sound[round((begin - MARGIN) * RATE) : round((begin + SECONDS + MARGIN) * RATE)])


def heard(sound: Samples, room: Room, begin: float = BEGIN) -> bytes:
    stretch = sound[round((begin - 1) * RATE) : round((begin + SECONDS) * RATE)]
    return energies(room.hear(stretch, random.Random(7))[RATE:])


@pytest.mark.parametrize(
    "room",
    [
        Room(),
        Room(noise_db=-20),
        Room(echo_s=2.0, echo_db=-3),
        Room(late_s=0.05),
        Room(horn_db=-20, noise_db=-45),
        Room(neighbour_m=100),
    ],
    ids=["fair", "storm", "echo", "slow_microphone", "far", "beside_a_neighbour"],
)
def test_the_own_horn_is_recognised(bulletins: list[Samples], room: Room) -> None:
    assert match(played(bulletins[0]), heard(bulletins[0], room)).proves


@pytest.mark.parametrize("metres", [60, 100, 250])
def test_jakarta_silent_tower_a_dead_horn_is_not_proved_by_its_neighbour(
    bulletins: list[Samples], metres: float
) -> None:
    found = match(played(bulletins[0]), heard(bulletins[0], Room(horn_db=-math.inf, neighbour_m=metres)))
    assert not found.proves
    assert found.late == pytest.approx(metres / 343, abs=0.03)


def test_a_dead_horn_in_the_wind_is_like_nothing(bulletins: list[Samples]) -> None:
    assert match(played(bulletins[0]), heard(bulletins[0], Room(horn_db=-math.inf))).score < LIKE / 2


def test_thach_ha_foreign_another_programme_is_no_proof(bulletins: list[Samples]) -> None:
    first, second = bulletins
    assert match(played(first), heard(second, Room())).score < LIKE / 1.5
    assert match(played(second), heard(first, Room())).score < LIKE / 1.5


def test_the_same_voice_at_another_place_of_the_text_is_no_proof(bulletins: list[Samples]) -> None:
    assert match(played(bulletins[0], 2.0), heard(bulletins[0], Room(), 4.5)).score < LIKE


def tone(hertz: float, seconds: float = 1.0, loud: float = 0.25) -> Samples:
    step = 2 * math.pi * hertz / RATE
    return memoryview(
        array.array("h", (round(32_767 * loud * math.sin(step * n)) for n in range(round(seconds * RATE))))
    )


def columns(picture: bytes) -> Sequence[bytes]:
    return [picture[band::BANDS] for band in range(BANDS)]


def test_a_picture_is_small_and_tells_which_band_sounds() -> None:
    picture = energies(tone(1000, 2.0))
    assert len(picture) == 2 * PER_SECOND * BANDS
    loudest = max(range(BANDS), key=lambda band: sum(columns(picture)[band]))
    assert loudest == math.floor(math.log(1000 / 250) / math.log(3600 / 250) * BANDS)


def test_a_level_is_that_of_the_tone() -> None:
    assert level_db(tone(1000, loud=0.25)) == pytest.approx(20 * math.log10(0.25 / math.sqrt(2)), abs=1.0)
    assert level_db(memoryview(array.array("h", [0] * RATE))) == pytest.approx(QUIETEST, abs=20)
    assert level_db(memoryview(array.array("h", [0] * 100))) == QUIETEST


def test_a_louder_sound_has_the_same_picture_higher_up() -> None:
    quiet, loud = energies(tone(700, loud=0.05)), energies(tone(700, loud=0.1))
    strongest = max(range(len(quiet)), key=quiet.__getitem__)
    assert loud[strongest] - quiet[strongest] == pytest.approx(6.02 / STEP, abs=1)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 3 * RATE), st.randoms(use_true_random=False))
def test_any_sound_has_a_picture_of_whole_tenths(length: int, lots: random.Random) -> None:
    noise = memoryview(array.array("h", (lots.randrange(-32_768, 32_768) for _ in range(length))))
    assert len(energies(noise)) == length * PER_SECOND // RATE * BANDS


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=30 * BANDS, max_size=30 * BANDS))
def test_anything_is_like_itself_and_nothing_is_more_than_alike(picture: bytes) -> None:
    middle = picture[10 * BANDS : 20 * BANDS]
    found = match(picture, middle)
    assert -1.001 <= found.score <= 1.001
    if any(len(set(column)) > 1 for column in columns(middle)):
        assert found.score > 0.6


@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (30, 10 * BANDS + 1), (40 * BANDS, 10 * BANDS)])
def test_pictures_that_do_not_fit_are_refused(ours: int, theirs: int) -> None:
    with pytest.raises(ValueError, match="bytes of what was played"):
        match(bytes(ours), bytes(theirs))
