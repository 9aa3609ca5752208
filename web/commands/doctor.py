"""``doctor``: looks at everything the server needs and says what to mend, by findings with stable ids."""

from __future__ import annotations

import click

from broadcast import diagnosis
from broadcast.diagnosis import Level

from .common import emit, json_option, load_settings

SIGNS = {Level.OK: "✓", Level.WARNING: "!", Level.ERROR: "✗"}


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context) -> None:
    """Kiểm tra mọi thứ máy chủ cần; mã thoát 1 khi có điều phải sửa."""
    findings = diagnosis.examine(load_settings())
    rows = [
        {"id": each.id, "level": each.level.value, "text": each.text, "hint": each.hint} for each in findings
    ]
    lines = []
    for each in findings:
        lines.append(f"{SIGNS[each.level]} {each.id}: {each.text}")
        if each.hint:
            lines.append(f"    → {each.hint}")
    emit(rows, lines)
    if any(each.level is Level.ERROR for each in findings):
        context.exit(1)
