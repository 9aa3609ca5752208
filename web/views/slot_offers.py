"""What a slot may hold, as its form offers and names it: sounds, places for bulletins, certain bulletins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flask import g
from flask_babel import gettext as _

from broadcast.authoring import bulletins, relays, sounds
from broadcast.authoring.repertoire import Repertoire
from broadcast.models import Bulletin, BulletinVersion, RelayStation, Sound
from broadcast.scheduling import choosing
from devices.messages import BulletinClass
from schedules.slots import FLOWING, Kind
from web.auth import current_person
from web.forms.slots import MINUTE, EntryRow, SlotForm
from web.forms.sounds import KINDS
from web.views import sitting_words
from web.views.airable import airable
from web.views.voicing import Group, languages


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that a slot holds; with a ``problem`` it cannot be played."""

    title: str
    kind: str
    length_ms: int = 0
    area: str = ""
    priority: bool = False
    problem: str = ""
    minute_bytes: int = 0  # what a minute of it costs each loudspeaker, of what is not fetched beforehand


@dataclass(frozen=True, slots=True)
class Offers:
    """What can be chosen, and how everything is named that can be or was: by ``tune:12``, ``bulletin:7``.

    ``known``: the bulletins of the form of which this person may be told anything.
    """

    known: frozenset[int]
    titles: dict[str, Named]
    entry_groups: list[Group]
    order_groups: list[Group]
    languages: list[Group]

    @property
    def lengths(self) -> dict[str, int]:
        return {what: named.length_ms for what, named in self.titles.items() if not named.problem}

    def costs(self, form: SlotForm) -> list[tuple[Named, int]]:
        """What is carried live in this form, and the minutes of it."""
        rows = ((self.titles[row.what], row.minutes) for row in form.kept_rows)
        return [(named, minutes) for named, minutes in rows if named.minute_bytes and minutes]


def offers(form: SlotForm) -> Offers:
    heard = sounds.offered(g.session, form.area_id)
    carried = relays.offered(g.session, form.area_id)
    usable = airable()
    titles = {_name(each): _named_sound(each) for each in heard}
    titles |= {f"{Kind.RELAY}:{each.id}": _named_station(each) for each in carried}
    titles |= {f"bulletin:{each.id}": _named_bulletin(each, each.current) for each in usable}
    titles |= _in_languages(form.languages, titles, usable)
    titles |= {what: _flow(what) for what in FLOWS}
    known = choosing.nameable(g.session, current_person(), form.area_id, _chosen(form))
    ordered = (EntryRow(0, Kind.BULLETIN, str(bulletin_id)) for bulletin_id in form.order)
    for row in (*form.rows, *ordered):
        if row.what not in titles:
            titles[row.what] = _lost(row, known)
    return Offers(
        known=frozenset(known),
        titles=titles,
        entry_groups=_entry_groups(titles, usable),
        order_groups=_order_groups(form, titles, usable),
        languages=[
            (heading, [option for option in options if option[0] not in form.languages])
            for heading, options in languages()
        ],
    )


FLOWS = (f"flow:{','.join(FLOWING)}", *(f"flow:{klass}" for klass in FLOWING))


def _entry_groups(titles: dict[str, Named], usable: Iterable[Bulletin]) -> list[Group]:
    """By what is played; what stands in the form but is lost cannot be chosen once more."""
    whole = [what for what, named in titles.items() if not named.problem]
    groups = [
        (_("Bản tin tự vào"), FLOWS),
        *(
            (sitting_words.kind(kind), [what for what in whole if what.startswith(f"{kind}:")])
            for kind in (*KINDS, Kind.RELAY)
        ),
        (_("Một bản tin cụ thể"), [f"bulletin:{each.id}" for each in usable]),
    ]
    return [(heading, [(what, titles[what].title) for what in names]) for heading, names in groups]


def _order_groups(form: SlotForm, titles: dict[str, Named], usable: Sequence[Bulletin]) -> list[Group]:
    free = [each for each in usable if each.id not in form.order]
    headed = [(_("Ưu tiên"), BulletinClass.PRIORITY), (_("Thông thường"), BulletinClass.ROUTINE)]
    return (
        [
            (
                heading,
                [(str(each.id), titles[f"bulletin:{each.id}"].title) for each in free if each.klass is klass],
            )
            for heading, klass in headed
        ]
        if free
        else []
    )


def _name(sound: Sound) -> str:
    return f"{sound.kind}:{sound.id}"


def _named_sound(sound: Sound) -> Named:
    return Named(sound.title, sitting_words.kind(sound.kind), sound.clip.duration_ms, sound.area.name)


def _named_station(station: RelayStation) -> Named:
    costs = station.bytes_in(MINUTE)
    return Named(station.title, sitting_words.kind(Kind.RELAY), area=station.area.name, minute_bytes=costs)


def _named_bulletin(bulletin: Bulletin, version: BulletinVersion) -> Named:
    clip = version.clip
    return Named(
        title=version.title,
        kind=sitting_words.kind(Kind.BULLETIN),
        length_ms=clip.duration_ms if clip else 0,
        area=bulletin.area.name,
        priority=bulletin.klass is BulletinClass.PRIORITY,
    )


def _in_languages(
    languages: Sequence[str], titles: Mapping[str, Named], usable: Iterable[Bulletin]
) -> dict[str, Named]:
    """The bulletins as long as they are in the languages of the slot."""
    if not languages:
        return {}
    pieces = Repertoire(g.session).of([each.id for each in usable])
    lengths = {f"bulletin:{each.bulletin_id}": each.length_ms(languages) for each in pieces}
    return {what: replace(titles[what], length_ms=length) for what, length in lengths.items()}


def _flow(what: str) -> Named:
    classes = what.partition(":")[2].split(",")
    return Named(sitting_words.flow(classes), _("Đầy tới đâu phát tới đó"))


def _lost(row: EntryRow, known: Mapping[int, Bulletin]) -> Named:
    """What stands in the form and is not among what can be chosen."""
    kind = sitting_words.kind(row.kind)
    if row.kind is Kind.BULLETIN:
        return _other_bulletin(kind, known.get(int(row.ref)))
    if row.kind is Kind.RELAY:
        return Named(kind, kind, problem=_("Đài này không còn dùng. Hãy bỏ mục này."))
    return Named(kind, kind, problem=_("Âm thanh này không còn dùng. Hãy bỏ mục này."))


def _other_bulletin(kind: str, bulletin: Bulletin | None) -> Named:
    """One from above or too old for the list can be played all the same."""
    if bulletin is None:
        return Named(kind, kind, problem=_("Không tìm thấy bản tin này. Hãy bỏ mục này."))
    version = bulletins.approved_version(g.session, bulletin)
    if version is not None and version.clip is not None:
        return _named_bulletin(bulletin, version)
    problem = _("Chưa duyệt hoặc chưa có âm thanh: bị bỏ qua khi phát.")
    return Named(bulletin.current.title, kind, area=bulletin.area.name, problem=problem)


def _chosen(form: SlotForm) -> set[int]:
    """The bulletins that stand in the form."""
    return {*form.order, *(int(row.ref) for row in form.rows if row.kind is Kind.BULLETIN)}
