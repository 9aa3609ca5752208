"""Google Translate's voice through gTTS; needs the internet."""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import requests
from gtts import gTTS, gTTSError

from tts import ffmpeg
from tts.audio import segment, to_wav
from tts.engines.base import Breaker
from tts.errors import EngineUnavailable, MasteringFailed, MissingVoice
from tts.types import Voice

HOST: Final = "https://translate.google.com"
_RATE: Final = 24_000
# Our languages and the service's own names of them. It has no Lao, Hmong or Tày.
_CODES: Final = {
    "vi": "vi", "en": "en", "zh": "zh-CN", "ko": "ko", "ja": "ja", "fr": "fr", "de": "de",
    "ru": "ru", "km": "km", "th": "th", "id": "id", "ms": "ms", "my": "my",
}  # fmt: skip
_VOICES: Final = {language: ("north",) if language == "vi" else ("standard",) for language in _CODES}
_AUDIO: Final = re.compile(r'jQ1olc","\[\\"(.*)\\"]')


class GoogleEngine:
    """``host`` may name another server that speaks the same protocol; times are in seconds."""

    name = "google"

    def __init__(
        self,
        host: str | None = None,
        timeout: float = 8.0,
        breaker: Breaker | None = None,
        *,
        second_try_after: float = 0.5,
    ) -> None:
        self.version = version("gtts")
        self._host = host or HOST
        self._timeout = timeout
        self._breaker = breaker or Breaker()
        self._second_try_after = second_try_after

    def voices(self) -> Mapping[str, tuple[str, ...]]:
        return _VOICES

    def synthesise(self, text: str, voice: Voice) -> bytes:
        code = _CODES.get(voice.language)
        if code is None or voice.name not in _VOICES[voice.language]:
            raise MissingVoice(self.name, voice.name, voice.language)
        self._breaker.check()
        try:
            mp3 = self._ask(text, code)
        except EngineUnavailable as failure:
            if not failure.permanent:
                self._breaker.opened(failure)
            raise
        self._breaker.closed()
        return self._decode(mp3, voice.speed)

    def close(self) -> None:
        """Every request has its own connection: there is nothing to close."""

    def _ask(self, text: str, language: str) -> bytes:
        """A server that stumbles is asked once more; a refusal or silence would only cost time again."""
        try:
            return self._fetch(text, language)
        except EngineUnavailable as failure:
            if failure.reason != "server_error":
                raise
        time.sleep(self._second_try_after)
        return self._fetch(text, language)

    def _fetch(self, text: str, language: str) -> bytes:
        client = _Client(text, lang=language, lang_check=False, timeout=self._timeout)
        client.host = self._host
        out = io.BytesIO()
        try:
            client.write_to_fp(out)
        except gTTSError as error:
            raise _unavailable(error) from error
        except requests.Timeout as error:
            raise EngineUnavailable("google", "timeout", detail=f"{self._timeout} s") from error
        except requests.RequestException as error:
            raise EngineUnavailable("google", "unreachable", detail=type(error).__name__) from error
        except (AssertionError, ValueError) as error:  # gTTS: nothing left to say; not base64, not UTF-8
            raise EngineUnavailable("google", "garbage", permanent=True, detail=str(error)) from error
        if not out.getvalue():
            raise EngineUnavailable("google", "no_audio", detail="an answer without sound")
        return out.getvalue()

    def _decode(self, mp3: bytes, speed: float) -> bytes:
        pace = ["-af", f"atempo={speed:.3f}"] if speed != 1.0 else []
        arguments = ["-v", "error", "-f", "mp3", "-i", "pipe:0", *pace, "-ac", "1", "-ar", str(_RATE)]
        try:
            pcm, _ = ffmpeg.run([*arguments, "-f", "s16le", "pipe:1"], mp3)
        except MasteringFailed as error:
            raise EngineUnavailable("google", "garbage", permanent=True, detail="not MP3") from error
        return to_wav(segment(pcm, _RATE))


class _Client(gTTS):  # type: ignore[misc]
    """gTTS with a free choice of host, and with TLS certificates checked.

    gTTS sends with ``verify=False``: anybody on the way could then put words on the air.
    """

    host = HOST

    def _prepare_requests(self) -> list[requests.PreparedRequest]:
        prepared: list[requests.PreparedRequest] = super()._prepare_requests()
        scheme, netloc, *_ = urlsplit(self.host)
        for request in prepared:
            _, _, path, query, fragment = urlsplit(str(request.url))
            request.url = urlunsplit((scheme, netloc, path, query, fragment))
        return prepared

    def stream(self) -> Iterator[bytes]:
        with requests.Session() as session:
            for request in self._prepare_requests():
                settings = session.merge_environment_settings(str(request.url), {}, False, None, None)
                yield from self._sound(session.send(request, timeout=self.timeout, **settings))

    def _sound(self, answer: requests.Response) -> Iterator[bytes]:
        if answer.status_code != requests.codes.ok:
            raise gTTSError(tts=self, response=answer)
        for line in answer.content.decode("utf-8").splitlines():
            if self.GOOGLE_TTS_RPC in line:
                found = _AUDIO.search(line)
                if not found:
                    raise gTTSError(tts=self, response=answer)
                yield base64.b64decode(found[1], validate=True)


def _unavailable(error: Any) -> EngineUnavailable:
    status = error.rsp.status_code
    if status == requests.codes.too_many_requests:
        return EngineUnavailable("google", "rate_limited", detail=str(status))
    if status >= requests.codes.internal_server_error:
        return EngineUnavailable("google", "server_error", detail=str(status))
    if status == requests.codes.ok:
        return EngineUnavailable("google", "no_audio", permanent=True, detail="an answer without sound")
    return EngineUnavailable("google", "refused", detail=str(status))
