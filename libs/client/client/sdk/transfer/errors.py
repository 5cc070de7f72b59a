"""Why bytes of a checkpoint cannot be read, sent or fetched; an error names the file, and the part if it is of one."""

from __future__ import annotations


class FolderRefusedError(Exception):
    """A folder cannot be pushed as a checkpoint, or a checkpoint cannot be written into one."""

    code = "FOLDER_REFUSED"

    def __init__(self, field: str, value: str, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class FileChangedError(Exception):
    """A file was changed, put in place or taken away while it was pushed."""

    code = "FILE_CHANGED"

    def __init__(self, path: str, how: str) -> None:
        """Keep the file's `path` and `how` it is not what it was."""
        super().__init__(f"{path} changed while it was pushed: {how}")
        self.path = path
        self.how = how


class TransferRefusedError(Exception):
    """The object store refused a transfer for good."""

    code = "TRANSFER_REFUSED"

    def __init__(self, path: str, offset_bytes: int, status: int, answer: str) -> None:
        """Keep the file's `path`, the part's offset in it, the HTTP `status` and the store's `answer`."""
        super().__init__(
            f"{path}, part at byte {offset_bytes}: the object store answered HTTP {status}: {answer or 'nothing'}"
        )
        self.path = path
        self.offset_bytes = offset_bytes
        self.status = status
        self.answer = answer


class BytesDifferError(Exception):
    """What arrived is not what was promised, however often it was sent or asked for."""

    code = "BYTES_DIFFER"

    def __init__(self, path: str, offset_bytes: int, size_bytes: int, declared: str, actual: str) -> None:
        """Keep the file's `path`, where in it the bytes lie, the `declared` SHA-256 or size and the `actual` one."""
        super().__init__(
            f"{path}, bytes {offset_bytes} to {offset_bytes + size_bytes}: declared {declared}, found {actual}"
        )
        self.path = path
        self.offset_bytes = offset_bytes
        self.size_bytes = size_bytes
        self.declared = declared
        self.actual = actual


class StoreAwayError(Exception):
    """The object store did not answer for longer than a transfer waits."""

    code = "STORE_AWAY"

    def __init__(self, path: str, problem: str) -> None:
        """Keep the file's `path` and the `problem` in words."""
        super().__init__(f"{path}: the object store is away: {problem}")
        self.path = path
        self.problem = problem


TRANSFER_ERRORS = (FolderRefusedError, FileChangedError, TransferRefusedError, BytesDifferError, StoreAwayError)
"""All of them, for who tells people."""
