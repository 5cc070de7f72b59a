"""Witnesses on the running notary: what they sign is kept and given, and a second history is refused by name."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest
from client.sdk.witness import Witness, log_of, look
from common.auth import DevelopmentIssuer, read_key
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.notary.v1 import service_pb2 as notary
from dokpamo.notary.v1 import witness_pb2 as pb
from dokpamo.selection.v1.events_pb2 import RuleSetFrozen
from verify.checkpoint import open_checkpoint, sign_checkpoint
from verify.cosignature import check_cosignature
from verify.head import TreeHead
from verify.note import parse
from verify.tree import Tree
from verify.witnessing import LogForkedError, LogShrankError

from tests.builders.notary_service import covered, event_ids, running, send, settings_of
from tests.builders.public_record import private_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from notary.settings import Settings


@pytest.fixture
def notary_settings(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "keys", kafka_bootstrap, fresh_database_url)


@asynccontextmanager
async def witnesses(settings: Settings, tmp_path: Path, role: str = "staff", who: str = "kim") -> AsyncIterator[Client]:
    issuer = DevelopmentIssuer(tmp_path / "keys" / "issuer.pem")
    async with connect(settings.grpc_listen, lambda: issuer.issue(who, [role])) as channel:
        yield Client(channel, "dokpamo.notary.v1.WitnessService")


def registration(witness: Witness) -> pb.RegisterWitnessRequest:
    return pb.RegisterWitnessRequest(
        request_id=str(uuid4()), verifier_key=str(witness.verifier_key), operator="a university"
    )


async def grow(bootstrap: list[str], client: Client, number: int) -> None:
    ids = event_ids(3)
    await send(bootstrap, [(event_id, RuleSetFrozen(rule_set_sha256=f"{number:064x}")) for event_id in ids])
    await covered(client, ids)


async def test_witnesses_cosign_a_log_that_grows_and_it_gives_their_signatures(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    now = datetime(2026, 1, 10, tzinfo=UTC)
    async with running(notary_settings) as log, witnesses(notary_settings, tmp_path) as kept:
        await grow(kafka_bootstrap, log, 1)
        key = await log_of(log)
        one, two = (Witness.create(tmp_path / name, f"example.org/{name}", key) for name in ("one", "two"))
        with pytest.raises(Refused) as refused:
            await look(one, log, kept, now)
        assert refused.value.code == "WITNESS_UNKNOWN"
        for witness in (one, two):
            await kept.RegisterWitness(registration(witness))
        async with witnesses(notary_settings, tmp_path, role="witness") as itself:
            await look(one, log, itself, now)
        # What it signed and could not hand in is handed in the next time.
        first = await look(one, log, kept, now)
        await grow(kafka_bootstrap, log, 2)
        second = await look(one, log, kept, now)
        assert second.tree_size > first.tree_size
        assert (await look(two, log, kept, now)).tree_size >= second.tree_size
        listed = (await kept.ListCosignedCheckpoints(pb.ListCosignedCheckpointsRequest())).checkpoints
        notes = [parse(each) for each in listed]
        sizes = [open_checkpoint(note, key).tree_size for note in notes]
        assert sizes == sorted(sizes)
        assert first.tree_size in sizes
        request = pb.GetCheckpointRequest(tree_size=second.tree_size)
        note = parse((await kept.GetCheckpoint(request)).checkpoint)
        assert open_checkpoint(note, key) == second
        assert check_cosignature(second, note.of(one.verifier_key), one.verifier_key) == now
        registered = (await kept.ListWitnesses(pb.ListWitnessesRequest())).witnesses
        assert [each.verifier_key for each in registered] == [str(one.verifier_key), str(two.verifier_key)]
        assert {each.registered_by for each in registered} == {"kim"}
    connection = await asyncpg.connect(notary_settings.database_url, server_settings={"search_path": "notary"})
    try:
        for rewriting in (
            "DELETE FROM cosignature",
            "UPDATE cosignature SET signed_at = now()",
            "TRUNCATE witness CASCADE",
        ):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(rewriting)
    finally:
        await connection.close()


async def test_a_witness_that_saw_another_history_refuses_this_one_by_name(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    """The notary's key signed both: somebody runs a second log with it, or rewrote the first."""
    now = datetime(2026, 1, 10, tzinfo=UTC)
    signing = read_key(notary_settings.notary_key)
    async with running(notary_settings) as log, witnesses(notary_settings, tmp_path) as kept:
        await grow(kafka_bootstrap, log, 1)
        key = await log_of(log)
        log_id = (await log.GetPublicKey(notary.GetPublicKeyRequest())).log_id
        other = Tree()
        for number in range(10_000):
            other.append(b"%d" % number)
        for name, size, error in (("forked", 2, LogForkedError), ("shrunk", 10_000, LogShrankError)):
            witness = Witness.create(tmp_path / name, f"example.org/{name}", key)
            witness.sign(sign_checkpoint(TreeHead(log_id, size, other.root(size), now), signing), [], now)
            await kept.RegisterWitness(registration(witness))
            with pytest.raises(error):
                await look(witness, log, kept, now)
            assert len(list((witness.folder / "refused").iterdir())) == 1
        listed = await kept.ListCosignedCheckpoints(pb.ListCosignedCheckpointsRequest())
        assert listed.checkpoints == []


