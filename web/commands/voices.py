"""``voices``: which voices there are, and installing, removing and hearing those of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from broadcast.authoring import speech
from broadcast.errors import NotFound, VoiceRefused
from broadcast.settings import Settings
from tts import normalise, trial
from tts.engines import assembly
from tts.engines.base import Engine
from tts.engines.piper import PiperEngine
from tts.engines.piper_folder import NAME, VoiceFolder, file_hash
from tts.errors import BadAudio, EngineUnavailable, VoiceDamaged
from tts.synthesis import Synthesiser
from tts.types import Chime, Script, Speech, Voice
from tts.voices import VoiceInfo, VoiceState, catalogue, language_label

from .common import emit, json_option, load_settings, table
from .speech import write_whole

LOCAL: Final = ("espeak", "piper", "kokoro")
# Why a voice cannot be used; what has no line here is said by its stable word.
REASONS: Final = {
    "no_file": "không có tệp .onnx",
    "no_config": "thiếu tệp cấu hình .onnx.json đi kèm",
    "bad_config": "tệp cấu hình không đúng dạng của Piper",
    "wrong_hash": "tệp không đúng mã băm đã ghi",
    "not_a_model": "tệp .onnx không phải mô hình giọng đọc hoặc đã hỏng",
    "wrong_inputs": "mô hình không phải loại Piper",
    "no_speaker": "giọng không có người đọc này",
    "bad_manifest": "danh sách giọng voices.json đã hỏng",
    "not_installed": "máy chưa có thư viện cần thiết; hãy cài phần bổ sung [piper] hoặc [neural]",
    "crashed": "chương trình đọc bị dừng giữa chừng",
    "garbage": "mô hình không tạo được âm thanh",
    "bad_audio": "âm thanh tạo ra bị câm, cụt hoặc méo",
    "bad_name": "tên chỉ gồm chữ không dấu, chữ số, dấu chấm và gạch nối, tối đa 60 ký tự",
    "unreachable": "không kết nối được mạng",
    "timeout": "quá lâu không trả lời",
}
STATES: Final = {VoiceState.READY: "dùng được"}


@click.group("voices")
def group() -> None:
    """Giọng đọc."""


@group.command("list")
@json_option
def list_() -> None:
    """Liệt kê giọng đọc có trên máy này."""
    settings = load_settings()
    found = catalogue(available(settings), settings.voices_dir, thorough=True)
    rows = [_row(each, each.engine in settings.engines) for each in found]
    people: list[dict[str, object]] = [
        {
            "giọng": f"{each.engine}/{each.name}",
            "tiếng": language_label(each.language),
            "tên": each.label_vi,
            "trạng thái": STATES.get(each.state, REASONS.get(each.state.value, each.state.value)),
            "dùng": "có" if each.engine in settings.engines else "không",
        }
        for each in found
    ]
    emit(rows, table(people, "Chưa có giọng nào."))


@group.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="TỆP.onnx")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Mặc định: TỆP.onnx.json.")
@click.option("--name", help="Tên giọng; mặc định là tên tệp.")
@click.option("--sha256", help="Mã băm mà nơi phát hành công bố; khác là từ chối.")
@click.option("--speaker", default="", help="Số hoặc tên người đọc, nếu giọng có nhiều người.")
@click.option("--licence", default="", help="Giấy phép của giọng, để ghi lại.")
@json_option
def install(
    *, file: Path, config: Path | None, name: str | None, sha256: str | None, speaker: str, licence: str
) -> None:
    """Cài một giọng Piper; chỉ nhận khi giọng đọc được một câu."""
    settings = load_settings()
    wanted = name or re.sub(r"[^0-9A-Za-z._-]+", "-", file.name.removesuffix(".onnx"))
    if not NAME.fullmatch(wanted):
        raise VoiceRefused(name=wanted, cause="bad_name", why=REASONS["bad_name"])
    folder, heard = VoiceFolder(settings.voices_dir), list[trial.Trial]()
    with refused(wanted):
        if sha256 and file.is_file() and file_hash(file) != sha256.strip().lower():
            raise VoiceDamaged("piper", wanted, "wrong_hash")
        pinned = folder.install(
            wanted,
            file,
            config or file.with_name(f"{file.name}.json"),
            speaker=speaker,
            licence=licence,
            accept=lambda staged: heard.append(_hear_installed(staged, wanted)),
        )
    kind = f"{language_label(pinned.language)}, {pinned.sample_rate} Hz"
    lines = [
        f"Đã cài giọng {wanted} ({kind}): {_pace(heard[0])}",
        f"  sha256 {pinned.model_sha256}",
    ]
    if "piper" not in settings.engines:
        order = ",".join(("piper", *settings.engines))
        lines.append(f"  Để dùng giọng này, đặt TRUYEN_THANH_ENGINES={order} rồi khởi động lại.")
    emit(
        {"name": wanted, "language": pinned.language, "sha256": pinned.model_sha256, **_measured(heard[0])},
        lines,
    )


@group.command()
@click.argument("name", metavar="TÊN")
@json_option
def remove(name: str) -> None:
    """Gỡ một giọng đã cài."""
    with refused(name):
        try:
            VoiceFolder(load_settings().voices_dir).remove(name)
        except KeyError as error:
            raise NotFound(kind="voice", id=name) from error
    emit({"name": name, "removed": True}, f"Đã gỡ giọng {name}.")


@group.command()
@click.argument("voice", required=False, metavar="[GIỌNG]")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Ghi câu đọc thử ra MP3."
)
@json_option
def test(voice: str | None, output: Path | None) -> None:
    """Đọc thử một giọng (viết như trong `voices list`), hoặc mọi giọng ngoại tuyến."""
    settings = load_settings()
    if output is not None and voice is None:
        raise click.UsageError("Hãy nói rõ GIỌNG nào khi ghi ra tệp.")
    known = catalogue(available(settings), settings.voices_dir)
    chosen = [each for each in known if _is_meant(each, voice)]
    if not chosen:
        raise NotFound(kind="voice", id=voice)
    rows = [_tested(settings, each) for each in chosen]
    if output is not None:
        _write_sample(settings, chosen[0], output)
    lines = [
        f"{row['voice']}: " + (f"không được, {row['why']}" if row["why"] else str(row["text"]))
        for row in rows
    ]
    emit([{key: value for key, value in row.items() if key != "text"} for row in rows], lines)
    if any(row["why"] for row in rows):
        click.get_current_context().exit(1)


def available(settings: Settings) -> dict[str, dict[str, tuple[str, ...]]]:
    """The voices of every engine whose libraries are installed, used or not."""
    found = {}
    for name in dict.fromkeys((*settings.engines, "google", "espeak", "kokoro")):
        if name == "piper":
            continue  # the catalogue reads its folder itself
        try:
            with _engine(settings, name) as engine:
                found[name] = dict(engine.voices())
        except EngineUnavailable:
            continue
    return found


@contextmanager
def refused(name: str) -> Iterator[None]:
    """What speech says of a voice, as a refusal in one sentence."""
    try:
        yield
    except EngineUnavailable as error:
        why = REASONS.get(error.reason, error.reason)
        raise VoiceRefused(name=name, cause=error.reason, why=why) from error
    except BadAudio as error:
        raise VoiceRefused(name=name, cause=error.code, why=REASONS["bad_audio"]) from error


@contextmanager
def _engine(settings: Settings, name: str) -> Iterator[Engine]:
    (made,) = assembly.engines(
        [name],
        voices_dir=settings.voices_dir,
        google_host=settings.google_host or None,
        timeout_s=settings.google_timeout_s,
        workers=1,
    )
    try:
        yield made
    finally:
        made.close()


def _hear_installed(staged: VoiceFolder, name: str) -> trial.Trial:
    engine = PiperEngine(staged, children=1)
    try:
        return trial.hear(engine, _voice("piper", name, staged.installed()[name].language))
    finally:
        engine.close()


def _tested(settings: Settings, info: VoiceInfo) -> dict[str, object]:
    row: dict[str, object] = {"voice": f"{info.engine}/{info.name}", "language": info.language, "why": ""}
    try:
        with refused(info.name), _engine(settings, info.engine) as engine:
            heard = trial.hear(engine, _voice(info.engine, info.name, info.language))
    except VoiceRefused as error:
        return {**row, "why": error.params["why"], "cause": error.params["cause"]}
    return {**row, **_measured(heard), "text": _pace(heard)}


def _write_sample(settings: Settings, info: VoiceInfo, output: Path) -> None:
    voice = _voice(info.engine, info.name, info.language)
    spoken = normalise.read(trial.sentence(info.language), language=info.language)
    with speech.translated(), _engine(settings, info.engine) as engine:
        synthesiser = Synthesiser([engine], settings.data_dir / "speech", workers=1)
        try:
            clip = synthesiser.render(Script((Speech(spoken, voice),), chime=Chime.NONE))
        finally:
            synthesiser.close()
    write_whole(output, clip.data)


def _is_meant(info: VoiceInfo, voice: str | None) -> bool:
    if voice is None:
        return info.engine in LOCAL and (info.language == "vi" or info.engine == "piper")
    return voice in (info.name, f"{info.engine}/{info.name}", f"{info.engine}/{info.name}/{info.language}")


def _voice(engine: str, name: str, language: str) -> Voice:
    return Voice(engine=engine, name=name, language=language)


def _pace(heard: trial.Trial) -> str:
    return f"{heard.pace:.1f} giây tiếng nói mỗi giây làm việc, nạp giọng {heard.loading:.1f} giây"


def _measured(heard: trial.Trial) -> dict[str, float]:
    return {"seconds_per_second": round(heard.pace, 2), "loading_s": round(heard.loading, 2)}


def _row(info: VoiceInfo, used: bool) -> dict[str, object]:
    return {
        "engine": info.engine,
        "name": info.name,
        "language": info.language,
        "label": info.label_vi,
        "label_en": info.label_en,
        "experimental": info.experimental,
        "licence": info.licence,
        "sample_rate": info.sample_rate,
        "size": info.size,
        "sha256": info.sha256,
        "state": info.state.value,
        "used": used,
    }
