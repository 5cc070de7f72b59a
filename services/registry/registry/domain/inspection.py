"""Inspection of one file as its bytes are read back: size, digest, and for weights and configuration what they hold."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from weights.finite import FiniteCheck, TensorNotFiniteError
from weights.safetensors import (
    LENGTH_BYTES,
    CheckpointFileTruncatedError,
    SafetensorsRefusedError,
    header_length,
    read_header,
)

from registry.domain.checkpoint import MOST_FINDINGS, Finding
from registry.domain.content import CONFIGURATION, Content, ContentCheck, ContentRefusedError, content_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weights.manifest import FileEntry

_MOST_CONFIGURATION_BYTES: Final = 2**20

__all__ = [
    "CONFIGURATION",
    "CheckpointFileDiffersError",
    "ConfigurationRefusedError",
    "Content",
    "FileInspection",
    "ParametersDifferError",
    "check_parameters",
    "content_of",
]


class CheckpointFileDiffersError(Exception):
    """The stored bytes of a file are not those that were declared."""

    def __init__(self, path: str, value: object, rule: str) -> None:
        """Keep the file as `field`, what is stored as `value`, and the `rule`."""
        super().__init__(f"{path} has {value}: {rule}")
        self.field = path
        self.value = value
        self.rule = rule


class ConfigurationRefusedError(Exception):
    """The configuration of a model cannot be read."""

    def __init__(self, path: str, value: object, rule: str) -> None:
        """Keep the file as `field`, what was found as `value`, and the `rule`."""
        super().__init__(f"{path} is {value!r}: {rule}")
        self.field = path
        self.value = value
        self.rule = rule


_REFUSALS: Final = (
    SafetensorsRefusedError,
    CheckpointFileTruncatedError,
    TensorNotFiniteError,
    ConfigurationRefusedError,
    ContentRefusedError,
)
"""What the content of a file may be refused for."""


class ParametersDifferError(Exception):
    """The declared number of parameters is not the one that the weights hold."""

    def __init__(self, declared: int, counted: int) -> None:
        """Keep the `declared` number as `value` and the `counted` one in the `rule`."""
        super().__init__(f"{declared} parameters are declared, the weights hold {counted}")
        self.field = "declaration.parameters"
        self.value = declared
        self.rule = f"must be {counted}, the number of elements in the weights"


class FileInspection:
    """Takes a file's bytes in chunks of any size and memory-bound: only a header or a configuration is kept.

    That the bytes are the declared ones is told first, and only then what is wrong with them.
    """

    def __init__(self, entry: FileEntry) -> None:
        """Inspect the file that `entry` declares."""
        self._entry = entry
        self._content = content_of(entry.path)
        self._check = ContentCheck(entry.path)
        self._digest = hashlib.sha256()
        self._size = 0
        self._kept = bytearray()
        self._finite: FiniteCheck | None = None
        self._refusal: Exception | None = None
        self.parameters = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is unusual and no ground for refusal; each names its tensor only: the file may have any name."""
        zeros = self._finite.all_zero[:MOST_FINDINGS] if self._finite else []
        return tuple(
            Finding("TENSOR_ALL_ZERO", name, "every element is 0", "a trained tensor has others") for name in zeros
        )

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes so far, lower-case hex."""
        return self._digest.hexdigest()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; whatever is wrong with them, `finish` says."""
        self._digest.update(chunk)
        self._size += len(chunk)
        if self._refusal is not None or self._size > self._entry.size_bytes:
            return
        try:
            self._check.feed(chunk)
            self._read(chunk)
        except _REFUSALS as refusal:
            self._refusal = refusal
            self._kept.clear()

    def finish(self) -> int:
        """Return the number of parameters in the file once all bytes are in; 0 for a file that is no weights.

        Raises `CheckpointFileTruncatedError` and `CheckpointFileDiffersError` for other bytes than the declared ones,
        and for the declared ones `SafetensorsRefusedError`, `CheckpointFileTruncatedError`, `TensorNotFiniteError`,
        `ContentRefusedError` and `ConfigurationRefusedError`.
        """
        entry = self._entry
        if self._size < entry.size_bytes:
            raise CheckpointFileTruncatedError(entry.path, self._size, entry.size_bytes)
        if self._size > entry.size_bytes:
            raise CheckpointFileDiffersError(
                entry.path, f"{self._size} bytes", f"must have the declared {entry.size_bytes} bytes"
            )
        if self.sha256 != entry.sha256:
            raise CheckpointFileDiffersError(entry.path, self.sha256, f"must have the declared SHA-256 {entry.sha256}")
        if self._refusal is not None:
            raise self._refusal
        if self._content is Content.WEIGHTS and self._finite is None:
            # The length prefix itself is not whole: this names it.
            header_length(entry.path, bytes(self._kept), entry.size_bytes)
        self._check.finish()
        if self._content is Content.CONFIGURATION:
            _check_configuration(entry.path, bytes(self._kept))
        return self.parameters

    def _read(self, chunk: bytes) -> None:
        if self._finite is not None:
            self._finite.feed(chunk)
        elif self._content is Content.WEIGHTS:
            self._kept += chunk
            self._read_header()
        elif self._content is Content.CONFIGURATION:
            self._keep_configuration(chunk)

    def _read_header(self) -> None:
        if len(self._kept) < LENGTH_BYTES:
            return
        entry = self._entry
        end = LENGTH_BYTES + header_length(entry.path, bytes(self._kept[:LENGTH_BYTES]), entry.size_bytes)
        if len(self._kept) < end:
            return
        tensors = read_header(entry.path, bytes(self._kept[LENGTH_BYTES:end]), entry.size_bytes)
        self.parameters = sum(tensor.elements for tensor in tensors)
        self._finite = FiniteCheck(entry.path, tensors)
        self._finite.feed(bytes(self._kept[end:]))
        self._kept.clear()

    def _keep_configuration(self, chunk: bytes) -> None:
        self._kept += chunk
        if len(self._kept) > _MOST_CONFIGURATION_BYTES:
            raise ConfigurationRefusedError(
                self._entry.path, f"more than {_MOST_CONFIGURATION_BYTES} bytes", "must be a small JSON object"
            )


def check_parameters(declared: int, counted: Iterable[int]) -> None:
    """Raise `ParametersDifferError` unless `declared` is the sum of what was `counted` in the files."""
    total = sum(counted)
    if total != declared:
        raise ParametersDifferError(declared, total)


def _check_configuration(path: str, data: bytes) -> None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigurationRefusedError(path, data[:40], f"must be JSON: {error}") from error
    if not isinstance(document, dict):
        raise ConfigurationRefusedError(path, data[:40], "must be a JSON object")
