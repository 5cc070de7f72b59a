"""Files of weights as nobody should make them, by class; and whether one is right, told without our reader."""

from __future__ import annotations

import json
import unicodedata
from math import prod
from typing import TYPE_CHECKING, Any

from tests.builders.hostile import change

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

SIZES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
         "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1}  # fmt: skip
Header = dict[str, Any]
TRICKS = ("../w", "a/../b", "/etc/passwd", "..", "a\nb", "a\0b", "a\u202eb", "e\u0301", "\u1112\u1161\u11ab",
          "", "x" * 513, "\ud800", "a\u200bb", "\ue000", "\ufeff", "__metadata__")  # fmt: skip
ODD: tuple[Any, ...] = (-1, 2**63, 2**64, 10**30, 1.5, 1e999, True, None, "1", [], {}, [1], float("nan"))


def good(chance: Random) -> tuple[Header, int]:
    """A header with one to five small tensors, and how many bytes of data they have."""
    header: Header = {}
    at = 0
    if chance.random() < 0.3:
        header["__metadata__"] = {"format": "pt", "가": "나"}
    for number in range(chance.randint(1, 5)):
        dtype = chance.choice(list(SIZES))
        shape = [chance.randint(0, 4) for _ in range(chance.randint(0, 3))]
        size = prod(shape) * SIZES[dtype]
        header[chance.choice(("w", "model.layers.{}.q", "층.{}")).format(number) + str(number)] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [at, at + size],
        }
        at += size
    return header, at


def packed(text: bytes, data_bytes: int) -> bytes:
    """A file of this header."""
    return len(text).to_bytes(8, "little") + text + bytes(data_bytes)


