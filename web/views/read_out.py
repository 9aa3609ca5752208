"""A few words read aloud at once, as they would sound in an area: one sentence an answer."""

from __future__ import annotations

from flask import Response, g, request

from broadcast.authoring import bulletins, hearing, lexicon
from broadcast.authoring.composition import VIETNAMESE
from broadcast.authoring.stations import Sound
from broadcast.errors import EmptyBulletin, NotFound
from tts.lexicon import Lexicon
from tts.types import Voice
from web.asked import integer
from web.edge import finish_reading, system


def sentence(text: str, index: int, voice: Voice, preset: str, words: Lexicon) -> Response:
    """Sentence ``index`` of a text as MP3; the transaction is over. Errors: those of ``hearing.sentence``."""
    finish_reading()
    mp3 = hearing.sentence(
        system().synthesiser,
        text=text,
        index=index,
        language=voice.language,
        engine=voice.engine,
        voice=voice.name,
        speed=voice.speed,
        preset=preset,
        lexicon=words,
    )
    return Response(mp3, mimetype="audio/mpeg", headers={"Cache-Control": "no-store"})


def answer(area_id: int, text: str, sound: Sound, language: str = VIETNAMESE) -> Response:
    """The sentence that the field ``sentence`` numbers from 0; X-Sentences says how many are said.

    Errors: EmptyBulletin, TextTooLong, NotFound, VoiceUnavailable, VoiceInvalid.
    """
    words = lexicon.for_area(g.session, area_id, language)
    read = bulletins.read_aloud(text, language, words).sentences
    said = [index for index, sentence in enumerate(read) if sentence.spoken]
    number = request.form.get("sentence", 0, type=integer)
    if not said:
        raise EmptyBulletin()
    if not 0 <= number < len(said):
        raise NotFound(kind="sentence", id=number)
    voice = Voice(sound.engine, sound.voice, language, sound.speed)
    found = sentence(text, said[number], voice, sound.preset, words)
    found.headers["X-Sentences"] = str(len(said))
    return found
