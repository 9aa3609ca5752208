"""``say``: hear how a text will be read, without a server."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import click

from broadcast.authoring import speech
from tts.synthesis import default_synthesiser
from tts.types import AudioClip, Chime, Preset, Script, Speech, Voice

from .common import FILE, emit, json_option, load_settings, read_bytes

OPUS: Final = frozenset({".opus", ".ogg"})


@click.command()
@click.argument("text", required=False, metavar="[VĂN BẢN]")
@click.option("--file", "-f", type=FILE, metavar="TỆP", help='Tệp văn bản; "-" là đầu vào chuẩn.')
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Tệp MP3, hoặc Opus nếu tên kết thúc bằng .opus hay .ogg.",
)
@click.option(
    "--voice", default="auto", show_default=True, metavar="MÁY ĐỌC[/GIỌNG]", help="Ví dụ espeak/south."
)
@click.option("--language", default="vi", show_default=True, help="Ngôn ngữ của văn bản.")
@click.option("--speed", type=click.FloatRange(0.5, 2.0), default=1.0, show_default=True)
@click.option("--preset", type=click.Choice(list(Preset)), default=Preset.STANDARD, show_default=True)
@click.option("--chime", type=click.Choice(list(Chime)), default=Chime.ROUTINE, show_default=True)
@click.option("--repeats", type=click.IntRange(1, 5), default=1, show_default=True, help="Số lần đọc.")
@click.option("--opening", default="", help="Câu mở đầu.")
@json_option
def say(
    *,
    text: str | None,
    file: str | None,
    output: Path,
    voice: str,
    language: str,
    speed: float,
    preset: str,
    chime: str,
    repeats: int,
    opening: str,
) -> None:
    """Đọc văn bản thành tệp âm thanh như loa sẽ phát."""
    engine, _, name = voice.partition("/")
    wish = Voice(engine=engine, name=name or Voice().name, language=language, speed=speed)
    script = Script(
        (Speech(speech.read_aloud(written(text, file), language), wish),),
        opening=Speech(speech.read_aloud(opening, language), wish) if opening else None,
        chime=Chime(chime),
        preset=Preset(preset),
        repeats=repeats,
    )
    if output.suffix.lower() not in {".mp3", *OPUS}:
        raise click.UsageError(f"Tên tệp {output} phải kết thúc bằng .mp3, .opus hoặc .ogg.")
    clip = render(script)
    data = clip.opus if output.suffix.lower() in OPUS else clip.data
    write_whole(output, data)
    fallback = f", giọng dự phòng vì {clip.fallback}" if clip.fallback else ""
    line = f"{output}: {clip.duration:.1f} giây, {len(data) / 1000:.0f} kB, {clip.engine}{fallback}"
    emit({"output": str(output), "sha256": hashlib.sha256(data).hexdigest(), **described(clip)}, line)


def written(text: str | None, file: str | None) -> str:
    if (file is None) == (text is None):
        raise click.UsageError("Hãy cho một VĂN BẢN hoặc --file, không phải cả hai.")
    return speech.decode(read_bytes(file) if file is not None else (text or "").encode())


def render(script: Script) -> AudioClip:
    settings = load_settings()
    with speech.translated():
        synthesiser = default_synthesiser(
            settings.data_dir / "speech",
            engines=settings.engines,
            voices_dir=settings.voices_dir,
            google_host=settings.google_host or None,
            timeout_s=settings.google_timeout_s,
            workers=settings.workers,
        )
        try:
            return synthesiser.render(script)
        finally:
            synthesiser.close()


def described(clip: AudioClip) -> dict[str, object]:
    return {
        "seconds": round(clip.duration, 2),
        "sizes": {"mp3": len(clip.data), "opus": len(clip.opus)},
        "engine": clip.engine,
        "fallback": clip.fallback,
        "loudness": round(clip.loudness, 2),
        "true_peak": round(clip.true_peak, 2),
        "marks": [[mark.part, mark.sentence, mark.start, mark.end] for mark in clip.marks],
        "failures": [[each.part, each.sentence, each.engine, each.reason] for each in clip.failures],
    }


def write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all: a full disk must not leave half a file."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
