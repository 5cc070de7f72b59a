"""What files hold against what their names promise."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from registry.domain.content import Content, ContentCheck, ContentRefusedError, content_of
from safetensors.numpy import save


def look(path: str, data: bytes, chunk: int = 7) -> None:
    check = ContentCheck(path)
    for start in range(0, len(data), chunk):
        check.feed(data[start : start + chunk])
    check.finish()


def refused(path: str, data: bytes, chunk: int = 7) -> ContentRefusedError:
    with pytest.raises(ContentRefusedError) as refusal:
        look(path, data, chunk)
    assert refusal.value.field == path
    return refusal.value


def zipped(compression: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": [1.0]}))
        archive.comment = comment
    return made.getvalue()


TEXTS = ["README.md", "vocab.txt", "merges.txt", "LICENSE", "chat_template.jinja", "a.vocab", "b.merges"]
JSONS = ["tokenizer.json", "log.jsonl", "config.json", "generation_config.json"]


@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize("text", ["", "# 모델\n", "MZ is a text\n", "BZh\n", "GGUF files are elsewhere", "\ufeff가"])
def test_texts_are_taken(path: str, text: str) -> None:
    look(path, text.encode(), 1)


@pytest.mark.parametrize("path", JSONS)
@pytest.mark.parametrize("text", ["{}", " \n[1]\n", '"a"', "-1", "null", '{"가": "나"}\n{"b": 1}\n', "\ufeff{}"])
def test_json_is_taken(path: str, text: str) -> None:
    look(path, text.encode())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("path", ["tokenizer.json", "log.jsonl", "sentencepiece.model"])
def test_a_pickle_under_another_name_is_refused(path: str, protocol: int) -> None:
    refused(path, pickle.dumps({"w": np.ones(3)}, protocol))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("path", ["README.md", "LICENSE", "tokenizer.json"])
def test_a_binary_pickle_is_told_by_name(path: str, protocol: int) -> None:
    assert refused(path, pickle.dumps([1.5], protocol)).value == "a pickle"


@pytest.mark.parametrize("path", [*TEXTS, *JSONS, "sentencepiece.model"])
@pytest.mark.parametrize("chunk", [1, 64, 10**6])
def test_a_zip_as_torch_saves_it_is_refused_under_every_name(path: str, chunk: int) -> None:
    assert refused(path, zipped(), chunk).value == "a zip archive"


@pytest.mark.parametrize("comment", [b"", b"x" * 65_535])
@pytest.mark.parametrize("path", ["model.safetensors", "sentencepiece.model"])
def test_a_zip_behind_good_bytes_is_refused(path: str, comment: bytes) -> None:
    good = save({"a": np.ones(3, np.float32)}) if path.endswith("tensors") else b"\n\x0d\n\x05<unk>"
    look(path, good)
    assert refused(path, good + zipped(zipfile.ZIP_STORED, comment), 1000).value == "a zip archive at its end"


def test_a_zip_inside_the_last_tensor_is_refused() -> None:
    """`python model.safetensors` would run it: the format of weights is no reason to hold a program."""
    archive = np.frombuffer(zipped(), np.uint8)
    assert refused("model.safetensors", save({"a": archive}), 100).value == "a zip archive at its end"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (gzip.compress(b"x"), "gzip"),
        (b"\x7fELF\x02\x01\x01" + bytes(9), "ELF"),
        (b"MZ\x90\0\x03", "PE"),
        (b"\xcf\xfa\xed\xfe\x07", "Mach-O"),
        (b"\0asm\x01\0\0\0", "WebAssembly"),
        (b"#!/bin/sh\nrm -rf /\n", "script"),
        (b"\x89HDF\r\n\x1a\n\0", "HDF5"),
        (b"\x93NUMPY\x01\0", "NumPy"),
        (b"GGUF\x03\0\0\0", "GGUF"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        (b"SQLite format 3\0", "database"),
    ],
)
@pytest.mark.parametrize("path", ["README.md", "tokenizer.json", "sentencepiece.model"])
def test_programs_and_archives_are_told_by_name(path: str, data: bytes, told: str) -> None:
    assert told in refused(path, data, 64).value


def test_a_tar_hidden_in_a_text_is_refused() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"), None)
    assert refused("notes.txt", made.getvalue()).value.startswith("NUL")


@pytest.mark.parametrize("wrong", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", "가".encode()[:-1]])
@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_bytes_that_are_no_utf8_are_refused(wrong: bytes, chunk: int) -> None:
    assert "no UTF-8" in refused("README.md", b"good " + wrong, chunk).value


@pytest.mark.parametrize("text", [b"hello", b"<html>", b"(lp0\n", b"I1\n.", b"cos\nsystem\n"])
def test_what_does_not_begin_as_json_is_refused(text: bytes) -> None:
    assert refused("tokenizer_config.json", text).rule == "must be JSON"


@pytest.mark.parametrize("data", [b"\n\x0d\n\x05<unk>", b"IQ== 0\nIg== 1\n", b""])
def test_vocabularies_are_taken(data: bytes) -> None:
    look("tokenizer.model", data)


@pytest.mark.parametrize("data", [b"cos\nsystem\n(S'ls'\ntR.", b"hello", bytes(100), b"{}"])
def test_what_is_no_vocabulary_is_refused(data: bytes) -> None:
    assert "vocabulary" in refused("tokenizer.model", data).rule


def test_the_same_bytes_elsewhere_are_something_else() -> None:
    assert [content_of(path) for path in ("config.json", "a/config.json", "a.safetensors", "a.model", "LICENSE")] == [
        Content.CONFIGURATION,
        Content.JSON,
        Content.WEIGHTS,
        Content.MODEL,
        Content.TEXT,
    ]
