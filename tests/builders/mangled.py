"""Documents as nobody should write them: texts, bytes and JSON values changed at random, the same from each seed."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

TOKENS = (
    "&a ", "*a", "!!python/object:os.system ", "!x ", "---\n", "...\n", "%YAML 1.1\n", "{", "}", "[", "]", ": ", "- ",
    "? ", "| ", "> ", "\n", "\t", " ", "#", ",", '"', "'", "<<: ", "~", "null", "true", ".nan", "-.inf", "1e999",
    "9" * 40, "0.1", "-0", "0x10", "\\x00", '"\\ud800"', '"\\UFFFFFFFF"', '"\\u0000"', "\x00", "\ufeff", "\u2028", "가",
    "[" * 60, "{a: " * 60, "operator: eval\n", "a: &x [*x]\n", "999999999999999.999999999999",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**15, -(10**40), 0.5, float("nan"), float("inf"), "", "x", "0", "-1", "1e3", "nan",
    "9" * 15, "0.000000000001", "total", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59", [], {}, [[]], ["x"],
    {"x": 1}, [None] * 3, "\ud800", "a" * 1000, "2026-01-01T00:00:00Z", "1", "2", 2, 3, 100000,
)  # fmt: skip


def text_from(chance: Random, seeds: tuple[str, ...]) -> str:
    """One of the texts with some places cut, doubled, replaced or filled."""
    text = chance.choice(seeds)
    for _ in range(chance.randrange(1, 6)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randrange(12))
        match chance.randrange(5):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + text[start:]
            case 2:
                text = (
                    text[:start] + chr(chance.choice((0, 9, 32, 58, 127, 255, 0x3000, 0xD800, 0x10FFFF))) + text[end:]
                )
            case _:
                text = text[:start] + chance.choice(TOKENS) + text[end:]
    return text


def bytes_from(chance: Random, seeds: tuple[str, ...]) -> bytes:
    """Such a text in UTF-8, sometimes in UTF-16, sometimes with bytes that are neither."""
    encoding = "utf-16" if chance.randrange(20) == 0 else "utf-8"
    data = text_from(chance, seeds).encode(encoding, "surrogatepass")
    if chance.randrange(4) == 0:
        place = chance.randrange(len(data) + 1)
        data = data[:place] + bytes([chance.randrange(256)]) + data[place:]
    return data


def json_from(chance: Random, value: Any) -> bytes:
    """The JSON value with one to three of its nodes replaced, dropped, doubled or exchanged; mostly canonical."""
    changed = copy.deepcopy(value)
    for _ in range(chance.randrange(1, 4)):
        places = list(_places(changed))
        if not places:
            break
        holder, key = chance.choice(places)
        match chance.randrange(5):
            case 0:
                del holder[key]
            case 1:
                holder[key] = copy.deepcopy(_node(chance, places))
            case 2 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case _:
                holder[key] = copy.deepcopy(chance.choice(ODD))
    if chance.randrange(30) == 0:
        return json.dumps(changed).encode()
    text = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _node(chance: Random, places: list[tuple[Any, Any]]) -> Any:
    holder, key = chance.choice(places)
    return holder[key]


def _places(value: Any) -> Any:
    """Every place in a JSON value, as what holds it and its key there."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])
