"""What the commands about releases have in common: their service, which release is meant, and how one reads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from client.commands.rules.language import say
from client.desk import Call, Desk, Office
from client.registry_desk import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dokpamo.registry.v1 import releases_pb2 as pb
    from dokpamo.registry.v1 import service_pb2
    from rules.explaining_words import Language

    from client.session import Caller


def _call() -> Call:
    from client.sdk.calls import called

    return partial(called, "dokpamo.registry.v1.")


OFFICE: Final = Office("release", "registry", _call)


def named_version(desk: Desk, caller: Caller, ref: str) -> service_pb2.Checkpoint:
    """Return the committed checkpoint that REF names, in the caller's eyes."""
    named = reference(ref)
    found: service_pb2.Checkpoint = desk.ask(
        caller,
        "GetCheckpoint",
        team_id=caller.team or named.team,
        checkpoint_digest=named.digest,
        model=named.model,
        version=named.version,
    ).checkpoint
    return found


def lines_of(release: pb.Release, language: Language) -> Iterator[str]:
    """Yield a release in words."""
    from client.sdk.sizes import shown

    def row(english: str, korean: str, value: str) -> str:
        return f"  {say(language, english, korean):16}{value}"

    yield f"{release.team_id}/{release.model}@{release.version}  {release.checkpoint_digest}"
    yield row("released", "공개", instant(release))
    yield row("licence", "이용허락", " ".join(filter(None, (release.licence, release.licence_path))))
    if release.licence_sha256:
        yield row("its text", "전문 SHA-256", release.licence_sha256)
    yield row("readers", "대상", readers(release, language))
    yield row("files", "파일", f"{release.file_count}, {shown(release.size_bytes)}")
    if release.HasField("withdrawal"):
        yield row("withdrawn", "철회", release.withdrawal.reason)


def readers(release: pb.Release, language: Language) -> str:
    """Say who reads a release."""
    if release.HasField("withdrawal"):
        return say(language, "nobody: withdrawn", "없음: 철회됨")
    if release.gated:
        return say(language, "who accepted its licence", "이용허락에 동의한 사람")
    return say(language, "everybody", "누구나")


def instant(release: pb.Release) -> str:
    """When a checkpoint was released, by the clocks of Seoul."""
    from datetime import UTC

    from common.clock import SEOUL

    return release.released_at.ToDatetime(UTC).astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")