async def test_what_is_no_witness_is_refused(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    async with running(notary_settings) as log, witnesses(notary_settings, tmp_path) as kept:
        await grow(kafka_bootstrap, log, 1)
        key = await log_of(log)
        witness = Witness.create(tmp_path / "one", "example.org/one", key)
        await kept.RegisterWitness(registration(witness))
        taken, broken, log_itself = registration(witness), registration(witness), registration(witness)
        broken.verifier_key = "no key"
        log_itself.verifier_key = str(key)
        for request, code in ((taken, "WITNESS_TAKEN"), (broken, "FIELD_INVALID"), (log_itself, "FIELD_INVALID")):
            with pytest.raises(Refused) as refused:
                await kept.RegisterWitness(request)
            assert refused.value.code == code
        async with witnesses(notary_settings, tmp_path, role="witness") as nobody:
            with pytest.raises(Refused) as refused:
                await nobody.RegisterWitness(registration(witness))
        assert refused.value.status.name == "PERMISSION_DENIED"
        line = str(sign_checkpoint(TreeHead("0" * 64, 1, b"0" * 32, datetime.now(UTC)), private_key()).signatures[0])
        for size, code in ((10**6, "NOT_LOGGED"), (0, "WITNESS_UNKNOWN")):
            with pytest.raises(Refused) as refused:
                await kept.AddCosignature(
                    pb.AddCosignatureRequest(request_id=str(uuid4()), tree_size=size, signature_line=line)
                )
            assert refused.value.code == code


async def test_two_people_retire_a_witness_whose_cosignatures_up_to_then_stay(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    now = datetime(2026, 1, 10, tzinfo=UTC)
    async with (
        running(notary_settings) as log,
        witnesses(notary_settings, tmp_path) as kim,
        witnesses(notary_settings, tmp_path, who="lee") as lee,
    ):
        await grow(kafka_bootstrap, log, 1)
        witness = Witness.create(tmp_path / "one", "example.org/one", await log_of(log))
        await kim.RegisterWitness(registration(witness))
        before = await look(witness, log, kim, now)

        request = pb.RequestWitnessRetirementRequest(
            request_id=str(uuid4()), name="example.org/one", reason="its key was stolen"
        )
        asked = (await kim.RequestWitnessRetirement(request)).retirement
        assert (await kim.RequestWitnessRetirement(request)).retirement == asked
        confirm = pb.ConfirmWitnessRetirementRequest(request_id=str(uuid4()), act_id=asked.act_id)
        assert await refusal(kim.ConfirmWitnessRetirement(confirm)) == "SAME_PERSON"
        assert await refusal(lee.RequestWitnessRetirement(with_new_id(request))) == "RETIREMENT_WAITS"
        request.name = "example.org/nobody"
        assert await refusal(lee.RequestWitnessRetirement(with_new_id(request))) == "WITNESS_UNKNOWN"
        await grow(kafka_bootstrap, log, 2)
        assert (await look(witness, log, kim, now)).tree_size > before.tree_size

        confirm.request_id = str(uuid4())
        done = (await lee.ConfirmWitnessRetirement(confirm)).retirement
        assert (done.requested_by, done.confirmed_by, done.reason) == ("kim", "lee", "its key was stolen")
        assert (await kim.ListWitnessRetirements(pb.ListWitnessRetirementsRequest())).retirements == [done]
        (listed,) = (await kim.ListWitnesses(pb.ListWitnessesRequest())).witnesses
        assert listed.retired_at == done.confirmed_at
        assert await refusal(lee.ConfirmWitnessRetirement(with_new_id(confirm))) == "ACT_DONE"

        await grow(kafka_bootstrap, log, 3)
        assert await refusal(look(witness, log, kim, now)) == "WITNESS_RETIRED"
        sizes = [
            open_checkpoint(parse(each), witness.log).tree_size
            for each in (await kim.ListCosignedCheckpoints(pb.ListCosignedCheckpointsRequest())).checkpoints
        ]
        assert before.tree_size in sizes
    connection = await asyncpg.connect(notary_settings.database_url, server_settings={"search_path": "notary"})
    try:
        for rewriting in ("DELETE FROM witness_retirement", "UPDATE witness_retirement SET reason = 'none'"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(rewriting)
    finally:
        await connection.close()


async def refusal(call: Awaitable[object]) -> str:
    """The code with which a call is refused."""
    with pytest.raises(Refused) as refused:
        await call
    return refused.value.code


def with_new_id(request: Any) -> Any:
    """The same asked anew."""
    request.request_id = str(uuid4())
    return request
