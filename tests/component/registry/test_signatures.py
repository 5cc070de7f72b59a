"""Keys of teams and what is signed with them, on a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from client.commands import keys as commands
from client.sdk import signing as keys
from common.errors import Refused
from dokpamo.registry.v1 import keys_pb2
from dokpamo.registry.v1 import service_pb2 as pb
from typer import Typer
from typer.testing import CliRunner
from weights import signing

from tests.builders.registry_service import (
    TEAM,
    RawUpload,
    checkpoint_folder,
    declaration,
    files_of,
    listing,
    put_all,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders.registry_service import RunningRegistry

SERVICE = "dokpamo.registry.v1.TeamKeysService"


async def register(registry: RunningRegistry, key: Path, team: str = TEAM, **wrong: Any) -> keys_pb2.TeamKey:
    public, proof = keys.prove(team, key)
    asked = {"request_id": str(uuid4()), "team_id": team, "public_key": public, "proof": proof, **wrong}
    async with registry.client("consortium", team=team, service=SERVICE) as office:
        kept: keys_pb2.TeamKey = (await office.RegisterKey(keys_pb2.RegisterKeyRequest(**asked))).key
    return kept


async def retire(registry: RunningRegistry, key_id: str, role: str = "consortium", **changed: Any) -> keys_pb2.TeamKey:
    asked = {"request_id": str(uuid4()), "team_id": TEAM, "key_id": key_id, "reason": "a disk was lost", **changed}
    async with registry.client(role, team=TEAM if role == "consortium" else None, service=SERVICE) as office:
        kept: keys_pb2.TeamKey = (await office.RetireKey(keys_pb2.RetireKeyRequest(**asked))).key
    return kept


async def refused(work: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value


async def test_once_a_team_has_a_key_its_commits_are_signed_and_anybody_can_tell(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    path, other = tmp_path / "key.pem", tmp_path / "other.pem"
    keys.new_key(path)
    keys.new_key(other)
    said = declaration(seed=2**64 - 1)
    signed = keys.signer(path)(TEAM, "solar", listing(folder), said)
    async with registry.client("consortium", team=TEAM) as team:
        unknown = await refused(put_all(team, folder, said, signature=signed))
        assert (unknown.code, unknown.facts["field"]) == ("KEY_UNKNOWN", "signature.key_id")
        assert (await put_all(team, folder, said)).HasField("signature") is False
        key = await register(registry, path)
        missing = await refused(put_all(team, folder, said))
        assert (missing.code, missing.facts["field"]) == ("SIGNATURE_MISSING", "signature")
        assert key.key_id in missing.facts["rule"]
        for wrong in (
            keys.signer(path)(TEAM, "lunar", listing(folder), said),
            keys.signer(path)(TEAM, "solar", listing(folder)[:-1], said),
            keys.signer(path)(TEAM, "solar", listing(folder), declaration(seed=1)),
            pb.Signature(key_id=key.key_id, signature=bytes(64)),
            pb.Signature(key_id=key.key_id),
        ):
            invalid = await refused(put_all(team, folder, said, signature=wrong))
            assert (invalid.code, invalid.facts["value"]) == ("SIGNATURE_INVALID", key.key_id)
        stranger = keys.signer(other)(TEAM, "solar", listing(folder), said)
        assert (await refused(put_all(team, folder, said, signature=stranger))).code == "KEY_UNKNOWN"
        committed = await put_all(team, folder, said, signature=signed)
        assert committed.signature == signed
        manifest = await team.GetManifest(
            pb.GetManifestRequest(team_id=TEAM, checkpoint_digest=committed.checkpoint_digest)
        )
    async with registry.client("auditor", service=SERVICE) as anyone:
        listed = (await anyone.ListKeys(keys_pb2.ListKeysRequest(team_id=TEAM))).keys
    assert [each.key_id for each in listed] == [key.key_id]
    assert signing.verify_manifest(manifest.piece, listed[0].public_key).key_id == key.key_id
    assert "TeamKeyRegistered" in await registry.events()


async def test_a_refused_commit_can_be_signed_and_asked_for_again(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    keys.new_key(tmp_path / "key.pem")
    await register(registry, tmp_path / "key.pem")
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team)
        await upload.send(files_of(folder))
        await upload.list(listing(folder))
        assert (await refused(upload.commit(declaration()))).code == "SIGNATURE_MISSING"
        signed = keys.signer(tmp_path / "key.pem")(TEAM, "solar", listing(folder), declaration())
        await upload.commit(declaration(), signature=signed)
        assert (await upload.ended()).version == 1


async def test_a_retired_key_signs_no_more_and_what_it_signed_stays_good(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    first, second = tmp_path / "first.pem", tmp_path / "second.pem"
    keys.new_key(first)
    keys.new_key(second)
    old = await register(registry, first)
    signed = keys.signer(first)(TEAM, "solar", listing(folder), declaration())
    async with registry.client("consortium", team=TEAM) as team:
        committed = await put_all(team, folder, declaration(), signature=signed)
        retired = await retire(registry, old.key_id, role="staff")
        assert (retired.retired_reason, retired.HasField("retired_at")) == ("a disk was lost", True)
        assert await retire(registry, old.key_id, reason="again") == retired
        late = await refused(put_all(team, folder, declaration(), signature=signed))
        assert (late.code, late.facts["value"]) == ("KEY_RETIRED", old.key_id)
        assert (await refused(register(registry, first))).code == "KEY_RETIRED"
        new = await register(registry, second)
        assert (await refused(put_all(team, folder, declaration()))).code == "SIGNATURE_MISSING"
        again = keys.signer(second)(TEAM, "solar", listing(folder), declaration())
        assert (await put_all(team, folder, declaration(), signature=again)).version == 2
        manifest = await team.GetManifest(
            pb.GetManifestRequest(team_id=TEAM, checkpoint_digest=committed.checkpoint_digest)
        )
    async with registry.client("service", service=SERVICE) as service:
        pages: list[list[str]] = []
        token = ""
        while not pages or token:
            page = await service.ListKeys(keys_pb2.ListKeysRequest(page_size=1, page_token=token))
            pages.append([each.key_id for each in page.keys])
            token = page.next_page_token
    assert pages == [[old.key_id], [new.key_id]]
    assert signing.verify_manifest(manifest.piece, old.public_key).key_id == old.key_id
    assert (await registry.events()).count("TeamKeyRetired") == 1


async def test_a_key_is_registered_by_who_has_it_for_one_team(registry: RunningRegistry, tmp_path: Path) -> None:
    path, other = tmp_path / "key.pem", tmp_path / "other.pem"
    keys.new_key(path)
    keys.new_key(other)
    for wrong in (keys.prove("kt", path)[1], keys.prove(TEAM, other)[1], b""):
        assert (await refused(register(registry, path, proof=wrong))).code == "SIGNATURE_INVALID"
    for weak in (b"", bytes(31), bytes(32), b"\1" + bytes(31)):
        assert (await refused(register(registry, path, public_key=weak))).code == "KEY_REFUSED"
    key = await register(registry, path)
    assert await register(registry, path) == key
    assert (await refused(register(registry, path, team="kt"))).code == "KEY_TAKEN"
    stranger = await refused(retire(registry, "0" * 64))
    assert (stranger.code, stranger.facts["field"]) == ("KEY_UNKNOWN", "key_id")
    assert (await refused(retire(registry, key.key_id, reason="two\nlines"))).code == "FIELD_INVALID"
    async with registry.client("consortium", team="kt", service=SERVICE) as others:
        asked = keys_pb2.RetireKeyRequest(request_id=str(uuid4()), team_id="kt", key_id=key.key_id, reason="envy")
        assert (await refused(others.RetireKey(asked))).code == "KEY_UNKNOWN"
        asked.team_id = TEAM
        assert (await refused(others.RetireKey(asked))).status is grpc.StatusCode.PERMISSION_DENIED
    assert (await registry.events()).count("TeamKeyRegistered") == 1


async def test_keys_are_made_registered_shown_and_retired_by_command(registry: RunningRegistry, tmp_path: Path) -> None:
    app = Typer()
    app.callback()(lambda: None)
    commands.register(app)
    environment = {
        "DOKPAMO_REGISTRY_ADDRESS": registry.address,
        "DOKPAMO_TOKEN": registry.issuer.issue("someone", ["consortium"], TEAM),
        "DOKPAMO_LANG": "en",
    }

    async def run(*asked: str, code: int = 0) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["keys", *asked], env=environment)
        assert result.exit_code == code, result.output
        return result.output

    path = tmp_path / "key.pem"
    key_id, _, pem = (await run("new", str(path))).partition("\n")
    assert signing.key_id(keys.read_public_key(pem.encode())) == key_id
    assert "exists" in await run("new", str(path), code=2)
    assert (await run("register", str(path), "--team", TEAM)).startswith(f"{key_id}  {TEAM}  since ")
    assert "KEY_UNKNOWN" in await run("retire", "0" * 64, "--team", TEAM, "--reason", "lost", code=1)
    assert "retired" in await run("retire", key_id, "--team", TEAM, "--reason", "lost")
    listed = json.loads(await run("list", "--team", TEAM, "--json"))["found"]
    assert [(each["key_id"], each["retired_reason"]) for each in listed] == [(key_id, "lost")]
    (tmp_path / "none.pem").write_text("nothing")
    assert "no Ed25519 private key" in await run("register", str(tmp_path / "none.pem"), "--team", TEAM, code=1)


async def test_a_team_has_sixteen_live_keys_at_most(registry: RunningRegistry, tmp_path: Path) -> None:
    for number in range(17):
        keys.new_key(tmp_path / f"{number}.pem")
    made = [await register(registry, tmp_path / f"{number}.pem") for number in range(16)]
    many = await refused(register(registry, tmp_path / "16.pem"))
    assert (many.code, many.facts["field"]) == ("FIELD_INVALID", "public_key")
    await retire(registry, made[3].key_id)
    await register(registry, tmp_path / "16.pem")


async def test_a_key_cannot_be_changed_in_the_database(registry: RunningRegistry, tmp_path: Path) -> None:
    keys.new_key(tmp_path / "key.pem")
    key = await register(registry, tmp_path / "key.pem")
    statements = ["DELETE FROM team_keys", "TRUNCATE team_keys", "UPDATE team_keys SET team_id = 'kt'"]
    await retire(registry, key.key_id)
    for statement in [*statements, "UPDATE team_keys SET retired_at = NULL, retired_by = NULL, retired_reason = NULL"]:
        with pytest.raises(Exception, match="immutable"):
            async with registry.database.transaction() as tx:
                await tx.execute(statement)
