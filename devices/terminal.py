"""The words of the command lines' own library in Vietnamese: usage errors, headings of the help, prompts."""

from __future__ import annotations

from typing import Final

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.termui
import click.types

SPEAKING: Final = (
    click.core,
    click.decorators,
    click.exceptions,
    click.formatting,
    click.parser,
    click.termui,
    click.types,
)
WORDS: Final = {
    "Usage:": "Cách dùng:",
    "Options": "Tùy chọn",
    "Commands": "Lệnh",
    "required": "bắt buộc",
    "default: {default}": "mặc định: {default}",
    "env var: {var}": "biến môi trường: {var}",
    "(dynamic)": "(tùy lúc)",
    "(Deprecated) {text}": "(Sắp bỏ) {text}",
    "DeprecationWarning: The command {name!r} is deprecated.": "Lệnh “{name}” sắp bỏ.",
    "Show this message and exit.": "Hiện hướng dẫn này rồi thoát.",
    "Show the version and exit.": "Hiện phiên bản rồi thoát.",
    "%(prog)s, version %(version)s": "%(prog)s, phiên bản %(version)s",
    "Try '{command} {option}' for help.": "Xem hướng dẫn: {command} {option}",
    "Error: {message}": "Lỗi: {message}",
    "Error: {e.message}": "Lỗi: {e.message}",
    "Error: invalid input": "Lỗi: nhập không đúng",
    "Error: The value you entered was invalid.": "Lỗi: giá trị vừa nhập không đúng.",
    "Error: The two entered values do not match.": "Lỗi: hai lần nhập không giống nhau.",
    "Repeat for confirmation": "Nhập lại lần nữa",
    "Press any key to continue...": "Bấm phím bất kỳ để tiếp tục…",
    "Aborted!": "Đã hủy.",
    "Missing command.": "Thiếu tên lệnh.",
    "Missing argument": "Thiếu đối số",
    "Missing option": "Thiếu tùy chọn",
    "Missing parameter": "Thiếu tham số",
    "Missing {param_type}": "Thiếu {param_type}",
    "Missing parameter: {param_name}": "Thiếu tham số: {param_name}",
    "No such command {name!r}.": "Không có lệnh “{name}”.",
    "No such option: {name}": "Không có tùy chọn {name}.",
    "Did you mean {possibility}?": "Có phải {possibility}?",
    "(Possible options: {possibilities})": "(Có thể là: {possibilities})",
    "Got unexpected extra argument ({args})": "Thừa đối số ({args})",
    "Got unexpected extra arguments ({args})": "Thừa các đối số ({args})",
    "Invalid value: {message}": "Giá trị không đúng: {message}",
    "Invalid value for {param_hint}: {message}": "Giá trị không đúng cho {param_hint}: {message}",
    "Value must be an iterable.": "Cần một dãy giá trị.",
    "Takes {nargs} values but 1 was given.": "Cần {nargs} giá trị mà chỉ có 1.",
    "Takes {nargs} values but {len} were given.": "Cần {nargs} giá trị mà có {len}.",
    "Option {name!r} does not take a value.": "Tùy chọn {name} không nhận giá trị.",
    "Option {name!r} requires an argument.": "Tùy chọn {name} cần một giá trị đi kèm.",
    "Option {name!r} requires {nargs} arguments.": "Tùy chọn {name} cần {nargs} giá trị đi kèm.",
    "Argument {name!r} takes {nargs} values.": "Đối số {name} cần {nargs} giá trị.",
    "Choose from:\n\t{choices}": "Hãy chọn một trong:\n\t{choices}",
    "{value!r} is not {choice}.": "“{value}” phải là {choice}.",
    "{value!r} is not one of {choices}.": "“{value}” phải là một trong {choices}.",
    "{value!r} does not match the format {format}.": "“{value}” phải có dạng {format}.",
    "{value!r} does not match the formats {formats}.": "“{value}” phải có một trong các dạng {formats}.",
    "{value!r} is not a valid {number_type}.": "“{value}” phải là một số.",
    "{value!r} is not a valid boolean.": "“{value}” phải là true hoặc false.",
    "{value!r} is not a valid UUID.": "“{value}” không phải là UUID.",
    "{value} is not in the range {range}.": "{value} nằm ngoài khoảng {range}.",
    "{len_type} values are required, but {len_value} was given.": "Cần {len_type} giá trị, có {len_value}.",
    "{len_type} values are required, but {len_value} were given.": "Cần {len_type} giá trị, có {len_value}.",
    "file": "tệp",
    "directory": "thư mục",
    "path": "đường dẫn",
    "{name} {filename!r} is a file.": "{filename} là tệp, không phải thư mục.",
    "{name} {filename!r} is a directory.": "{filename} là thư mục, không phải tệp.",
    "{name} {filename!r} is not readable.": "Không có quyền đọc {filename}.",
    "{name} {filename!r} is not writable.": "Không có quyền ghi {filename}.",
    "{name} {filename!r} is not executable.": "Không có quyền chạy {filename}.",
    "{name} {filename!r} does not exist.": "Không có {name} {filename}.",
    "Could not open file {filename!r}: {message}": "Không mở được tệp {filename}: {message}",
    "unknown error": "lỗi không rõ",
}


def speak_vietnamese() -> None:
    """Before the first command is declared: some words are looked up then.

    The library asks gettext, which would need compiled files and the language of the environment; a server
    that was set up with neither must say these things in Vietnamese too.
    """
    for module in SPEAKING:
        for name, spoken in (("_", _say), ("ngettext", _say_counted)):
            if hasattr(module, name):
                setattr(module, name, spoken)


def _say(text: str) -> str:
    return WORDS.get(text, text)


def _say_counted(one: str, many: str, count: int) -> str:
    return _say(one if count == 1 else many)
