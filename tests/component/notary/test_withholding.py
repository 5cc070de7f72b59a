"""Two people withhold an entry's content on the running notary and give it back; every proof holds all the time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest
from common.auth import DevelopmentIssuer
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.notary.v1 import service_pb2 as notary
from dokpamo.notary.v1 import withholding_pb2 as pb
from dokpamo.selection.v1.events_pb2 import RuleSetFrozen
from verify.entry import decode
from verify.merkle import check_inclusion

from tests.builders.delivery import eventually
from tests.builders.notary_service import covered, event_ids, running, send, settings_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from notary.settings import Settings

WITHHOLD, RESTORE = pb.WITHHOLDING_KIND_WITHHOLD, pb.WITHHOLDING_KIND_RESTORE
REASON = "court order 2026-17"


@pytest.fixture
def notary_settings(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "keys", kafka_bootstrap, fresh_database_url)


@asynccontextmanager
async def officer(settings: Settings, tmp_path: Path, name: str, role: str = "staff") -> AsyncIterator[Client]:
    issuer = DevelopmentIssuer(tmp_path / "keys" / "issuer.pem")
    async with connect(settings.grpc_listen, lambda: issuer.issue(name, [role])) as channel:
        yield Client(channel, "dokpamo.notary.v1.WithholdingService")


def asked(
    event_id: str, kind: pb.WithholdingKind.ValueType = WITHHOLD, reason: str = REASON
) -> pb.RequestWithholdingRequest:
    return pb.RequestWithholdingRequest(request_id=str(uuid4()), event_id=event_id, kind=kind, reason=reason)


def confirmed(act_id: str) -> pb.ConfirmWithholdingRequest:
    return pb.ConfirmWithholdingRequest(request_id=str(uuid4()), act_id=act_id)


async def entry(log: Client, event_id: str) -> notary.Entry:
    return (await log.FindEntry(notary.FindEntryRequest(event_id=event_id))).entry  # type: ignore[no-any-return] # clients are built from descriptors


async def test_two_people_withhold_an_entry_and_give_it_back(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    ids = event_ids(3)
    async with (
        running(notary_settings) as log,
        officer(notary_settings, tmp_path, "kim") as kim,
        officer(notary_settings, tmp_path, "lee") as lee,
    ):
        await send(kafka_bootstrap, [(each, RuleSetFrozen(rule_set_sha256="0" * 64)) for each in ids])
        await covered(log, ids)
        whole = await entry(log, ids[1])
        act = (await kim.RequestWithholding(asked(ids[1]))).withholding
        assert (act.requested_by, act.confirmed_by, act.reason) == ("kim", "", REASON)
        assert await entry(log, ids[1]) == whole
        with pytest.raises(Refused) as refused:
            await kim.ConfirmWithholding(confirmed(act.act_id))
        assert refused.value.code == "SAME_PERSON"
        with pytest.raises(Refused) as refused:
            await lee.RequestWithholding(asked(ids[1]))
        assert refused.value.code == "WITHHELD_ALREADY"
        assert (await lee.ConfirmWithholding(confirmed(act.act_id))).withholding.confirmed_by == "lee"

        withheld = await entry(log, ids[1])
        assert withheld.entry_json == b""
        assert (withheld.withheld.requested_by, withheld.withheld.confirmed_by) == ("kim", "lee")
        listed = (await log.ListEntries(notary.ListEntriesRequest(start=whole.leaf_index, page_size=1))).entries
        assert list(listed) == [withheld]
        head = (await log.GetHead(notary.GetHeadRequest())).head
        request = notary.GetInclusionProofRequest(event_id=ids[1], tree_size=head.tree_size)
        proof = await log.GetInclusionProof(request)
        check_inclusion(
            leaf_hash=withheld.withheld.leaf_hash, index=proof.leaf_index, size=proof.tree_size,
            proof=list(proof.hashes), root=head.root_hash,
        )  # fmt: skip

        async def told() -> object:
            size = (await log.GetHead(notary.GetHeadRequest())).tree_size
            found = (await log.ListEntries(notary.ListEntriesRequest(start=max(0, size - 50)))).entries
            types = [(decode(each.entry_json).type, each) for each in found if each.entry_json]
            return next((each for name, each in types if name == "dokpamo.notary.v1.EntryWithheld"), None)

        word = await eventually(told)
        payload = decode(word.entry_json).content["payload"]
        assert (payload["requested_by"], payload["confirmed_by"], payload["reason"]) == ("kim", "lee", REASON)
        assert payload["leaf_hash"] == withheld.withheld.leaf_hash.hex()
        with pytest.raises(Refused) as refused:
            await kim.RequestWithholding(asked(decode(word.entry_json).event_id))
        assert refused.value.code == "NOT_WITHHOLDABLE"

        back = (await lee.RequestWithholding(asked(ids[1], RESTORE, "lifted on appeal"))).withholding
        await kim.ConfirmWithholding(confirmed(back.act_id))
        assert await entry(log, ids[1]) == whole
        acts = (await kim.ListWithholdings(pb.ListWithholdingsRequest())).withholdings
        assert [(each.kind, each.requested_by, each.confirmed_by) for each in acts] == [
            (WITHHOLD, "kim", "lee"),
            (RESTORE, "lee", "kim"),
        ]
    connection = await asyncpg.connect(notary_settings.database_url, server_settings={"search_path": "notary"})
    try:
        for rewriting in ("DELETE FROM withholding", "UPDATE withholding SET reason = 'x'", "TRUNCATE withholding"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(rewriting)
    finally:
        await connection.close()


async def test_what_cannot_be_withheld_is_refused(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    ids = event_ids(1)
    async with running(notary_settings) as log, officer(notary_settings, tmp_path, "kim") as kim:
        await send(kafka_bootstrap, [(ids[0], RuleSetFrozen(rule_set_sha256="0" * 64))])
        await covered(log, ids)
        for request, code in (
            (asked(str(uuid4())), "NOT_LOGGED"),
            (asked("nine"), "FIELD_INVALID"),
            (asked(ids[0], pb.WITHHOLDING_KIND_UNSPECIFIED), "FIELD_INVALID"),
            (asked(ids[0], reason=" "), "REASON_MISSING"),
            (asked(ids[0], RESTORE), "NOT_WITHHELD"),
        ):
            with pytest.raises(Refused) as refused:
                await kim.RequestWithholding(request)
            assert refused.value.code == code
        with pytest.raises(Refused) as refused:
            await kim.ConfirmWithholding(confirmed(str(uuid4())))
        assert refused.value.code == "WITHHOLDING_UNKNOWN"
        async with officer(notary_settings, tmp_path, "park", "assessor") as park:
            with pytest.raises(Refused) as refused:
                await park.RequestWithholding(asked(ids[0]))
            assert refused.value.status.name == "PERMISSION_DENIED"
