"""How fast and how right texts become words, against the best library found (sea-g2p), in the same run.

Prints one JSON object: characters per second on the golden lines joined and on a long text of them,
exact matches on the golden lines, and the time of noise at growing sizes. Both get the same lines in turn,
so that what else the machine does weighs on both: trust the ratios.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import string
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sea_g2p import Normalizer

from tts.normalise import plain, read

GOLDEN: Final = Path(__file__).parent.parent / "tests" / "tts" / "golden"
SIZES: Final = (10_000, 100_000, 1_000_000)
LONGEST_TEXT: Final = 15_000  # characters
SEED: Final = 20
VIETNAMESE: Final = "aàảãáạăằẳâấậbcdđeéẹêếểghiíklmnoóôốộơớợpqrstuúưứựvxyý"
# Spellings of one word, and words of one meaning, that no listener tells apart.
_VARIANTS: Final = (
    (r"\blẻ\b", "linh"), (r"\bngàn\b", "nghìn"), (r"\bbẩy\b", "bảy"), (r"\bmươi bốn\b", "mươi tư"),
    (r"qu([iìỉĩíị])\b", r"quy"), (r"\btỉ\b", "tỷ"), (r"\bkì\b", "kỳ"), (r"\bkí\b", "ký"), (r"\blí\b", "lý"),
)  # fmt: skip
_OLD_TONES: Final = {
    f"{first}{second}": f"{new}{rest}"
    for first, second, new, rest in (
        *zip("oooooo", "àáảãạa", "òóỏõọo", "aaaaaa", strict=True),
        *zip("oooooo", "èéẻẽẹe", "òóỏõọo", "eeeeee", strict=True),
        *zip("uuuuuu", "ỳýỷỹỵy", "ùúủũụu", "yyyyyy", strict=True),
    )
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="normalise", description=__doc__)
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="a folder of written<TAB>spoken files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args(arguments)
    print(
        json.dumps(
            measure(options.golden, options.rounds, tuple(options.sizes)), ensure_ascii=False, indent=2
        )
    )


def measure(golden: Path = GOLDEN, rounds: int = 3, sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """The whole measurement; takes about a minute, most of it noise."""
    began = time.monotonic()
    lines = golden_lines(golden)
    library = Normalizer()
    readers: Mapping[str, Callable[[str], str]] = {
        "ours": lambda text: plain(read(text)),
        "sea_g2p": lambda text: words(library.normalize(text)),
    }
    for reader in readers.values():
        reader("Khởi động 1 lần.")
    written = [line for line, _ in lines]
    long_text = written * (1 + 200_000 // sum(map(len, written)))
    return {
        "benchmark": "normalise",
        "lines": len(lines),
        "exact": {name: exact(reader, lines) for name, reader in readers.items()},
        "characters_per_second": {
            "lines": speed(readers, written, rounds),
            "joined": speed(readers, joined(written), rounds),
            "long_text": speed(readers, joined(long_text), rounds),
        },
        "noise_seconds": noise(sizes),
        "seconds": round(time.monotonic() - began, 1),
    }


def golden_lines(folder: Path) -> list[tuple[str, str]]:
    rows = [row.split("\t") for path in sorted(folder.glob("*.tsv")) for row in path.read_text().splitlines()]
    return [(row[0].replace("\\n", "\n"), row[1]) for row in rows if len(row) > 1]


def joined(lines: Sequence[str]) -> list[str]:
    """Texts of many lines, none longer than the library bears: on some of 34,000 characters it panics."""
    texts = [""]
    for line in lines:
        if len(texts[-1]) + len(line) > LONGEST_TEXT:
            texts.append("")
        texts[-1] += f"{line}\n"
    return texts


def exact(reader: Callable[[str], str], lines: Sequence[tuple[str, str]]) -> dict[str, float]:
    """As they stand, and with spellings that sound alike folded together."""
    said = [reader(written) for written, _ in lines]
    same = sum(one == other for one, (_, other) in zip(said, lines, strict=True))
    alike = sum(fold(one) == fold(other) for one, (_, other) in zip(said, lines, strict=True))
    return {"as_written": round(same / len(lines), 4), "folded": round(alike / len(lines), 4)}


def words(text: str) -> str:
    """The library marks its English words with tags; only what is said counts."""
    return " ".join(re.findall(r"[^\W\d_]+", re.sub(r"</?\w+>", " ", text.lower())))


def fold(said: str) -> str:
    for variant, usual in _VARIANTS:
        said = re.sub(variant, usual, said)
    return " ".join(_folded(word) for word in said.split())


def _folded(word: str) -> str:
    """hoà and hòa, uỷ and ủy are two ways to write one syllable."""
    head, tail = word[:-2], word[-2:]
    return word if head.endswith("q") else head + _OLD_TONES.get(tail, tail)


def speed(readers: Mapping[str, Callable[[str], str]], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """The best of some rounds, the readers in turn."""
    best = dict.fromkeys(readers, float("inf"))
    for _ in range(rounds):
        for name, reader in readers.items():
            started = time.process_time()
            for text in texts:
                reader(text)
            best[name] = min(best[name], time.process_time() - started)
    size = sum(map(len, texts))
    rates = {name: round(size / taken) for name, taken in best.items()}
    return {**rates, "ratio": round(rates["ours"] / rates["sea_g2p"], 2)}


def noise(sizes: Sequence[int]) -> dict[str, dict[str, float]]:
    """Seconds for each kind at each size, and how the last step grew against the size (1.0 is linear)."""
    found = {}
    for kind, make in NOISE.items():
        taken = {}
        for size in sizes:
            text = make(random.Random(SEED), size)
            started = time.process_time()
            plain(read(text))
            taken[str(size)] = round(time.process_time() - started, 3)
        first, last = taken[str(sizes[-2])], taken[str(sizes[-1])]
        found[kind] = {**taken, "growth": round(last / first / (sizes[-1] / sizes[-2]), 2)}
    return found


def scattered(characters: str) -> Callable[[random.Random, int], str]:
    return lambda chance, size: "".join(chance.choices(characters, k=size))


def repeated(piece: str) -> Callable[[random.Random, int], str]:
    return lambda _, size: (piece * (size // len(piece) + 1))[:size]


NOISE: Final[Mapping[str, Callable[[random.Random, int], str]]] = {
    "printable": scattered(string.printable),
    "letters": scattered(string.ascii_letters + "   "),
    "letters without space": scattered(string.ascii_letters),
    "capitals": scattered(string.ascii_uppercase + "  "),
    "vietnamese letters": scattered(VIETNAMESE + "      "),
    "digits": scattered(string.digits + " "),
    "digits and signs": scattered(string.digits + ".,/-: "),
    "signs": scattered(string.punctuation),
    "any character": scattered("".join(map(chr, range(32, 0x3000)))),
    "pictures": scattered("".join(map(chr, range(0x1F300, 0x1F650)))),
    "1": repeated("1 "),
    "1/": repeated("1/"),
    "1-": repeated("1-"),
    "A/": repeated("A/"),
    "a.": repeated("a."),
    "(": repeated("( "),
    "lines": repeated("a\n"),
}


if __name__ == "__main__":
    main()
