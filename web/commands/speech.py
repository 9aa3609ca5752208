"""``say``: hear how a text will be read, without a server."""

from __future__ import annotations

from pathlib import Path

import click

from broadcast import speech
from tts.synthesis import default_synthesiser
from tts.types import Chime, Script, Speech, SpokenText, Voice

from .common import FILE, emit, json_option, load_settings, read_bytes


def spoken_text(file: str | None, text: str | None) -> SpokenText:
    if (file is None) == (text is None):
        raise click.UsageError("Hãy cho một TỆP hoặc --text, không phải cả hai.")
    words = speech.decode(read_bytes(file)) if file is not None else speech.decode((text or "").encode())
    return speech.read_aloud(words)


@click.command()
@click.argument("file", type=FILE, required=False, metavar="[TỆP]")
@click.option("--text", help="Văn bản thay cho tệp.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Tệp MP3."
)
@click.option("--engine", default="auto", show_default=True, help="auto, google hoặc espeak.")
@click.option("--voice", default="north", show_default=True)
@click.option("--speed", type=click.FloatRange(0.5, 2.0), default=1.0, show_default=True)
@click.option(
    "--chime",
    type=click.Choice([each.value for each in Chime]),
    default=Chime.ROUTINE.value,
    show_default=True,
)
@json_option
def say(
    *, file: str | None, text: str | None, output: Path, engine: str, voice: str, speed: float, chime: str
) -> None:
    """Đọc văn bản thành tệp MP3 như loa sẽ phát."""
    settings = load_settings()
    body = Speech(spoken_text(file, text), Voice(engine=engine, name=voice, speed=speed))
    script = Script((body,), chime=Chime(chime))
    with speech.translated():
        synthesiser = default_synthesiser(
            settings.data_dir / "speech",
            engines=settings.engines,
            google_host=settings.google_host or None,
            timeout_s=settings.google_timeout_s,
            workers=settings.workers,
        )
        try:
            clip = synthesiser.render(script)
        finally:
            synthesiser.close()
    write_whole(output, clip.data)
    result = {
        "output": str(output),
        "sha256": clip.sha256,
        "seconds": round(clip.duration, 2),
        "engine": clip.engine,
        "fallback": clip.fallback,
        "loudness": round(clip.loudness, 1),
    }
    fallback = f", giọng dự phòng vì {clip.fallback}" if clip.fallback else ""
    emit(result, f"{output}: {clip.duration:.1f} giây, {clip.engine}{fallback}")


def write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all: a full disk must not leave half a file."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
