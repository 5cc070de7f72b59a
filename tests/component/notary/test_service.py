"""The notary on a real Kafka and PostgreSQL: everything is logged once, and what it says of itself can be checked."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import asyncpg
import pytest
from client.stack.ports import free_ports
from common.errors import Refused
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dokpamo.notary.v1 import service_pb2 as pb
from dokpamo.selection.v1.events_pb2 import RuleSetFrozen
from google.protobuf.json_format import ParseDict
from notary.handlers import KeyChangedError
from verify.check import check
from verify.entry import decode
from verify.export import write
from verify.head import check_signature
from verify.merkle import check_consistency, check_inclusion, hash_leaf

from tests.builders.notary_service import covered, event_ids, record_of, running, send, settings_of, signed
from tests.builders.public_record import leaves_of

if TYPE_CHECKING:
    from pathlib import Path

    from notary.settings import Settings


@pytest.fixture
def notary_settings(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "keys", kafka_bootstrap, fresh_database_url)


def frozen(number: int) -> RuleSetFrozen:
    return RuleSetFrozen(rule_set_sha256=f"{number:064x}", stage_id="trial")


async def test_every_message_is_logged_once_also_after_a_restart_and_a_repetition(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    ids = event_ids(40)
    async with running(notary_settings) as client:
        await send(kafka_bootstrap, [(event_id, frozen(n)) for n, event_id in enumerate(ids[:20])])
        first = await covered(client, ids[:20])
    # A relay that was killed sends again what it had sent.
    await send(kafka_bootstrap, [(event_id, frozen(n)) for n, event_id in enumerate(ids)])
    async with running(notary_settings) as client:
        second = await covered(client, ids)
        record = await record_of(client, notary_settings)
        key = Ed25519PublicKey.from_public_bytes(record.public_key)
        for head in (first, second):
            check_signature(signed(head.head), key)
        proof = await client.GetConsistencyProof(
            pb.GetConsistencyProofRequest(first=first.head.tree_size, second=second.head.tree_size)
        )
        check_consistency(
            first=first.head.tree_size, second=second.head.tree_size, proof=list(proof.hashes),
            first_root=first.head.root_hash, second_root=second.head.root_hash,
        )  # fmt: skip
    logged = [decode(leaf).event_id for leaf in leaves_of(record)]
    assert len(set(logged)) == len(logged)
    assert [event_id for event_id in logged if event_id in ids] == ids
    write(record, tmp_path / "export")
    report = check(tmp_path / "export", fingerprint=record.log_id)
    assert report.findings == []
    assert report.tree_size == len(logged)


async def test_two_notaries_at_once_make_one_log(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    """As in an update that starts the new one before the old one is gone."""
    (port,) = free_ports(1)
    other = notary_settings.model_copy(update={"grpc_listen": f"127.0.0.1:{port}"})
    ids = event_ids(30)
    async with running(notary_settings) as one:
        await send(kafka_bootstrap, [(event_id, frozen(n)) for n, event_id in enumerate(ids[:10])])
        async with running(other) as two:
            await send(kafka_bootstrap, [(event_id, frozen(n)) for n, event_id in enumerate(ids[10:])])
            await covered(two, ids)
            records = [await record_of(client, notary_settings) for client in (one, two)]
    # The one that was asked first may have known less, and nothing else.
    before, after = records
    assert list(after.entries)[: len(list(before.entries))] == list(before.entries)
    assert after.heads[: len(before.heads)] == before.heads
    logged = [decode(leaf).event_id for leaf in leaves_of(after)]
    assert len(set(logged)) == len(logged)
    assert set(ids) <= set(logged)
    write(after, tmp_path / "export")
    assert check(tmp_path / "export").findings == []


async def test_a_logged_event_is_proved_to_be_in_the_log_whole(
    notary_settings: Settings, kafka_bootstrap: list[str]
) -> None:
    ids = event_ids(7)
    async with running(notary_settings) as client:
        await send(kafka_bootstrap, [(event_id, frozen(n)) for n, event_id in enumerate(ids)])
        await covered(client, ids)
        for number, event_id in enumerate(ids):
            found = await client.FindEntry(pb.FindEntryRequest(event_id=event_id))
            assert ParseDict(decode(found.entry.entry_json).content["payload"], RuleSetFrozen()) == frozen(number)
            head = await client.GetHead(pb.GetHeadRequest())
            proof = await client.GetInclusionProof(
                pb.GetInclusionProofRequest(event_id=event_id, tree_size=head.head.tree_size)
            )
            check_inclusion(
                leaf_hash=hash_leaf(found.entry.entry_json), index=proof.leaf_index, size=proof.tree_size,
                proof=list(proof.hashes), root=head.head.root_hash,
            )  # fmt: skip


async def test_a_message_that_nobody_can_read_is_logged_and_sealed_whole(
    notary_settings: Settings, kafka_bootstrap: list[str]
) -> None:
    ids = event_ids(2)
    garbage = b"\xff\x00 no message"
    async with running(notary_settings) as client:
        await send(kafka_bootstrap, [("", garbage), (ids[0], garbage), (ids[1], frozen(1))])
        await covered(client, ids)
        record = await record_of(client, notary_settings)
    sealed_whole = [entry for entry in map(decode, leaves_of(record)) if "/payload" in entry.sealed]
    assert len(sealed_whole) == 2
    assert ids[0] in {entry.event_id for entry in sealed_whole}
    assert not any(b64encode(garbage) in leaf for leaf in leaves_of(record))


@pytest.mark.parametrize(
    ("request_", "rpc", "code"),
    [
        (
            pb.GetInclusionProofRequest(event_id="00000000-0000-0000-0000-000000000009"),
            "GetInclusionProof",
            "NOT_LOGGED",
        ),
        (pb.GetInclusionProofRequest(event_id="nine"), "GetInclusionProof", "FIELD_INVALID"),
        (pb.GetInclusionProofRequest(leaf_index=10**6), "GetInclusionProof", "NOT_LOGGED"),
        (pb.GetInclusionProofRequest(leaf_index=0, tree_size=10**6), "GetInclusionProof", "NOT_LOGGED"),
        (pb.GetConsistencyProofRequest(first=0), "GetConsistencyProof", "NOT_LOGGED"),
        (pb.GetConsistencyProofRequest(first=2, second=1), "GetConsistencyProof", "NOT_LOGGED"),
        (pb.FindEntryRequest(event_id="00000000-0000-0000-0000-000000000009"), "FindEntry", "NOT_LOGGED"),
        (pb.ListEntriesRequest(page_size=501), "ListEntries", "FIELD_INVALID"),
        (pb.ListHeadsRequest(page_token="x"), "ListHeads", "FIELD_INVALID"),
    ],
)
async def test_a_proof_of_what_is_not_there_is_refused(
    notary_settings: Settings, kafka_bootstrap: list[str], request_: object, rpc: str, code: str
) -> None:
    ids = event_ids(2)
    async with running(notary_settings) as client:
        await send(kafka_bootstrap, [(event_id, frozen(n)) for n, event_id in enumerate(ids)])
        await covered(client, ids)
        with pytest.raises(Refused) as refused:
            await getattr(client, rpc)(request_)
    assert refused.value.code == code


async def test_the_log_cannot_be_rewritten_in_the_database(
    notary_settings: Settings, kafka_bootstrap: list[str]
) -> None:
    ids = event_ids(3)
    async with running(notary_settings) as client:
        await send(kafka_bootstrap, [(event_id, frozen(n)) for n, event_id in enumerate(ids)])
        await covered(client, ids)
    connection = await asyncpg.connect(notary_settings.database_url, server_settings={"search_path": "notary"})
    try:
        for rewriting in (
            "DELETE FROM entry", "TRUNCATE head CASCADE", "UPDATE node SET hash = hash", "UPDATE entry SET leaf = 'x'",
            "UPDATE entry SET leaf_index = leaf_index + 100", "DELETE FROM tree",
        ):  # fmt: skip
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(rewriting)
    finally:
        await connection.close()


async def test_the_service_refuses_to_start_with_another_key(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    ids = event_ids(1)
    async with running(notary_settings) as client:
        await send(kafka_bootstrap, [(ids[0], frozen(1))])
        await covered(client, ids)
    other = settings_of(tmp_path / "other", kafka_bootstrap, notary_settings.database_url)
    with pytest.raises(KeyChangedError):
        async with running(other):
            pass
