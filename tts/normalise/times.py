"""Times of the day, ranges of them, and lengths of time in hours, minutes and seconds."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.neighbours import behind, in_front, words
from tts.normalise.rule import Reading, Rule, after, before, digits_then, first_words, rule, signs
from tts.types import TokenKind

_SCALE: Final = in_front("scale")
_CLOCK_WORDS: Final = in_front("clock")
_AT_WORDS: Final = in_front("at")
_DAY_PARTS: Final = behind("day_part")
_WEIGHED: Final = re.compile(rf"\s?(?:/|{words('weighed')}(?!\w))")
_LATER: Final = re.compile(r"(?:đến|tới)\s(?:\d{1,2}[gh](?P<minute>[0-5]\d)?|\d{1,2}:(?=\d))(?!\w)")
_UP_TO: Final = re.compile(r"\dg\s(?:đến|tới)$")  # 5g đến 10g
_FROM: Final = re.compile(r"(?<!\w)(?:từ|lúc|khoảng|sáng|trưa|chiều|tối|đêm)[\s:]{1,2}\d{1,2}g\s(?:đến|tới)$")
_AFTER_CLOCK: Final = re.compile(r"(?<!\w)\d{1,2}g[0-5]\d(?:,|\s(?:và|hoặc|hay))\s?$")  # 6g45 và 13g
_LAST_HOUR: Final = 24
_LAST_DAY: Final = 31
_LAST_MONTH: Final = 12


def _clock(hour: str, minute: str | None, second: str | None = None) -> str:
    said = f"{numbers.cardinal(int(hour))} giờ"
    if minute and int(minute):
        said += f" {numbers.cardinal(int(minute))} phút"
    if second and int(second):
        said += f" {numbers.cardinal(int(second))} giây"
    return said


def _half(match: re.Match[str]) -> str:
    return _part(match["half"], match["hour"])


def _part(sign: str | None, written: str) -> str:
    """a.m. and p.m. as people say the part of the day."""
    if not sign:
        return ""
    hour = int(written)
    if sign[0] in "aA":
        return " sáng"
    if hour == 12:
        return " trưa"
    return " chiều" if hour <= 6 else " tối"


def _time(match: re.Match[str]) -> str | None:
    if int(match["hour"]) > _LAST_HOUR or _SCALE.search(before(match)):
        return None
    return _exact_hour(match)


def _exact_hour(match: re.Match[str]) -> str:
    return _clock(match["hour"], match["minute"], match["second"]) + _half(match)


def _hour(match: re.Match[str]) -> str:
    return _clock(match["hour"], match["minute"]) + _half(match)


def _of_day(match: re.Match[str]) -> str | None:
    """13h/7/10, as stations on rivers write the hour and its day."""
    hour, day, month = (int(match[name]) for name in ("hour", "day", "month"))
    if hour > _LAST_HOUR or not 1 <= day <= _LAST_DAY or not 1 <= month <= _LAST_MONTH:
        return None
    named = "tư" if month == 4 else numbers.cardinal(month)
    said = f"{_clock(match['hour'], match['minute'])} ngày {numbers.cardinal(day)} tháng {named}"
    return f"{said} năm {numbers.year(match['year'])}" if match["year"] else said


def _in_words(match: re.Match[str]) -> str | None:
    """7 giờ 30, 7 giờ 00 phút; but 7 giờ 5 người leaves the 5 alone. Nobody counts with a 0 in front."""
    minute, sign = match["minute"], match["sign"]
    counts = after(match)[:1].isalpha() and not _DAY_PARTS.match(after(match)) and minute[0] != "0"
    if not sign and (len(minute) < 2 or counts):
        return None
    if int(match["hour"]) > _LAST_HOUR:
        return None
    said = _clock(match["hour"], minute)
    return said if sign or minute[0] == "0" else said.removesuffix(" phút")


def _time_range(match: re.Match[str]) -> str | None:
    hours = [match[name] for name in ("hour1", "hour2")]
    minutes = [match[name] for name in ("minute1", "minute2")]
    if any(int(hour) > _LAST_HOUR for hour in hours):
        return None
    if "g" in match[0].lower() and not any(minutes) and not _CLOCK_WORDS.search(before(match)):
        return None  # 8g-11g is rather a weight
    first, second = (_clock(hour, minute) for hour, minute in zip(hours, minutes, strict=True))
    halves = _part(match["half1"], hours[0]), _part(match["half"], hours[1])
    return f"{first}{halves[0]} đến {second}{halves[1]}"


def _open_range(match: re.Match[str]) -> str | None:
    """9-11h30: the first hour has no sign of its own."""
    hours = int(match["hour1"]), int(match["hour2"])
    if hours[0] >= hours[1] or hours[1] > _LAST_HOUR:
        return None
    return f"{numbers.cardinal(hours[0])} đến {_clock(match['hour2'], match['minute2'])}"


def _bare_g(match: re.Match[str]) -> str | None:
    """lúc 14g, từ 8g đến 16g30; elsewhere g is a weight."""
    front, following = before(match), after(match)
    if _UP_TO.search(front):
        told = bool(_FROM.search(front)) and not _WEIGHED.match(following)
    elif _AT_WORDS.search(front) or _AFTER_CLOCK.search(front) or _DAY_PARTS.match(following):
        told = True
    else:
        told = _clock_follows(match, following)
    return _clock(match["hour"], None) if told and int(match["hour"]) <= _LAST_HOUR else None


def _clock_follows(match: re.Match[str], following: str) -> bool:
    """đến 16g30 behind it; đến 11g where từ stands in front and nothing is weighed."""
    later = _LATER.match(following)
    if not later:
        return False
    if later["minute"]:
        return True
    return bool(_CLOCK_WORDS.search(before(match))) and not _WEIGHED.match(following, later.end())


def _lasting(match: re.Match[str]) -> str | None:
    """05'30", 15', 30 - 45'; a second quote mark closes a quotation instead."""
    if len(_QUOTES.findall(match.string, max(0, match.start() - 300), match.start())) % 2:
        return None
    said = [f"{numbers.quantity(match['least'])} đến"] if match["least"] else []
    said.append(f"{numbers.quantity(match['minutes'])} phút")
    if match["seconds"]:
        said.append(f"{numbers.quantity(match['seconds'])} giây")
    return " ".join(said)


