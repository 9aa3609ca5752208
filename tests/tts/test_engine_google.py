"""The gTTS client against a server that can be told to misbehave."""

from __future__ import annotations

from typing import Any

import pytest

from tts import audio
from tts.engines.base import Breaker
from tts.engines.google import _CODES, GoogleEngine
from tts.errors import EngineUnavailable, MissingVoice
from tts.types import Voice

TEXT = "Mời bà con đến họp tại nhà văn hóa thôn."


@pytest.fixture
def engine(google_server: Any) -> GoogleEngine:
    return GoogleEngine(google_server.url, timeout=20)


def test_speech_comes_back_as_vietnamese_wav(engine: GoogleEngine, google_server: Any) -> None:
    sound = audio.from_wav(engine.synthesise(TEXT, Voice()))
    audio.check(sound, TEXT)
    assert sound.frame_rate == 24_000
    assert google_server.languages == ["vi"]
    assert google_server.asked == [TEXT]


def test_a_long_sentence_goes_in_parts_that_google_accepts(engine: GoogleEngine, google_server: Any) -> None:
    sound = audio.from_wav(engine.synthesise(f"{TEXT} {TEXT} {TEXT} {TEXT}", Voice()))
    assert all(len(part) <= 100 for part in google_server.asked)
    assert len(google_server.asked) > 1
    assert sound.duration_seconds > 8


def test_a_slower_voice_takes_longer(engine: GoogleEngine) -> None:
    usual = audio.from_wav(engine.synthesise(TEXT, Voice())).duration_seconds
    slow = audio.from_wav(engine.synthesise(TEXT, Voice(speed=0.8))).duration_seconds
    assert slow == pytest.approx(usual / 0.8, rel=0.05)


@pytest.mark.parametrize(
    ("answer", "reason", "permanent"),
    [
        ("429", "rate_limited", False),
        ("500", "server_error", False),
        ("503", "server_error", False),
        ("403", "refused", False),
        ("empty", "no_audio", False),
        ("portal", "no_audio", False),
        ("no_audio", "no_audio", True),
        ("not_base64", "garbage", True),
        ("garbage", "garbage", True),
    ],
)
def test_every_failure_is_typed(
    engine: GoogleEngine, google_server: Any, answer: str, reason: str, permanent: bool
) -> None:
    google_server.answer = answer
    with pytest.raises(EngineUnavailable) as refused:
        engine.synthesise(TEXT, Voice())
    assert (refused.value.reason, refused.value.permanent) == (reason, permanent)


def test_an_answer_that_does_not_come_is_a_timeout(google_server: Any) -> None:
    google_server.answer = "hangs"
    with pytest.raises(EngineUnavailable, match="timeout"):
        GoogleEngine(google_server.url, timeout=0.3).synthesise(TEXT, Voice())


def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(EngineUnavailable, match="unreachable"):
        GoogleEngine("http://127.0.0.1:9", timeout=0.5).synthesise(TEXT, Voice())


def test_an_unknown_certificate_is_refused(google_server: Any) -> None:
    with pytest.raises(EngineUnavailable, match="unreachable"):
        GoogleEngine(google_server.url.replace("http:", "https:"), timeout=0.5).synthesise(TEXT, Voice())


def test_the_clients_requests_keep_certificate_checks_on(
    monkeypatch: pytest.MonkeyPatch, google_server: Any
) -> None:
    import requests

    sent: list[object] = []
    plain_send = requests.Session.send

    def send(
        session: requests.Session, request: requests.PreparedRequest, **settings: Any
    ) -> requests.Response:
        sent.append(settings["verify"])
        return plain_send(session, request, **settings)

    monkeypatch.setattr(requests.Session, "send", send)
    GoogleEngine(google_server.url).synthesise(TEXT, Voice())
    assert sent
    assert all(sent)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_hiccup_of_the_server_is_overcome(google_server: Any, status: int) -> None:
    google_server.hiccups = [status]
    engine = GoogleEngine(google_server.url, second_try_after=0.01)
    audio.check(audio.from_wav(engine.synthesise(TEXT, Voice())), TEXT)
    assert google_server.asked == [TEXT, TEXT]


@pytest.mark.parametrize("answer", ["429", "403", "portal", "no_audio"])
def test_what_is_no_hiccup_is_not_asked_for_twice(google_server: Any, answer: str) -> None:
    google_server.answer = answer
    with pytest.raises(EngineUnavailable):
        GoogleEngine(google_server.url, second_try_after=0.01).synthesise(TEXT, Voice())
    assert google_server.asked == [TEXT]


def test_after_a_failure_google_is_left_alone_for_a_while_and_then_tried_again(google_server: Any) -> None:
    now = 0.0
    engine = GoogleEngine(google_server.url, breaker=Breaker(60, clock=lambda: now), second_try_after=0.01)
    google_server.answer = "503"
    for _ in range(5):
        with pytest.raises(EngineUnavailable, match="server_error"):
            engine.synthesise(TEXT, Voice())
    assert len(google_server.asked) == 2  # the first sentence, tried twice
    now = 61.0
    google_server.answer = "ok"
    assert engine.synthesise(TEXT, Voice())
    assert engine.synthesise(TEXT, Voice())


@pytest.mark.parametrize("answer", ["garbage", "no_audio"])
def test_a_text_that_google_cannot_say_does_not_close_google_for_others(
    google_server: Any, answer: str
) -> None:
    engine = GoogleEngine(google_server.url)
    google_server.answer = answer
    with pytest.raises(EngineUnavailable):
        engine.synthesise(TEXT, Voice())
    google_server.answer = "ok"
    assert engine.synthesise(TEXT, Voice())


@pytest.mark.parametrize(("language", "code"), [("vi", "vi"), ("zh", "zh-CN"), ("km", "km"), ("en", "en")])
def test_google_is_asked_by_its_own_names_of_languages(
    engine: GoogleEngine, google_server: Any, language: str, code: str
) -> None:
    name = engine.voices()[language][0]
    engine.synthesise("1 2 3 4 5", Voice(engine="google", name=name, language=language))
    assert google_server.languages == [code]


@pytest.mark.parametrize(("language", "name"), [("lo", "standard"), ("vi", "south"), ("zh-CN", "standard")])
def test_a_language_or_accent_that_google_lacks_is_not_asked_for(
    engine: GoogleEngine, google_server: Any, language: str, name: str
) -> None:
    with pytest.raises(MissingVoice):
        engine.synthesise("1 2 3", Voice(engine="google", name=name, language=language))
    assert google_server.asked == []


def test_every_language_is_one_that_the_library_knows(engine: GoogleEngine) -> None:
    from gtts.lang import tts_langs

    assert {_CODES[language] for language in engine.voices()} <= set(tts_langs())
