"""A few words read aloud at once, as they would sound in an area: one sentence an answer."""

from __future__ import annotations

from flask import Response, g, request

from broadcast import bulletins, hearing, lexicon
from broadcast.errors import EmptyBulletin, NotFound
from broadcast.stations import Sound
from web.edge import finish_reading, system

VIETNAMESE = "vi"


def answer(area_id: int, text: str, sound: Sound, language: str = VIETNAMESE) -> Response:
    """The sentence that the field ``sentence`` numbers from 0; X-Sentences says how many are said.

    Errors: EmptyBulletin, TextTooLong, NotFound, VoiceUnavailable, VoiceInvalid.
    """
    words = lexicon.for_area(g.session, area_id, language)
    read = bulletins.read_aloud(text, language, words).sentences
    said = [index for index, sentence in enumerate(read) if sentence.spoken]
    number = request.form.get("sentence", 0, type=int)
    if not said:
        raise EmptyBulletin()
    if not 0 <= number < len(said):
        raise NotFound(kind="sentence", id=number)
    finish_reading()
    mp3 = hearing.sentence(
        system().synthesiser,
        text=text,
        index=said[number],
        language=language,
        engine=sound.engine,
        voice=sound.voice,
        speed=sound.speed,
        preset=sound.preset,
        lexicon=words,
    )
    return Response(mp3, mimetype="audio/mpeg", headers={"X-Sentences": str(len(said))})
