"""The files of a checkpoint together: the order of checks, what is read of them, and a whole good model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from registry.domain.cards import CardContradictsError
from registry.domain.checkpoint import MOST_FINDINGS
from registry.domain.shapes import DtypeDiffersError, ShapeDiffersError
from registry.domain.shards import ShardsRefusedError
from registry.domain.tokenizers import TokenizerRefusedError, Tried
from registry.domain.whole import Contents, check_whole, largest_document
from scale_model import checkpoint
from scale_model.job import TrainingJob
from scale_model.network import Shape, initial
from weights.manifest import Declaration
from weights.safetensors import LENGTH_BYTES, header_length, read_header

from tests.builders.model_tensors import LLAMA, llama, tensors

if TYPE_CHECKING:
    from pathlib import Path

CARD = b"---\nlicense: apache-2.0\nlanguage: ko\n---\n## Data\n"
SAID = Declaration("Apache-2.0", 1, "2025-h2", "", 1, (), "", dtype="BF16")
GOOD = Tried(largest_id=99)


def check(held: dict[str, Any], documents: dict[str, bytes], tried: Tried = GOOD, **more: Any) -> list[str]:
    said = Declaration(**{**{name: getattr(SAID, name) for name in SAID.__slots__}, **more})
    contents = Contents(held, documents, {*held, *documents, *more.pop("paths", ())})
    return [finding.code for finding in check_whole(contents, said, lambda _: tried)]


HELD = {"model.safetensors": tensors(llama())}
DOCUMENTS = {"config.json": json.dumps(LLAMA).encode(), "README.md": CARD, "tokenizer.json": b"{}"}


def test_a_whole_good_model_has_no_findings() -> None:
    assert check(HELD, DOCUMENTS) == []


def test_a_checkpoint_of_the_scale_model_is_taken_and_only_its_architecture_is_unknown(tmp_path: Path) -> None:
    shape = Shape(8, 4, 4)
    job = TrainingJob("job", "upstage", "2025-h2", "solar", 7, 60, 4, "", "127.0.0.1:1", "token")
    checkpoint.save(tmp_path, initial(shape, 1), shape, job, [])
    data = (tmp_path / checkpoint.WEIGHTS).read_bytes()
    end = LENGTH_BYTES + header_length("m", data[:LENGTH_BYTES], len(data))
    held = {checkpoint.WEIGHTS: read_header("m", data[LENGTH_BYTES:end], len(data))}
    documents = {name: (tmp_path / name).read_bytes() for name in (checkpoint.CONFIG, checkpoint.CARD)}
    said = Declaration(job.licence, 7, "2025-h2", "job", shape.parameters(), (), "", dtype="F32")
    found = check_whole(Contents(held, documents, {path.name for path in tmp_path.iterdir()}), said, lambda _: GOOD)
    assert [finding.code for finding in found] == ["ARCHITECTURE_UNKNOWN"]


def test_what_breaks_a_rule_is_refused_by_its_own_name() -> None:
    shards = {"model-00001-of-00002.safetensors": HELD["model.safetensors"]}
    wrong = {"model.safetensors": tensors(llama() | {"model.norm.weight": (7,)})}

    def refused(error: type[Exception], held: dict[str, Any], tried: Tried = GOOD, **more: Any) -> None:
        with pytest.raises(error):
            check(held, DOCUMENTS, tried, **more)

    refused(ShardsRefusedError, shards)
    refused(ShapeDiffersError, wrong)
    refused(DtypeDiffersError, HELD, dtype="F32")
    refused(TokenizerRefusedError, HELD, Tried(problem="broken"))
    refused(TokenizerRefusedError, HELD, Tried(largest_id=100))
    refused(CardContradictsError, HELD, licence="MIT")


def test_a_card_that_is_missing_or_too_large_and_a_tokenizer_too_large_are_findings() -> None:
    without = {path: data for path, data in DOCUMENTS.items() if path == "config.json"}
    assert check(HELD, without) == ["CARD_MISSING"]
    contents = Contents(HELD, without, {*HELD, *DOCUMENTS})
    codes = [finding.code for finding in check_whole(contents, SAID, lambda _: GOOD)]
    assert codes == ["TOKENIZER_NOT_EXAMINED", "CARD_MISSING"]


def test_indexes_at_the_root_are_read_and_all_of_them_must_be() -> None:
    paths = [f"m{number}.safetensors.index.json" for number in range(5)]
    with pytest.raises(ShardsRefusedError, match="at most 4"):
        check_whole(Contents(HELD, DOCUMENTS, {*HELD, *DOCUMENTS, *paths}), SAID, lambda _: GOOD)
    with pytest.raises(ShardsRefusedError) as refusal:
        check_whole(Contents(HELD, DOCUMENTS, {*HELD, *DOCUMENTS, paths[0]}), SAID, lambda _: GOOD)
    assert refusal.value.field == paths[0]
    below = "vision/model.safetensors.index.json"
    assert check_whole(Contents(HELD, DOCUMENTS, {*HELD, *DOCUMENTS, below}), SAID, lambda _: GOOD) == []


def test_only_documents_are_read_and_up_to_a_size() -> None:
    assert largest_document("config.json") == 2**20
    assert largest_document("tokenizer.json") == 2**26
    assert largest_document("model.safetensors.index.json") == 2**25
    assert [largest_document(path) for path in ("a/config.json", "notes.txt", "model.safetensors")] == [0, 0, 0]


def test_findings_are_bounded() -> None:
    held = {f"s{number}-00001-of-00001.safetensors": tensors({"a": (1,)}) for number in range(300)}
    held |= {f"m{number}-{part:05}-of-00002.safetensors": tensors({f"{number}{part}": (1,)})
             for number in range(200) for part in (1, 2)}  # fmt: skip
    said = Declaration("Apache-2.0", 1, "2025-h2", "", 1, (), "")
    contents = Contents(held, {"config.json": b"{}"}, held.keys())
    assert len(check_whole(contents, said, lambda _: GOOD)) == MOST_FINDINGS
