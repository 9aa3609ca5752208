"""A few words read aloud at once, as they would sound in an area: one sentence an answer."""

from __future__ import annotations

from flask import Response, g, request

from broadcast import bulletins, lexicon, speech
from broadcast.errors import EmptyBulletin, NotFound
from tts.types import Preset, Voice
from web.edge import finish_reading, system


def answer(area_id: int, text: str, voice: Voice, preset: Preset) -> Response:
    """The sentence that the field ``sentence`` numbers from 0; X-Sentences says how many there are.

    Errors: EmptyBulletin, TextTooLong, NotFound, VoiceUnavailable, VoiceInvalid.
    """
    words = lexicon.for_area(g.session, area_id, voice.language)
    with speech.translated():
        read = bulletins.read_aloud(text, voice.language, words)
    sentences = [each.spoken for each in read.sentences if each.spoken]
    number = request.form.get("sentence", 0, type=int)
    if not sentences:
        raise EmptyBulletin()
    if not 0 <= number < len(sentences):
        raise NotFound(kind="sentence", id=number)
    finish_reading()
    with speech.translated():
        sound = system().synthesiser.sentence(sentences[number], voice, preset)
    return Response(sound, mimetype="audio/mpeg", headers={"X-Sentences": str(len(sentences))})