def plain(header: Header) -> bytes:
    """The text of a header."""
    return json.dumps(header, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _tensor(header: Header, chance: Random) -> tuple[str, dict[str, Any]]:
    name = chance.choice([name for name in header if name != "__metadata__"])
    return name, header[name]


def _offsets(chance: Random, header: Header, size: int) -> bytes:
    _, tensor = _tensor(header, chance)
    tensor["data_offsets"] = [
        offset + chance.choice((-9, -4, -1, 1, 4, 1000, 2**62)) for offset in tensor["data_offsets"]
    ]
    return packed(plain(header), size)


def _overlap(chance: Random, header: Header, size: int) -> bytes:
    _, tensor = _tensor(header, chance)
    header["again"] = json.loads(json.dumps(tensor))
    return packed(plain(header), size)


def _shape(chance: Random, header: Header, size: int) -> bytes:
    _, tensor = _tensor(header, chance)
    tensor["shape"] = chance.choice(
        (
            [2**40, 2**40],
            [2**63],
            [1] * 17,
            [-1],
            [0, 2**70],
            [[1]],
            "4",
            None,
            {},
            [True],
            [1.0],
            [*tensor["shape"], 2],
        )
    )
    return packed(plain(header), size)


def _odd(chance: Random, header: Header, size: int) -> bytes:
    name, tensor = _tensor(header, chance)
    field = chance.choice(("dtype", "shape", "data_offsets", "extra", ""))
    if field:
        tensor[field] = chance.choice(ODD)
    else:
        header[name] = chance.choice(ODD)
    return packed(plain(header), size)


def _missing(chance: Random, header: Header, size: int) -> bytes:
    _, tensor = _tensor(header, chance)
    del tensor[chance.choice(list(tensor))]
    return packed(plain(header), size)


def _name(chance: Random, header: Header, size: int) -> bytes:
    name, tensor = _tensor(header, chance)
    del header[name]
    header[chance.choice(TRICKS)] = tensor
    return packed(plain(header), size)


def _twice(chance: Random, header: Header, size: int) -> bytes:
    name, tensor = _tensor(header, chance)
    again = f"{json.dumps(name, ensure_ascii=chance.random() < 0.5)}: {json.dumps(tensor)}".encode()
    return packed(b"{" + again + b"," + plain(header)[1:], size)


def _field_twice(_: Random, header: Header, size: int) -> bytes:
    return packed(plain(header).replace(b'"dtype"', b'"dtype": "U8", "dtype"', 1), size)


def _metadata(chance: Random, header: Header, size: int) -> bytes:
    header["__metadata__"] = chance.choice(({"a": 1}, [], "x", None, {"a": {"b": "c"}}, {"a": ["b"]}, {"": ""}))
    return packed(plain(header), size)


def _length(chance: Random, header: Header, size: int) -> bytes:
    text = plain(header)
    said = chance.choice((0, 1, len(text) - 1, len(text) + 1, len(text) + size, 2**24 + 1, 2**31, 2**63, 2**64 - 1))
    return said.to_bytes(8, "little") + text + bytes(size)


def _cut(chance: Random, header: Header, size: int) -> bytes:
    whole = packed(plain(header), size)
    return whole[: chance.randint(0, len(whole))]


def _tail(chance: Random, header: Header, size: int) -> bytes:
    return packed(plain(header), size) + bytes(chance.randint(1, 9))


def _begins(chance: Random, header: Header, size: int) -> bytes:
    return packed(chance.choice((b" ", b"\n", b"\xef\xbb\xbf", b"[", b"\0")) + plain(header), size)


def _ends(chance: Random, header: Header, size: int) -> bytes:
    return packed(plain(header) + chance.choice((b" ", b"   ", b"\n", b"\0", b"{}", b" x", b",")), size)


def _bytes(chance: Random, header: Header, size: int) -> bytes:
    return packed(change(plain(header), chance), size)


def _deep(chance: Random, header: Header, size: int) -> bytes:
    name, _ = _tensor(header, chance)
    depth = chance.choice((10, 1000, 20_000))
    text = plain(header | {name: 0}).replace(b": 0", b": " + chance.choice((b"[", b'{"a":')) * depth)
    return packed(text, size)


def _empty(chance: Random, _: Header, size: int) -> bytes:
    return packed(chance.choice((b"{}", b'{"__metadata__": {"a": "b"}}', b"{ }")), chance.choice((0, size)))


def _kept(_: Random, header: Header, size: int) -> bytes:
    return packed(plain(header), size)


CLASSES: dict[str, Callable[[Random, Header, int], bytes]] = {
    "as it should be": _kept,
    "offsets moved": _offsets,
    "tensors overlap": _overlap,
    "shape of other size": _shape,
    "value of another type": _odd,
    "field missing": _missing,
    "name with a trick": _name,
    "tensor named twice": _twice,
    "field named twice": _field_twice,
    "metadata of other form": _metadata,
    "length that lies": _length,
    "file cut off": _cut,
    "bytes behind the end": _tail,
    "another beginning": _begins,
    "another end": _ends,
    "bytes changed": _bytes,
    "nested deep": _deep,
    "no tensor": _empty,
}


def made(chance: Random) -> tuple[str, bytes]:
    """A file of one class, drawn; sometimes with bytes changed on top."""
    name = chance.choice(list(CLASSES))
    data = CLASSES[name](chance, *good(chance))
    return name, change(data, chance) if chance.random() < 0.15 else data


def is_right(data: bytes) -> bool:
    """Whether a file keeps every rule, by JSON read whole: greedy, and with none of our reader's code."""
    try:
        length = int.from_bytes(data[:8], "little")
        text = data[8 : 8 + length].decode("utf-8")
        whole = len(data) >= 8 and 2 <= length <= 2**24 and len(data) >= 8 + length and text[0] == "{"
        header = json.loads(text, object_pairs_hook=_once, parse_int=_whole, parse_float=_never, parse_constant=_never)
        metadata = header.pop("__metadata__", {})
        texts = isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())
        at = 0
        for _, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            assert tensor.keys() == {"dtype", "shape", "data_offsets"}
            numbers = [*tensor["shape"], *tensor["data_offsets"]]
            assert all(type(number) is int and 0 <= number < 2**63 for number in numbers)
            assert type(tensor["shape"]) is list
            assert type(tensor["data_offsets"]) is list
            begin, end = tensor["data_offsets"]
            assert begin == at
            assert end - begin == prod(tensor["shape"]) * SIZES[tensor["dtype"]]
            at = end
        return whole and texts and bool(header) and at == len(data) - 8 - length and all(map(_is_plain, header))
    except (AssertionError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return False


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def _whole(text: str) -> int:
    return int(text) if text != "-0" else int(_never(text))


def _never(text: str) -> Any:
    raise ValueError(text)


def _is_plain(name: str) -> bool:
    tricks = name.startswith("/") or ".." in name.split("/") or unicodedata.normalize("NFC", name) != name
    return 1 <= len(name) <= 512 and not tricks and all(unicodedata.category(letter)[0] != "C" for letter in name)
