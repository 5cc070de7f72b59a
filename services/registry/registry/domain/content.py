"""What a file holds against what its name promises: archives, pickles and programs are told by their bytes.

A name is only a name: `pickle.load` and `python FILE` ask for no suffix. So everything is looked at as it streams by.
Source: design, registry and originality, "Validation at commit": pickle and executable content refused
"""

from __future__ import annotations

import codecs
import re
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

CONFIGURATION: Final = "config.json"
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_BYTES: Final = 22
_TAIL_BYTES: Final = _ZIP_END_BYTES + 2**16 - 1
_HEAD_BYTES: Final = 512
_MAGIC: Final = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    **{bytes((0x80, protocol)): "a pickle" for protocol in range(1, 6)},
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x7fELF": "a program (ELF)",
    b"MZ": "a program (PE)",
    b"\xfe\xed\xfa\xce": "a program (Mach-O)",
    b"\xfe\xed\xfa\xcf": "a program (Mach-O)",
    b"\xce\xfa\xed\xfe": "a program (Mach-O)",
    b"\xcf\xfa\xed\xfe": "a program (Mach-O)",
    b"\xca\xfe\xba\xbe": "a program (Mach-O or Java)",
    b"\0asm": "a program (WebAssembly)",
    b"#!": "a program (script)",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x93NUMPY": "a NumPy file",
    b"GGUF": "a GGUF file",
    b"SQLite format 3\0": "a database",
}
_JSON_BEGINS: Final = frozenset(b'{["-0123456789tfn')
# SentencePiece begins with its first piece, a protobuf field; the other form is a line a token: base64 and its rank.
_MODEL_BEGINS: Final = re.compile(rb"\n|[A-Za-z0-9+/]+={0,2} [0-9]+\r?\n")


class Content(Enum):
    """What the bytes of a file must be, beside the declared ones."""

    WEIGHTS = "weights"
    CONFIGURATION = "configuration"
    JSON = "json"
    TEXT = "text"
    MODEL = "model"
    OTHER = "other"
    """Verified before contents were told apart: as nothing in particular."""


def content_of(path: str) -> Content:
    """Return what the file at `path` must hold: the same bytes at another path may have to hold something else."""
    if path == CONFIGURATION:
        return Content.CONFIGURATION
    kinds = {
        ".safetensors": Content.WEIGHTS,
        ".json": Content.JSON,
        ".jsonl": Content.JSON,
        ".model": Content.MODEL,
    }
    return kinds.get(PurePosixPath(path).suffix, Content.TEXT)


class ContentRefusedError(Exception):
    """A file holds something else than its name promises."""

    def __init__(self, path: str, value: str, rule: str) -> None:
        """Keep the file as `field`, what was found as `value`, and the `rule`."""
        super().__init__(f"{path} is {value}: {rule}")
        self.field = path
        self.value = value
        self.rule = rule


class ContentCheck:
    """Looks at a file's bytes as they stream by, in chunks of any size and a bounded memory."""

    def __init__(self, path: str) -> None:
        """Look at the file at `path`."""
        self._path = path
        self._content = content_of(path)
        self._head = b""
        self._tail = b""
        self._size = 0
        text = self._content in {Content.JSON, Content.TEXT, Content.CONFIGURATION}
        self._decoder = codecs.getincrementaldecoder("utf-8")() if text else None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises `ContentRefusedError`."""
        if len(self._head) < _HEAD_BYTES:
            self._head += chunk[: _HEAD_BYTES - len(self._head)]
        self._tail = (self._tail + chunk[-_TAIL_BYTES:])[-_TAIL_BYTES:]
        if self._decoder is not None:
            self._read_text(chunk)
        self._size += len(chunk)

    def finish(self) -> None:
        """Say that all bytes are in. Raises `ContentRefusedError`."""
        if self._decoder is not None:
            self._read_text(b"", final=True)
        if self._content is not Content.WEIGHTS:
            # The first bytes of weights are the length of their header, which its reader checks.
            self._check_head(as_text=self._decoder is not None)
        self._check_tail()

    def _read_text(self, chunk: bytes, *, final: bool = False) -> None:
        assert self._decoder is not None
        place = chunk.find(b"\0")
        if place >= 0:
            self._check_head()
            raise ContentRefusedError(self._path, f"NUL at byte {self._size + place}", "must be text")
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            self._check_head()
            raise ContentRefusedError(
                self._path,
                f"no UTF-8 in the {max(1, len(chunk))} bytes from {self._size} on: {error.reason}",
                "must be text",
            ) from error

    def _check_head(self, *, as_text: bool = False) -> None:
        """Name what the file is by its first bytes; as text it may begin with letters that elsewhere mean a program."""
        for magic, kind in _MAGIC.items():
            if self._head.startswith(magic) and not (as_text and magic.isalpha()):
                raise ContentRefusedError(
                    self._path, kind, f"must be {self._content.value}: nothing else is hidden in it"
                )
        begins = self._head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if self._content is Content.JSON and begins and begins[0] not in _JSON_BEGINS:
            raise ContentRefusedError(self._path, f"it begins with {begins!r}", "must be JSON")
        if self._content is Content.MODEL and self._head and not _MODEL_BEGINS.match(self._head):
            told = f"it begins with {self._head[:8]!r}"
            raise ContentRefusedError(self._path, told, "must be a vocabulary as SentencePiece or tiktoken write it")

    def _check_tail(self) -> None:
        """A zip is found by its end, whatever stands before it."""
        place = self._tail.rfind(_ZIP_END)
        while place >= 0:
            comment = int.from_bytes(self._tail[place + _ZIP_END_BYTES - 2 : place + _ZIP_END_BYTES], "little")
            if place + _ZIP_END_BYTES + comment == len(self._tail):
                raise ContentRefusedError(self._path, "a zip archive at its end", "must hold nothing behind what it is")
            place = self._tail.rfind(_ZIP_END, 0, place)
