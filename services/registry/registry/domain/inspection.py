"""Inspection of one file as its bytes are read back: size, digest, and for weights and configuration what they hold."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from registry.domain.finite import FiniteCheck
from registry.domain.safetensors import LENGTH_BYTES, CheckpointFileTruncatedError, header_length, read_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry.domain.checkpoint import FileEntry

CONFIGURATION: Final = "config.json"
_MOST_CONFIGURATION_BYTES: Final = 2**20


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


class ParametersDifferError(Exception):
    """The declared number of parameters is not the one that the weights hold."""

    def __init__(self, declared: int, counted: int) -> None:
        """Keep the `declared` number as `value` and the `counted` one in the `rule`."""
        super().__init__(f"{declared} parameters are declared, the weights hold {counted}")
        self.field = "declaration.parameters"
        self.value = declared
        self.rule = f"must be {counted}, the number of elements in the weights"


class FileInspection:
    """Takes a file's bytes in chunks of any size and memory-bound: only a header or a configuration is kept."""

    def __init__(self, entry: FileEntry) -> None:
        """Inspect the file that `entry` declares."""
        self._entry = entry
        self._digest = hashlib.sha256()
        self._size = 0
        self._kept = bytearray()
        self._finite: FiniteCheck | None = None
        self.parameters = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises `SafetensorsRefusedError`, `CheckpointFileTruncatedError`, `TensorNotFiniteError`,
        `ConfigurationRefusedError` and, for bytes beyond the declared size, `CheckpointFileDiffersError`.
        """
        self._digest.update(chunk)
        self._size += len(chunk)
        if self._size > self._entry.size_bytes:
            raise CheckpointFileDiffersError(
                self._entry.path, f"more than {self._entry.size_bytes} bytes", "must have the declared size"
            )
        if self._finite is not None:
            self._finite.feed(chunk)
        elif self._entry.path.endswith(".safetensors"):
            self._kept += chunk
            self._read_header()
        elif self._entry.path == CONFIGURATION:
            self._keep_configuration(chunk)

    def finish(self) -> int:
        """Return the number of parameters in the file once all bytes are in; 0 for a file that is no weights.

        Raises `CheckpointFileTruncatedError`, `CheckpointFileDiffersError` and `ConfigurationRefusedError`.
        """
        entry = self._entry
        if self._size < entry.size_bytes:
            raise CheckpointFileTruncatedError(entry.path, self._size, entry.size_bytes)
        if self._digest.hexdigest() != entry.sha256:
            raise CheckpointFileDiffersError(
                entry.path, self._digest.hexdigest(), f"must have the declared SHA-256 {entry.sha256}"
            )
        if entry.path.endswith(".safetensors") and self._finite is None:
            # The length prefix itself is not whole: this names it.
            header_length(entry.path, bytes(self._kept), entry.size_bytes)
        if entry.path == CONFIGURATION:
            _check_configuration(entry.path, bytes(self._kept))
        return self.parameters

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
