"""One sentence heard at once, as its area says it."""

from __future__ import annotations

import pytest

from broadcast.authoring import hearing
from broadcast.errors import EmptyBulletin, NotFound, VoiceInvalid
from tts.engines.espeak import EspeakEngine
from tts.lexicon import Lexicon
from tts.synthesis import Synthesiser

WORDS = Lexicon.of([("Ea Súp", "ia xúp")])


@pytest.fixture
def synthesiser(tmp_path):
    made = Synthesiser([EspeakEngine(children=1)], tmp_path / "speech", workers=1)
    yield made
    made.close()


def test_a_sentence_is_heard_before_the_rest_is_made(synthesiser):
    text = "Câu một. Thôn Ea Súp."
    second = hearing.sentence(synthesiser, text=text, index=1, lexicon=WORDS)
    assert second[0] == 0xFF or second.startswith(b"ID3")  # an MP3
    assert second == hearing.sentence(synthesiser, text="Thôn ia xúp.", index=0)
    assert second != hearing.sentence(synthesiser, text=text, index=1)


def test_what_cannot_be_heard_is_named(synthesiser):
    for index in (-1, 1):
        with pytest.raises(NotFound):
            hearing.sentence(synthesiser, text="Câu một.", index=index)
    with pytest.raises((EmptyBulletin, NotFound)):
        hearing.sentence(synthesiser, text="—", index=0)
    with pytest.raises(VoiceInvalid):
        hearing.sentence(synthesiser, text="A.", index=0, language="xx")
    with pytest.raises(VoiceInvalid):
        hearing.sentence(synthesiser, text="A.", index=0, speed=9.0)
