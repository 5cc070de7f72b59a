"""Parts tile a file, whatever its size; the sum is done without a byte of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from registry.domain.checkpoint import RegistryFieldError
from registry.domain.listing import LARGEST_FILE_BYTES, FileKindRefusedError, PathRefusedError
from registry.domain.parts import LARGEST_PART_BYTES, Part, PartsIncompleteError, check_part, check_tiles
from weights.manifest import FileEntry

SHA = "ab" * 32
PART = Part("model.safetensors", 0, LARGEST_PART_BYTES, SHA)


def tiles(size: int, part: int = LARGEST_PART_BYTES) -> list[Part]:
    return [Part("model.safetensors", at, min(part, size - at), SHA) for at in range(0, size, part)]


def file(size: int) -> FileEntry:
    return FileEntry("model.safetensors", size, SHA)


@pytest.mark.parametrize(
    "size", [0, 1, LARGEST_PART_BYTES - 1, LARGEST_PART_BYTES, LARGEST_PART_BYTES + 1, 200 * 10**9, LARGEST_FILE_BYTES]
)
def test_parts_of_a_file_of_any_size_make_it_up(size: int) -> None:
    parts = tiles(size)
    for part in parts[:1] + parts[-1:]:
        check_part(part)
    check_tiles(file(size), parts)
    assert len(parts) <= 81_920


@pytest.mark.parametrize(
    ("spoil", "place", "rule"),
    [
        (lambda parts: parts[1:], 10, "gap"),
        (lambda parts: parts[:-1], 20, "must end with the file, at 25"),
        (lambda parts: [parts[0], *parts], 0, "overlaps"),
        (lambda parts: [parts[0], replace(parts[1], size_bytes=4), parts[2]], 20, "gap"),
        (lambda parts: [*parts, Part("model.safetensors", 25, 1, SHA)], 26, "must end with the file, at 25"),
        (lambda _: [], 0, "must end with the file, at 25"),
    ],
)
def test_parts_that_do_not_are_named_by_their_place(spoil: object, place: int, rule: str) -> None:
    with pytest.raises(PartsIncompleteError) as refusal:
        check_tiles(file(25), spoil(tiles(25, 10)))  # type: ignore[operator] # one of the above
    assert refusal.value.value == place
    assert rule in refusal.value.rule


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"size_bytes": 0}, RegistryFieldError),
        ({"size_bytes": LARGEST_PART_BYTES + 1}, RegistryFieldError),
        ({"offset_bytes": -1}, RegistryFieldError),
        ({"offset_bytes": LARGEST_FILE_BYTES - LARGEST_PART_BYTES + 1}, RegistryFieldError),
        ({"offset_bytes": 2**64 - 1}, RegistryFieldError),
        ({"sha256": "AB" * 32}, RegistryFieldError),
        ({"sha256": ""}, RegistryFieldError),
        ({"path": "../model.safetensors"}, PathRefusedError),
        ({"path": "model.pkl"}, FileKindRefusedError),
    ],
)
def test_a_part_that_breaks_a_rule_is_refused(wrong: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        check_part(replace(PART, **wrong))  # type: ignore[arg-type] # wrong on purpose


def test_the_last_part_of_the_largest_file_is_taken() -> None:
    check_part(replace(PART, offset_bytes=LARGEST_FILE_BYTES - LARGEST_PART_BYTES))
