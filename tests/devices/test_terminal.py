"""Both command lines refuse wrong usage in Vietnamese: no word of the library beneath is left in English."""

from __future__ import annotations

import ast
import inspect

import click
import pytest
from click.testing import CliRunner

from devices import terminal
from devices.speaker.cli import main as speaker
from web.cli import main as server

ENGLISH = ("Error", "Missing", "Invalid", "No such", "Usage", "Options", "Commands", "Try ", "Show this")


def test_every_sentence_of_the_library_has_its_vietnamese() -> None:
    asked = set()
    for module in terminal.SPEAKING:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "ngettext"}:
                texts = (each.value for each in node.args if isinstance(each, ast.Constant))
                asked.update(text for text in texts if isinstance(text, str))
    assert len(asked) > 40
    assert asked - set(terminal.WORDS) == set()


def said(command: click.Command, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert not any(word in result.output for word in ENGLISH), result.output
    return f"{result.exit_code} {result.output}"


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        (speaker, ["run", "--data", "x"], "Thiếu tùy chọn '--identity'."),
        (speaker, ["run", "--identity", "x", "--data", "y", "--sink", "loa"], "“loa” phải là một trong"),
        (speaker, ["run", "--identity", "x", "--data", "y", "--rate", "0"], "nằm ngoài khoảng"),
        (speaker, ["status", "--data"], "Tùy chọn --data cần một giá trị đi kèm."),
        (speaker, ["chay"], "Không có lệnh “chay”."),
        (speaker, ["doctor", "--identty", "x"], "Không có tùy chọn --identty. Có phải --identity?"),
        (server, ["phat"], "Không có lệnh “phat”."),
        (server, ["simulate", "--speakers", "nhiều"], "“nhiều” phải là một số."),
        (server, ["speakers"], "Cách dùng:"),
        (server, ["keys", "list", "thừa"], "Thừa đối số (thừa)"),
    ],
)
def test_wrong_usage_is_refused_in_vietnamese(
    command: click.Command, arguments: list[str], sentence: str
) -> None:
    told = said(command, *arguments)
    assert sentence in told
    assert told.startswith("2 ") or arguments == ["speakers"]


@pytest.mark.parametrize("command", [speaker, server])
def test_the_help_is_in_vietnamese(command: click.Command) -> None:
    told = said(command, "--help")
    assert "Cách dùng:" in told
    assert "Hiện hướng dẫn này rồi thoát." in told
    assert "Hiện phiên bản rồi thoát." in told
