"""The folder of installed Piper voices: two files a voice, and a manifest that pins their hashes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tts.engines import piper_config
from tts.engines.piper_config import PiperConfig
from tts.errors import VoiceDamaged

MANIFEST: Final = "voices.json"
NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,59}")


@dataclass(frozen=True, slots=True)
class Pinned:
    """What was installed; a file that is another now is refused."""

    model_sha256: str
    config_sha256: str
    size: int  # bytes of the model
    language: str
    sample_rate: int
    speaker: int | None = None  # None: the model has one
    licence: str = ""  # what the operator was told by the publisher


class VoiceFolder:
    """Nothing is kept in memory but the manifest, so that a voice installed just now is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: tuple[tuple[int, int], dict[str, Pinned]] = ((0, 0), {})

    def model(self, name: str) -> Path:
        return self.path / f"{name}.onnx"

    def config_file(self, name: str) -> Path:
        return self.path / f"{name}.onnx.json"

    def installed(self) -> dict[str, Pinned]:
        """By name, in the order of installing. Raises VoiceDamaged with ``bad_manifest``."""
        file = self.path / MANIFEST
        try:
            state = file.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self._known[0]:
                self._known = (stamp, _read(file.read_bytes()))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise VoiceDamaged("piper", MANIFEST, "bad_manifest", detail=str(error)) from error
        return dict(self._known[1])

    def config(self, name: str, pinned: Pinned) -> PiperConfig:
        """Raises VoiceDamaged: ``no_config``, ``wrong_hash``, ``bad_config``, ``no_speaker``."""
        try:
            data = self.config_file(name).read_bytes()
        except OSError as error:
            raise VoiceDamaged("piper", name, "no_config", detail=str(error)) from error
        if hashlib.sha256(data).hexdigest() != pinned.config_sha256:
            raise VoiceDamaged("piper", name, "wrong_hash", detail=self.config_file(name).name)
        config = piper_config.parse(name, data)
        if pinned.speaker is not None and not 0 <= pinned.speaker < config.speakers:
            raise VoiceDamaged("piper", name, "no_speaker", detail=str(pinned.speaker))
        return config

    def install(
        self,
        name: str,
        model: Path,
        config: Path,
        *,
        speaker: str = "",
        licence: str = "",
        accept: Callable[[VoiceFolder], None],
    ) -> Pinned:
        """Copy a voice in; it takes its place only when ``accept`` has heard it from a folder of its own.

        Raises VoiceDamaged, OSError, and what ``accept`` raises.
        """
        with self._alone(), self._trial(name) as trial:
            pinned = trial.take(name, model, config, speaker, licence)
            accept(trial)
            known = {**self.installed(), name: pinned}
            trial.model(name).replace(self.model(name))
            trial.config_file(name).replace(self.config_file(name))
            self._write(known)
        return pinned

    def remove(self, name: str) -> None:
        """Raises KeyError. The manifest goes first: a voice without files must not be named in it."""
        with self._alone():
            known = self.installed()
            del known[name]
            self._write(known)
            self.model(name).unlink(missing_ok=True)
            self.config_file(name).unlink(missing_ok=True)

    def take(self, name: str, model: Path, config: Path, speaker: str, licence: str) -> Pinned:
        """Copy and pin the two files, unheard."""
        if not model.is_file():
            raise VoiceDamaged("piper", name, "no_file", detail=str(model))
        if not config.is_file():
            raise VoiceDamaged("piper", name, "no_config", detail=str(config))
        shutil.copyfile(model, self.model(name))
        shutil.copyfile(config, self.config_file(name))
        data = self.config_file(name).read_bytes()
        read = piper_config.parse(name, data)
        try:
            number = read.speaker(speaker or "0")
        except LookupError as error:
            raise VoiceDamaged("piper", name, "no_speaker", detail=speaker) from error
        pinned = Pinned(
            model_sha256=file_hash(self.model(name)),
            config_sha256=hashlib.sha256(data).hexdigest(),
            size=self.model(name).stat().st_size,
            language=read.language,
            sample_rate=read.sample_rate,
            speaker=number if read.speakers > 1 else None,
            licence=licence,
        )
        self._write({name: pinned})
        return pinned

    @contextlib.contextmanager
    def _trial(self, name: str) -> Iterator[VoiceFolder]:
        """On the same disk, so that taking its place is a rename."""
        path = self.path / f".{name}.trial"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        try:
            yield VoiceFolder(path)
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, known: dict[str, Pinned]) -> None:
        partial = self.path / f".{MANIFEST}.partial"
        partial.write_text(json.dumps({name: asdict(each) for name, each in known.items()}, indent=2))
        partial.replace(self.path / MANIFEST)


def file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(data: bytes) -> dict[str, Pinned]:
    voices = {name: Pinned(**fields) for name, fields in json.loads(data).items()}
    wrong = [name for name in voices if not NAME.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} cannot be the name of a voice")
    return voices
