"""Says in a sentence what others did to a person's schedule."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from broadcast.models import Notice, NoticeKind
from schedules.types import LOCAL
from web.filters import moment


def sentence(notice: Notice) -> str:
    values = {**notice.params, "title": notice.schedule.title}
    if "first" in values:
        values["first"] = moment(dt.datetime.fromisoformat(values["first"]).replace(tzinfo=LOCAL))
    match notice.kind:
        case NoticeKind.DISPLACED:
            words = _(
                "%(by)s (%(area)s) xếp “%(other)s” thay cho %(times)s lượt của “%(title)s”, từ %(first)s.",
                **values,
            )
        case NoticeKind.CUT:
            words = _(
                "%(by)s (%(area)s) xếp “%(other)s” phát trước: "
                "%(times)s lượt của “%(title)s” bị ngắt, từ %(first)s.",
                **values,
            )
        case _:
            words = _("%(by)s quyết định: ở %(area)s, “%(other)s” phát trước “%(title)s”.", **values)
    return str(words)
