"""Examines checkpoints in a process of its own, which has their weights in a folder for as long as that takes."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from registry.domain.examination import Fingerprint, FingerprintRefusedError, Report
from registry.domain.parts import Stored
from registry.handlers import (
    URL_LIFETIME,
    CannotBeExaminedError,
    DamagedPartError,
    ReaderDiedError,
    ReadRefusedError,
    fingerprint_key,
)
from registry.store.reader import PARTS_A_COMMAND, Child, Children, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from registry.domain.examination import Against
    from registry.handlers import Due, Located, Objects

_DOCUMENTS: Final = frozenset(
    {"config.json", "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json", "vocab.json"}
)
_WEIGHTS: Final = ".safetensors"
_LICENCES: Final = frozenset({"LICENSE", "LICENCE", "NOTICE"})


class ProcessExaminer:
    """The handlers' `Examiner`, a part."""

    def __init__(self, objects: Objects, folder: Path | None, most_bytes: int) -> None:
        """Read from `objects`, work below `folder`, and take there at most `most_bytes` for one checkpoint."""
        self._objects = objects
        self._folder = folder
        self._most_bytes = most_bytes
        self._one_read = asyncio.Semaphore()
        # Its libraries take longer to load than most examinations take, which come one after another.
        self._children = Children("registry.store.examining", at_once=1)

    async def __aenter__(self) -> Self:
        """Start nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process that is idle."""
        await self._children.end()

    async def examine(self, due: Due) -> tuple[Fingerprint, tuple[Report, ...]]:
        """Return the checkpoint's own fingerprint and a report for each of `due.against`; see the port."""
        files = [each for each in due.files if _needed(each.file.path)]
        size = sum(each.file.size_bytes for each in files)
        if size > self._most_bytes:
            raise CannotBeExaminedError(f"its weights take {size} bytes, and an examination at most {self._most_bytes}")
        with tempfile.TemporaryDirectory(prefix="dokpamo-examination-", dir=self._folder) as folder:
            try:
                async with self._children.one() as child:
                    await child.ask({"begin": {"folder": folder}})
                    return await self._examined(child, due, files)
            except (DamagedPartError, ReadRefusedError) as error:
                raise CannotBeExaminedError(str(error)) from error

    async def read(self, reference_id: str, fingerprint: Fingerprint) -> None:
        """Read what was given as the fingerprint of a known model, one at a time; see the port."""
        prefix = "dokpamo-fingerprint-"
        async with self._one_read:
            with tempfile.TemporaryDirectory(prefix=prefix, dir=self._folder) as folder:
                child = await Child.start("registry.store.fingerprints", folder)
                try:
                    await child.ask(self._told(reference_id, fingerprint))
                except ReadRefusedError as error:
                    facts = error.refusal.facts
                    raise FingerprintRefusedError(reference_id, facts["value"], facts["rule"]) from error
                except DamagedPartError as error:
                    rule = f"must be {fingerprint.size_bytes} bytes of SHA-256 {fingerprint.sha256}"
                    raise FingerprintRefusedError(reference_id, error.kind.value, rule) from error
                except ReaderDiedError as error:
                    raise FingerprintRefusedError(reference_id, str(error), "must be one that can be read") from error
                finally:
                    await child.end()

    async def _examined(
        self, child: Child, due: Due, files: Sequence[Located]
    ) -> tuple[Fingerprint, tuple[Report, ...]]:
        checkpoint = due.checkpoint
        for each in files:
            for start in range(0, max(1, len(each.parts)), PARTS_A_COMMAND):
                some = each.parts[start : start + PARTS_A_COMMAND]
                told = pieces(self._objects, checkpoint.team_id, some)
                await child.ask({"fetch": {"file": asdict(each.file), "pieces": told}})
        title = f"{checkpoint.team_id}/{checkpoint.model} v{checkpoint.version}"
        against = [{"title": each.title, **self._told(each.name, each.fingerprint)} for each in due.against]
        made, *reports = await child.ask(
            {"examine": {"title": title, "seed": due.examination.seed, "against": against}}
        )
        stored = Stored(made["sha256"], made["size_bytes"])
        key = fingerprint_key(stored.sha256)
        target = self._objects.presign_put(key, stored, URL_LIFETIME)
        await child.ask({"keep": {"url": target.url, "headers": dict(target.headers)}})
        return Fingerprint(key, stored.sha256, stored.size_bytes), tuple(
            _report(each, told) for each, told in zip(due.against, reports, strict=True)
        )

    def _told(self, name: str, kept: Fingerprint) -> dict[str, Any]:
        return {
            "name": name,
            "sha256": kept.sha256,
            "size_bytes": kept.size_bytes,
            "url": self._objects.presign_get(kept.object_key, URL_LIFETIME),
        }


def _needed(path: str) -> bool:
    return path.endswith(_WEIGHTS) or path in _DOCUMENTS or path in _LICENCES


def _report(against: Against, told: dict[str, Any]) -> Report:
    document = Path(told["file"]).read_bytes()
    return Report(against.kind, against.name, told["findings"], hashlib.sha256(document).hexdigest(), document)
