"""The public record of running services: stage 1 is decided, a team objects and is heard, and a stranger checks all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from client.sdk.public_record import Addresses, PublicRecord
from client.stack.postgres import create_databases, with_database
from common.auth import DevelopmentIssuer
from common.clock import VirtualClockFile
from common.grpc import Client, connect
from dokpamo.intake.v1 import service_pb2 as intake
from dokpamo.selection.v1 import service_pb2 as selection
from verify.check import check
from verify.export import write

from tests.builders.delivery import eventually
from tests.builders.notary_service import running, settings_of
from tests.builders.objections_command import Commands, object_to_the_gate
from tests.builders.public_record import leaves_of
from tests.component.selection.test_service import RULES, decided_stage_one, process, ready, stage_in

if TYPE_CHECKING:
    from pathlib import Path

    from verify.export import Record


async def apply(address: str, issuer: DevelopmentIssuer) -> None:
    """Announce a call that is open, and hand in an application."""
    staff = connect(address, lambda: issuer.issue("kim", ["staff"]))
    member = connect(address, lambda: issuer.issue("lee", ["consortium"], "upstage"))
    async with staff as channel, member as own:
        client = Client(channel, "dokpamo.intake.v1.IntakeService")
        await ready(client, intake.ListCallsRequest(), "ListCalls")
        call = intake.Call(call_id="open-call", title_ko="공모", title_en="Call")
        call.opens_at.FromDatetime(RULES.dates.published)
        call.closes_at.FromDatetime(RULES.dates.decides)
        await client.OpenCall(intake.OpenCallRequest(request_id=str(uuid4()), call=call))
        application = intake.Application(
            call_id="open-call", team_id="upstage", lead_ko="업스테이지", lead_en="Upstage", plan="계획",
            contribution_plan="기여", target_model="none", wished_gpus=512,
        )  # fmt: skip
        request = intake.SubmitApplicationRequest(request_id=str(uuid4()), team_id="upstage", application=application)
        await Client(own, "dokpamo.intake.v1.IntakeService").SubmitApplication(request)


@pytest.mark.timeout(500)  # it starts Kafka, PostgreSQL and three services
async def test_the_record_of_a_decided_stage_is_checked_without_the_services(
    kafka_bootstrap: list[str], fresh_database_url: str, postgres_url: str, tmp_path: Path
) -> None:
    name = f"intake_{uuid4().hex[:8]}"
    create_databases(postgres_url, (name,))
    settings = settings_of(tmp_path, kafka_bootstrap, fresh_database_url)
    issuer = DevelopmentIssuer(tmp_path / "issuer.pem")
    clock = VirtualClockFile(tmp_path / "clock")
    clock.create()
    clock.advance(RULES.dates.published)
    databases = with_database(postgres_url, name)
    with (
        process("selection", tmp_path, kafka_bootstrap, databases) as selection_address,
        process("intake", tmp_path, kafka_bootstrap, databases) as intake_address,
    ):
        async with running(settings), connect(selection_address, lambda: issuer.issue("kim", ["staff"])) as staff:
            client = Client(staff, "dokpamo.selection.v1.SelectionService")
            await ready(client, selection.ListStagesRequest(), "ListStages")
            await apply(intake_address, issuer)
            await decided_stage_one(client, clock, kafka_bootstrap)
            ended = await object_to_the_gate(Commands(selection_address, issuer), tmp_path)
            assert (ended["outcome"], ended["result_version"]) == ("recomputed", 2)
            assert ended["difference"]["joined"] == ["naver-cloud"]
            clock.advance(RULES.dates.decides + timedelta(days=11))
            final = await stage_in(client, "final")
            assert "naver-cloud" in {each.team_id for each in final.standings if each.outcome == "advanced"}
            addresses = Addresses(settings.grpc_listen, selection_address, intake_address)
            async with PublicRecord(addresses) as public:

                async def released() -> Record | None:
                    """The record once the release, which follows the final decision, has come to the notary."""
                    fetched = await public.fetch(lambda _done, _total: None)
                    return fetched if any(b"ResultsReleased" in each for each in leaves_of(fetched)) else None

                record = await eventually(released, 60)
    write(record, tmp_path / "export")
    report = check(tmp_path / "export", fingerprint=record.log_id)
    assert json.dumps(report.document()["findings"], ensure_ascii=False) == "[]"
    assert report.decisions == ["stage-1"]
    assert report.superseded == [("stage-1", 1)]
    assert report.receipts == 1
    assert report.rule_sets >= 1
