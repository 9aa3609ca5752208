"""Piper voices: what is loaded, what the model is fed with, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tts import audio, normalise
from tts.engines.espeak import EspeakPhonemes
from tts.engines.piper import PiperEngine
from tts.engines.piper_config import parse
from tts.engines.piper_folder import MANIFEST, VoiceFolder
from tts.errors import EngineUnavailable, MissingVoice, VoiceDamaged
from tts.synthesis import default_synthesiser
from tts.types import Script, Speech, Voice

TEXT = "mời bà con, đi họp"
VOICE = Voice(engine="piper", name="small")
Maker = Callable[..., Any]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("piper") / "voices"


@pytest.fixture(scope="module")
def engine(path: Path) -> Iterator[PiperEngine]:
    """One for all: starting onnxruntime is what takes time."""
    made = PiperEngine(path, children=1)
    yield made
    made.close()


@pytest.fixture
def folder(path: Path) -> VoiceFolder:
    shutil.rmtree(path, ignore_errors=True)
    return VoiceFolder(path)


def unheard(_: VoiceFolder) -> None:
    """Accepts a voice without listening: some of these could not speak."""


def install(folder: VoiceFolder, voice: Any, name: str = "small", speaker: str = "") -> None:
    folder.install(name, voice.model, voice.config, speaker=speaker, accept=unheard)


def expected(folder: VoiceFolder, clauses: list[tuple[str, str]]) -> list[int]:
    """Start, pad, every sound and a pad, end: the way Piper voices are trained."""
    ids = json.loads(folder.config_file("small").read_text())["phoneme_id_map"]
    espeak = EspeakPhonemes()
    sounds = " ".join(espeak.of(words, "vi") + mark for words, mark in clauses)
    espeak.close()
    numbers = [ids["^"][0], ids["_"][0]]
    for sound in sounds:
        if sound in ids:
            numbers += [ids[sound][0], ids["_"][0]]
    return [*numbers, ids["$"][0]]


def test_the_model_is_fed_with_the_numbers_of_its_own_map(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    voice = make_voice()
    install(folder, voice)
    wav = engine.synthesise(TEXT, VOICE)
    assert voice.heard(wav) == expected(folder, [("mời bà con", ","), ("đi họp", ".")])
    assert audio.from_wav(wav).frame_rate == 16_000
    audio.check(audio.from_wav(wav), TEXT)


@pytest.mark.parametrize("mark", ["?", "!", "."])
def test_a_mark_at_the_end_is_said_and_no_second_one_added(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker, mark: str
) -> None:
    voice = make_voice(phoneme_id_map={sound: [at] for at, sound in enumerate("_^$.?!")}, num_symbols=6)
    install(folder, voice)
    marks = [number for number in voice.heard(engine.synthesise(f"đi họp{mark}", VOICE)) if number > 2]
    assert marks == ["_^$.?!".index(mark)]


def test_half_the_speed_takes_twice_as_long(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    install(folder, make_voice())
    usual = audio.from_wav(engine.synthesise(TEXT, VOICE)).duration_seconds
    slow = engine.synthesise(TEXT, Voice(engine="piper", name="small", speed=0.5))
    assert audio.from_wav(slow).duration_seconds == pytest.approx(2 * usual)


def test_the_length_the_voice_was_published_with_is_kept(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    install(folder, make_voice())
    usual = audio.from_wav(engine.synthesise(TEXT, VOICE)).duration_seconds
    install(folder, make_voice("long", inference={"length_scale": 1.5}), "long")
    long = engine.synthesise(TEXT, Voice(engine="piper", name="long"))
    assert audio.from_wav(long).duration_seconds == pytest.approx(1.5 * usual)


@pytest.mark.parametrize(("speaker", "number"), [("", 0), ("2", 2), ("speaker 1", 1)])
def test_a_voice_of_many_speaks_with_the_speaker_it_was_installed_for(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker, speaker: str, number: int
) -> None:
    voice = make_voice(speakers=3)
    install(folder, voice, speaker=speaker)
    assert voice.heard(engine.synthesise(TEXT, VOICE))[1] == 10 * number  # a pad, which is 0


@pytest.mark.parametrize("speaker", ["3", "speaker 3", "-1"])
def test_a_speaker_that_the_voice_does_not_have_is_refused(
    folder: VoiceFolder, make_voice: Maker, speaker: str
) -> None:
    with pytest.raises(VoiceDamaged, match="no_speaker"):
        install(folder, make_voice(speakers=3), speaker=speaker)
    assert folder.installed() == {}


def test_letters_are_the_sounds_of_a_voice_that_learnt_letters(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    voice = make_voice(phoneme_type="text", phoneme_id_map={s: [n] for n, s in enumerate("_^$dio")})
    install(folder, voice)
    assert [each for each in voice.heard(engine.synthesise("đi ôi dốc đỉnh", VOICE)) if each > 2][:4] == [
        4,
        5,
        4,
        3,
    ]


def test_voices_stand_under_their_languages_as_soon_as_they_are_installed(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    assert engine.voices() == {}
    before = engine.version
    install(folder, make_voice())
    install(folder, make_voice("en", language={"code": "en_US"}, espeak={"voice": "en-us"}), "en")
    assert engine.voices() == {"vi": ("small",), "en": ("en",)}
    assert engine.version != before


@pytest.mark.parametrize(("language", "name"), [("en", "small"), ("vi", "other")])
def test_a_voice_that_is_not_installed_is_missing(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker, language: str, name: str
) -> None:
    install(folder, make_voice())
    with pytest.raises(MissingVoice):
        engine.synthesise(TEXT, Voice(engine="piper", name=name, language=language))


def damage_model(folder: VoiceFolder) -> None:
    folder.model("small").write_bytes(folder.model("small").read_bytes() + b"\0")


def damage_config(folder: VoiceFolder) -> None:
    folder.config_file("small").write_text("{}")


def lose_model(folder: VoiceFolder) -> None:
    folder.model("small").unlink()


def lose_config(folder: VoiceFolder) -> None:
    folder.config_file("small").unlink()


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (damage_model, "wrong_hash"),
        (damage_config, "wrong_hash"),
        (lose_model, "no_file"),
        (lose_config, "no_config"),
    ],
)
def test_a_file_that_is_not_the_one_installed_is_refused(
    folder: VoiceFolder, make_voice: Maker, harm: Callable[[VoiceFolder], None], reason: str
) -> None:
    install(folder, make_voice())
    harm(folder)
    engine = PiperEngine(folder, children=1)  # a child that has the right file in memory goes on with it
    with pytest.raises(VoiceDamaged) as refused:
        engine.synthesise(TEXT, VOICE)
    engine.close()
    assert (refused.value.reason, refused.value.voice, refused.value.permanent) == (reason, "small", True)


def test_a_file_that_is_no_model_is_refused(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    voice = make_voice()
    voice.model.write_bytes(b"<html>not found</html>")
    install(folder, voice)
    with pytest.raises(VoiceDamaged, match="not_a_model"):
        engine.synthesise(TEXT, VOICE)


def test_a_model_of_another_kind_is_refused(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    install(folder, make_voice(inputs=("tokens", "style", "scales")))
    with pytest.raises(VoiceDamaged, match="wrong_inputs"):
        engine.synthesise(TEXT, VOICE)


@pytest.mark.parametrize(
    "changes",
    [
        {"phoneme_id_map": {"a": [3]}},
        {"phoneme_id_map": {"_": [0], "^": [1], "$": ["2"]}},
        {"phoneme_id_map": None},
        {"num_symbols": 3},
        {"audio": {}},
        {"audio": {"sample_rate": 7}},
        {"espeak": {"voice": ""}},
        {"phoneme_type": "pinyin"},
        {"num_speakers": "many"},
    ],
)
def test_a_configuration_that_cannot_be_right_is_refused(make_voice: Maker, changes: dict[str, Any]) -> None:
    data = make_voice(**changes).config.read_bytes()
    with pytest.raises(VoiceDamaged, match="bad_config"):
        parse("small", data)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff\xfe", b'"text"'])
def test_what_is_no_configuration_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(VoiceDamaged, match="bad_config"):
        parse("small", data)


def test_a_manifest_that_cannot_be_read_leaves_no_voice_and_says_so(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    install(folder, make_voice())
    for content in ("[]", "{", '{"small": {}}', '{"../up": {}}'):
        (folder.path / MANIFEST).write_text(content)
        assert engine.voices() == {}
        with pytest.raises(VoiceDamaged, match="bad_manifest"):
            folder.installed()


def test_a_name_cannot_lead_out_of_the_folder(folder: VoiceFolder, make_voice: Maker) -> None:
    install(folder, make_voice())
    known = json.loads((folder.path / MANIFEST).read_text())
    (folder.path / MANIFEST).write_text(json.dumps({"../small": known["small"]}))
    with pytest.raises(VoiceDamaged, match="bad_manifest"):
        folder.installed()


def test_a_voice_that_is_not_accepted_leaves_the_one_before_it_in_place(
    folder: VoiceFolder, engine: PiperEngine, make_voice: Maker
) -> None:
    install(folder, make_voice())
    before = folder.installed()

    def refuse(_: VoiceFolder) -> None:
        raise RuntimeError("heard, not liked")

    other = make_voice("other", speakers=2)
    with pytest.raises(RuntimeError):
        folder.install("small", other.model, other.config, accept=refuse)
    assert folder.installed() == before
    assert sorted(path.name for path in folder.path.iterdir()) == sorted(
        [".lock", "small.onnx", "small.onnx.json", MANIFEST]
    )
    engine.synthesise(TEXT, VOICE)


def test_removing_a_voice_takes_its_files_with_it(folder: VoiceFolder, make_voice: Maker) -> None:
    install(folder, make_voice())
    folder.remove("small")
    assert folder.installed() == {}
    assert not folder.model("small").exists()
    with pytest.raises(KeyError):
        folder.remove("small")


def test_a_killed_child_is_replaced(folder: VoiceFolder, engine: PiperEngine, make_voice: Maker) -> None:
    install(folder, make_voice())
    engine.synthesise(TEXT, VOICE)
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    children = {int(pid) for task in tasks for pid in task.read_text().split()}
    (child,) = [pid for pid in children if b"piper_child" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(child, signal.SIGKILL)
    assert engine.synthesise(TEXT, VOICE)


def test_no_model_and_no_runtime_is_loaded_into_the_process_that_asks() -> None:
    code = (
        "import sys; from tts.engines.assembly import engines; from pathlib import Path\n"
        "engines(['piper', 'kokoro'], voices_dir=Path(sys.argv[1]))\n"
        "assert 'onnxruntime' not in Path('/proc/self/maps').read_text()\n"
        "assert not {'onnxruntime', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, "voices"], check=True)


def test_a_child_that_always_dies_makes_the_engine_unavailable(
    folder: VoiceFolder, make_voice: Maker
) -> None:
    install(folder, make_voice())
    engine = PiperEngine(folder, children=1, command=(sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(EngineUnavailable, match="crashed"):
        engine.synthesise(TEXT, VOICE)
    engine.close()


def test_several_sentences_are_spoken_at_the_same_time(folder: VoiceFolder, make_voice: Maker) -> None:
    install(folder, make_voice())
    engine = PiperEngine(folder, children=2)
    with ThreadPoolExecutor(4) as pool:
        heard = list(pool.map(lambda words: engine.synthesise(words, VOICE), ["một hai", "ba bốn"] * 4))
    engine.close()
    assert len(set(heard)) == 2


def test_a_damaged_voice_is_replaced_by_the_next_engine_of_the_language(
    folder: VoiceFolder, make_voice: Maker, tmp_path: Path
) -> None:
    install(folder, make_voice())
    damage_model(folder)
    synthesiser = default_synthesiser(
        tmp_path / "speech", engines=("piper", "espeak"), voices_dir=folder.path, workers=1
    )
    clip = synthesiser.render(Script((Speech(normalise.read(TEXT), VOICE),)))
    synthesiser.close()
    assert (clip.engine, clip.fallback) == ("espeak", "piper:wrong_hash")
