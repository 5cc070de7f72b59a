"""Pushes of what a checkpoint may not hold: each refused by its own name, and the service goes on as if nothing was."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb
from registry.handlers import verifying
from registry.store import inspector
from safetensors.numpy import save
from weights.safetensors import MOST_HEADER_BYTES

from tests.builders.model_tensors import LLAMA, llama
from tests.builders.registry_service import TEAM, RawUpload, cut, declaration, listed
from tests.builders.small_tokenizer import as_json, byte_level

if TYPE_CHECKING:
    from common.grpc import Client

    from tests.builders.registry_service import RunningRegistry


@pytest.fixture(autouse=True)
def _several_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small as they are, these are read as large checkpoints are: what one reader refuses ends the other."""
    monkeypatch.setattr(verifying, "_WORTH_SEVERAL_BYTES", 0)


CARD = b"---\nlicense: apache-2.0\nlanguage: [ko, en]\n---\n# Solar\n\n## Data\n\nKorean.\n"
INDEX = "model.safetensors.index.json"
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def good(**changes: bytes) -> dict[str, bytes]:
    """A small whole model as the common tools write it: in two shards, with a tokenizer and a card."""
    config = LLAMA | {"vocab_size": 256, "torch_dtype": "float32"}
    chance = np.random.default_rng(3)
    tensors = {name: chance.normal(size=shape).astype(np.float32) for name, shape in llama(config).items()}
    names = sorted(tensors)
    shards = {FIRST: names[: len(names) // 2], SECOND: names[len(names) // 2 :]}
    index = {
        "metadata": {"total_size": sum(tensor.nbytes for tensor in tensors.values())},
        "weight_map": {name: shard for shard, held in shards.items() for name in held},
    }
    files = {shard: save({name: tensors[name] for name in held}) for shard, held in shards.items()}
    files |= {
        "config.json": json.dumps(config).encode(),
        INDEX: json.dumps(index).encode(),
        "tokenizer.json": as_json(byte_level()),
        "tokenizer_config.json": b"{}",
        "README.md": CARD,
        "LICENSE": b"Apache License, Version 2.0\n",
    }
    return files | changes


def elements(config: dict[str, Any] = LLAMA) -> int:
    return sum(int(np.prod(shape)) for shape in llama(config | {"vocab_size": 256}).values())


def said(**changes: Any) -> pb.Declaration:
    usual: dict[str, Any] = {"parameters": elements(), "dtype": "F32"}
    return declaration(**(usual | changes))


def config(**changes: Any) -> bytes:
    return json.dumps(LLAMA | {"vocab_size": 256} | changes).encode()


def index_with(**changes: Any) -> bytes:
    document = json.loads(good()[INDEX])
    document["weight_map"] |= changes
    return json.dumps(document).encode()


HOSTILE: dict[str, tuple[dict[str, bytes], dict[str, Any], str, str]] = {
    "pickle in JSON": ({"tokenizer_config.json": pickle.dumps({"a": 1})}, {}, "CHECKPOINT_CONTENT_REFUSED", "token"),
    "zip in a text": ({"README.md": b"PK\x03\x04" + bytes(40)}, {}, "CHECKPOINT_CONTENT_REFUSED", "README.md"),
    "script": ({"LICENSE": b"#!/bin/sh\n"}, {}, "CHECKPOINT_CONTENT_REFUSED", "LICENSE"),
    "torch file as weights": ({FIRST: b"PK\x03\x04" + bytes(100)}, {}, "SAFETENSORS_REFUSED", FIRST),
    "header of huge size": ({FIRST: (2**63).to_bytes(8, "little") + b"{}"}, {}, "SAFETENSORS_REFUSED", FIRST),
    "no index": ({INDEX: b'{"weight_map": 1}'}, {}, "SHARD_INDEX_REFUSED", INDEX),
    "shard named elsewhere": ({INDEX: index_with(**{"model.norm.weight": FIRST})}, {}, "SHARDS_REFUSED", INDEX),
    "shard out of the folder": ({INDEX: index_with(x="../../etc/passwd")}, {}, "SHARDS_REFUSED", INDEX),
    "other width": ({"config.json": config(hidden_size=64)}, {}, "SHAPE_DIFFERS", FIRST),
    "other type": ({}, {"dtype": "BF16"}, "DTYPE_DIFFERS", "declaration.dtype"),
    "other number of parameters": ({}, {"parameters": 7}, "PARAMETERS_DIFFER", "declaration.parameters"),
    "tokenizer broken": ({"tokenizer.json": b'{"model": {}}'}, {}, "TOKENIZER_REFUSED", "tokenizer.json"),
    "tokenizer too large": (
        {"config.json": config(), "tokenizer.json": as_json(byte_level(added_tokens=[
            {"id": 256 + n, "content": f"<{n}>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True} for n in range(3)]))},
        {}, "TOKENIZER_REFUSED", "tokenizer.json: largest id",
    ),
    "card that contradicts": ({"README.md": CARD.replace(b"apache-2.0", b"mit")}, {}, "CARD_CONTRADICTS", "README.md"),
    "configuration nested deep": ({"config.json": b'{"a":' * 10_000}, {}, "CONFIGURATION_REFUSED", "config.json"),
}  # fmt: skip


async def push(team: Client, files: dict[str, bytes], said: pb.Declaration) -> pb.Checkpoint:
    return await (await RawUpload.begin(team)).push(files, said)


async def why(team: Client, files: dict[str, bytes], said: pb.Declaration) -> Refused:
    with pytest.raises(Refused) as refusal:
        await push(team, files, said)
    return refusal.value


async def test_each_is_refused_by_its_own_name_and_a_good_model_goes_through(registry: RunningRegistry) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        told = await asyncio.gather(
            *(why(team, good(**changes), said(**declared)) for changes, declared, _, _ in HOSTILE.values())
        )
        committed = await push(team, good(), said())
    for refused, (what, (_, _, code, field)) in zip(told, HOSTILE.items(), strict=True):
        assert refused.code == code, f"{what}: {refused}"
        assert refused.facts["field"].startswith(field), what
        assert refused.facts["rule"], what
    assert (committed.version, list(committed.findings)) == (1, [])


async def test_findings_are_told_with_the_checkpoint_and_not_in_the_event(registry: RunningRegistry) -> None:
    files = good(**{"README.md": b"<script>alert(1)</script>\n", "config.json": b'{"model_type": "brand-new"}'})
    files["tokenizer.json"] = as_json(byte_level(normalizer={"type": "Lowercase"}))
    async with registry.client("consortium", team=TEAM) as team:
        committed = await push(team, files, said())
    assert [finding.code for finding in committed.findings] == [
        "ARCHITECTURE_UNKNOWN",
        "TOKENIZER_LOSSY",
        "CARD_FRONT_MATTER_MISSING",
        "CARD_LICENCE_MISSING",
        "CARD_LANGUAGES_MISSING",
        "CARD_DATA_MISSING",
    ]


async def test_names_that_would_be_one_file_are_refused_before_a_byte_is_read(registry: RunningRegistry) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        for path, code in (
            ("../config.json", "CHECKPOINT_PATH_REFUSED"),
            ("e\u0301.txt", "CHECKPOINT_PATH_REFUSED"),
            ("a\u202etxt.json", "CHECKPOINT_PATH_REFUSED"),
            ("model.pt", "CHECKPOINT_FILE_KIND_REFUSED"),
            ("run.sh", "CHECKPOINT_FILE_KIND_REFUSED"),
        ):
            for step in (upload.declare(cut(path, b"x")), upload.list([listed(path, b"x")])):
                with pytest.raises(Refused) as refusal:
                    await step
                assert refusal.value.code == code, path
        files = {"config.json": b"{}", "model.safetensors": b"x", "\u00e9.txt": b"1", "\u00c9.txt": b"2"}
        await upload.send(files)
        await upload.list([listed(path, data) for path, data in files.items()])
        with pytest.raises(Refused) as refusal:
            await upload.commit(said())
        assert refusal.value.code == "CHECKPOINT_PATH_REFUSED"


async def test_a_document_in_a_thousand_crumbs_is_refused(
    registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspector, "_MOST_FIRST_PARTS", 10)
    files = good()
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        await upload.send(files | {"README.md": b""})
        await upload.send({"README.md": CARD}, part_bytes=len(CARD) // 11)
        await upload.list([listed(path, data) for path, data in files.items()])
        await upload.commit(said())
        with pytest.raises(Refused) as refusal:
            await upload.ended()
    assert (refusal.value.code, refusal.value.facts["field"]) == ("CHECKPOINT_PARTS_REFUSED", "README.md")


def greedy() -> bytes:
    """Weights whose header is as long as it may be, and wrong at its very end."""
    one = b'"%06d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},'
    text = b"{" + b"".join(one % number for number in range(100_000))
    return MOST_HEADER_BYTES.to_bytes(8, "little") + text.ljust(MOST_HEADER_BYTES, b" ")


def readers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        try:
            if "registry.store.inspecting" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


async def kill_readers() -> None:
    for _ in range(3000):
        if found := readers():
            for reader in found:
                reader.kill()
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no reader was started")


async def test_while_a_hostile_header_is_read_the_service_answers(registry: RunningRegistry) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        await upload.send(good() | {"more.safetensors": greedy()}, part_bytes=2**24 + 8)
        await upload.list([listed(path, data) for path, data in (good() | {"more.safetensors": greedy()}).items()])
        await upload.commit(said())
        asked = pb.GetUploadRequest(team_id=TEAM, upload_id=upload.upload_id)
        answers = 0
        while (await team.GetUpload(asked)).upload.state == pb.UPLOAD_STATE_VERIFYING:
            answers += 1
        with pytest.raises(Refused) as refusal:
            await upload.ended()
        assert (refusal.value.code, answers > 1) == ("SAFETENSORS_REFUSED", True)


async def test_a_reader_that_dies_takes_no_upload_with_it(registry: RunningRegistry) -> None:
    async with registry.client("consortium", team=TEAM) as team:
        uploads = []
        for number in range(3):
            upload = await RawUpload.begin(team, model=f"solar-{number}")
            await upload.send(good())
            await upload.list([listed(path, data) for path, data in good().items()])
            uploads.append(upload)
        for upload in uploads:
            await upload.commit(said())
        await kill_readers()
        await kill_readers()
        assert [(await upload.ended()).version for upload in uploads] == [1, 1, 1]