def _stopped(match: re.Match[str]) -> str | None:
    """1h15p30s, 3p20s, 5m12s, as a stop watch shows it; 1m65 is a height."""
    if "m" in match[0] and match[0][-1] != "s":
        return None
    parts = (match["hours"], "giờ"), (match["minutes"], "phút"), (match["seconds"], "giây")
    return " ".join(f"{numbers.cardinal(int(count))} {unit}" for count, unit in parts if count and int(count))


def _seconds(match: re.Match[str]) -> str:
    return f"{numbers.quantity(match['seconds'])} giây {numbers.quantity(match['rest'])}"


_QUOTES: Final = re.compile(r"(?<!\d)'")  # behind a figure they are minutes
_EDGE: Final = r"(?<![\w/.,:])(?<!\d-)"
_AT: Final = r"\s?(?:[hH]|[gG](?![^\W\d])|:)\s?"
_MINUTES: Final = r"(?:\s?(?:phút|ph?\b|['’′]))?"
_HALF: Final = r"(?:\s?(?P<half>[aApP]\.?[mM]\b\.?))?"
_HALF1: Final = _HALF.replace("half", "half1")
_TO: Final = rf"\s?(?:{numbers.DASH}|→)\s?"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"\( (?:GMT|UTC)\s?[+]?\s?0?7(?:[:]?00)? \)",
        lambda _: Reading(""),
        kind=TokenKind.TIME,
        starts=signs("("),
    ),
    rule(
        r"(?:(?<=\d\ )|(?<=\dh\ )|(?<=giờ\ )|(?<=phút\ )) (?:GMT|UTC)\s?[+]\s?0?7 (?![\w:])",
        lambda _: Reading(""),
        kind=TokenKind.TIME,
        starts=first_words("GMT", "UTC"),
    ),
    rule(
        r"(?<![\w/.,]) 24\s?[hH]\s?/\s?(?:24\s?[hH]?|(?P<days>7)) (?![\w/])",
        lambda match: f"hai mươi tư trên {'bảy' if match['days'] else 'hai mươi tư giờ'}",
        kind=TokenKind.TIME,
        starts=digits_then("a", 2, 2),
    ),
    rule(
        r"""(?<![\w/.,:-]) (?:(?P<hours>\d{1,2})[hHgG])? (?P<minutes>[0-5]?\d)(?:ph?|m)
            (?P<seconds>[0-5]?\d)s? (?![\w/]|[.,]\d)""",
        _stopped,
        kind=TokenKind.TIME,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        rf"""{_EDGE} (?P<hour1>\d{{1,2}}){_AT}(?P<minute1>[0-5]\d|\d(?=p))?{_MINUTES}{_HALF1} {_TO}
            (?P<hour2>\d{{1,2}}){_AT}(?P<minute2>[0-5]\d|\d(?=p))?{_MINUTES}{_HALF} (?![\w/])""",
        _time_range,
        kind=TokenKind.TIME,
        starts=digits_then("a:", 1, 2),
    ),
    rule(
        rf"""{_EDGE} (?P<hour1>\d{{1,2}})(?P<minute1>) {_TO}
            (?P<hour2>\d{{1,2}})[hH:](?P<minute2>[0-5]\d){_MINUTES} (?![\w/:])""",
        _open_range,
        kind=TokenKind.TIME,
        starts=digits_then("-→", 1, 2),
    ),
    rule(
        r"(?<![\w/.,:-]) (?P<hour>\d{1,2})g (?P<minute>) (?P<half>) (?![\w/])",
        _bare_g,
        kind=TokenKind.TIME,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        rf"""{_EDGE} (?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?
            {_HALF} (?![\w/:]|[.,]\d)""",
        _time,
        kind=TokenKind.TIME,
        starts=digits_then(":", 1, 2),
    ),
    rule(
        rf"""{_EDGE} (?P<hour>\d{{1,3}}) \s?[hHgG]\s? (?P<minute>[0-5]\d|(?<=\d[hg])\d)
            (?:\s?['’′]\s?(?P<second>[0-5]?\d)\s?(?:["”″]|''|’’)|{_MINUTES}) {_HALF} (?!\w|/\d|[.,]\d)""",
        _exact_hour,
        kind=TokenKind.TIME,
        starts=digits_then("a", 1, 3),
    ),
    rule(
        r"""(?<![\w/.,:-]) (?P<hour>\d{1,2}) \s?[hH] (?P<minute>[0-5]\d)? \s?/\s? (?P<day>\d{1,2})
            /(?P<month>\d{1,2}) (?:/(?P<year>20\d\d))? (?![\w/]|[.,]\d)""",
        _of_day,
        kind=TokenKind.TIME,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        r"""(?<![\w/.,:])(?<!\d[-–]) (?P<hour>\d{1,2}) \s?giờ\s? (?P<minute>[0-5]?\d)
            (?:(?P<sign>\s?(?:phút|ph?\b|['’′]))|(?!\s?-)) (?!\w|[.,/]\d)""",
        _in_words,
        kind=TokenKind.TIME,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        r"(?<![\w/.,:-]) (?P<hour>\d{1,3}) \s?[hH] (?P<minute>) (?P<half>) (?![\w/])",
        _hour,
        kind=TokenKind.TIME,
        starts=digits_then("a", 1, 3),
    ),
    rule(
        r"(?<![\w/.,:-]) (?P<hour>1[0-2]|[1-9]) (?P<minute>) \s? (?P<half>[aApP]\.?[mM])\b\.? (?!\w)",
        _hour,
        kind=TokenKind.TIME,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        rf"""(?<![\w.,/°]) (?:(?P<least>\d{{1,3}})\s?{numbers.DASH}\s?)? (?P<minutes>\d{{1,3}}) \s? ['’′]
            (?:\s?(?P<seconds>\d{{1,2}})\s?(?:["”″]|'')|(?=[\s,.;:)!?]|$))""",
        _lasting,
        kind=TokenKind.TIME,
        starts=digits_then("'’′-", 1, 3),
    ),
    rule(
        r"""(?<![\w.,/]) (?P<seconds>\d{1,2})["”″](?P<rest>\d{1,2}) (?!\w)""",
        _seconds,
        kind=TokenKind.TIME,
        starts=digits_then('"”″', 1, 2),
    ),
)
