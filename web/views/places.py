"""The areas a person may choose from, as the tree they are."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from broadcast.errors import NotFound
from broadcast.models import Area, Person, Role
from broadcast.units import areas, permissions
from broadcast.units.areas import Node
from web.asked import integer
from web.auth import current_person
from web.filters import place

MOST_OPTIONS = 400
INDENT = "\u2003"  # an em space: the only way to indent inside a select


@dataclass(frozen=True, slots=True)
class Choice:
    """An area in a list; ``depth`` counts from the person's own areas."""

    area: Area
    depth: int

    @property
    def option(self) -> tuple[int, str]:
        return self.area.id, INDENT * self.depth + place(self.area)


def choices(person: Person, role: Role) -> list[Choice]:
    """The areas where ``person`` holds ``role``, each followed by what is below it."""
    roots = areas.tree(g.session, permissions.visible_areas(g.session, person, role))
    return [choice for root in roots for choice in _walk(root, 0)]


def options(person: Person, role: Role) -> list[tuple[int, str]]:
    return [choice.option for choice in choices(person, role)]


def upper_options(person: Person, role: Role, chosen_id: int | None = None) -> list[tuple[int, str]]:
    """As many of the levels, from above, as a list can hold that people look through; and the chosen one."""
    found = choices(person, role)
    depth = max((choice.depth for choice in found), default=0)
    while depth and sum(choice.depth <= depth for choice in found) > MOST_OPTIONS:
        depth -= 1
    return [choice.option for choice in found if choice.depth <= depth or choice.area.id == chosen_id]


def chosen(found: list[Choice], wanted: int | None) -> Area | None:
    """The wanted area if it is among those found, else the first of them."""
    return next((each.area for each in found if each.area.id == wanted), found[0].area if found else None)


def to_page() -> Response:
    """On to the page of the area that is asked for, else of the first one. Errors: NotFound."""
    area = chosen(choices(current_person(), Role.VIEWER), request.args.get("area_id", type=integer))
    if area is None:
        raise NotFound(kind="area", id=0)
    return redirect(url_for(".show", area_id=area.id))


def _walk(node: Node, depth: int) -> list[Choice]:
    below = [choice for child in node.children for choice in _walk(child, depth + 1)]
    return [Choice(node.area, depth), *below]
