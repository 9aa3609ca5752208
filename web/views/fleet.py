"""The list of loudspeakers and the map of them: what a request asks for, and what its page shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import astuple
from typing import Any

from flask import g, render_template, request, url_for

from broadcast.models import Role
from broadcast.orders import targeting
from broadcast.speakers import faults, fleet, fleet_map
from broadcast.speakers.conditions import Status
from broadcast.speakers.fleet_map import Box, Spot
from broadcast.units import permissions
from devices.messages import Action
from web.auth import current_person, has_role
from web.edge import now, system
from web.forms import fleet as forms
from web.forms.fleet import BULK_ACTIONS, FleetQuery
from web.views import fleet_words, places, speaker_map, words

EDGE = 0.00002  # degrees: two metres
SIGNS = tuple(each for each in Status if each is not Status.RETIRED)


def heartbeat() -> dt.timedelta:
    return dt.timedelta(seconds=system().settings.heartbeat_s)


def asked() -> FleetQuery:
    """The filters in the address of this request."""
    return forms.read_fleet(request.values, _visible_areas())


def page() -> str:
    wanted = asked()
    person = current_person()
    makers, firmwares = fleet.choices(g.session, person)
    shared = {
        "wanted": wanted,
        "counts": _counts(wanted),
        "signs": SIGNS,
        "areas": places.upper_options(person, Role.VIEWER, wanted.area),
        "makers": makers,
        "firmwares": firmwares,
        "open_faults": faults.count_open(g.session, person),
        "may_add": has_role(Role.ADMIN),
        "address": address,
        "words": words,
        "fleet_words": fleet_words,
    }
    return _map(wanted, shared) if wanted.view == "map" else _list(wanted, shared)


def address(wanted: FleetQuery, **changes: Any) -> str:
    """The page with other filters."""
    return url_for("loudspeakers.index", **wanted.args(**changes))


def _list(wanted: FleetQuery, shared: dict[str, Any]) -> str:
    return render_template(
        "loudspeakers/index.html",
        found=fleet.search(
            g.session,
            current_person(),
            **_narrowed(wanted),
            status=wanted.filter.status,
            playing=wanted.playing,
            sort=wanted.sort,
            page=wanted.page,
            now=now(),
            heartbeat=heartbeat(),
        ),
        actions=[each for each in BULK_ACTIONS if has_role(_role(each))],
        pager_address=lambda number: address(wanted, page=number),
        **shared,
    )


def _map(wanted: FleetQuery, shared: dict[str, Any]) -> str:
    seen = fleet_map.overview(
        g.session,
        current_person(),
        wanted.filter,
        box=wanted.place,
        now=now(),
        heartbeat=heartbeat(),
    )

    def closer(spot: Spot) -> str:
        """What hangs there, larger; the same spot again would not come apart any more: then as a list."""
        box = ",".join(f"{side:.5f}" for side in astuple(_grown(spot.box)))
        return address(wanted, box=box) if box != wanted.box else address(wanted, view="list", box="")

    return render_template(
        "loudspeakers/map.html", drawing=speaker_map.draw(seen), seen=seen, closer=closer, **shared
    )


def _grown(box: Box) -> Box:
    """With room for what lies on its edge."""
    return Box(box.south - EDGE, box.west - EDGE, box.north + EDGE, box.east + EDGE)


def _counts(wanted: FleetQuery) -> dict[Status, int]:
    return fleet.counts(g.session, current_person(), **_narrowed(wanted), now=now(), heartbeat=heartbeat())


def _narrowed(wanted: FleetQuery) -> dict[str, Any]:
    chosen = wanted.filter
    return {
        "query": chosen.query,
        "area_id": chosen.area_id,
        "maker": chosen.maker,
        "firmware": chosen.firmware,
    }


def _role(action: Action) -> Role:
    return targeting.ROLES.get(action, Role.EDITOR)


def _visible_areas() -> set[int]:
    return permissions.visible_areas(g.session, current_person())
