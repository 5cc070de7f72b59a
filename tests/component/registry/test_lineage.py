"""Lineage over versions and teams, on a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from common.errors import Refused
from dokpamo.registry.v1 import lineage_pb2 as lineage
from dokpamo.registry.v1 import service_pb2 as pb

from tests.builders.registry_service import TEAM, checkpoint_folder, declaration, put_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders.registry_service import RunningRegistry

SERVICE = "dokpamo.registry.v1.LineageService"


def edge(parent: str, **more: object) -> pb.LineageEdge:
    usual = {"component": "transformer", "owner": "own", "kind": "weights", "share": "0.75", "evidence": ["run-7"]}
    return pb.LineageEdge(**{**usual, "parent": parent, **more})  # type: ignore[arg-type] # fields of the message


async def test_a_graph_shows_where_versions_come_from_and_what_came_of_them(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    third = edge("siglip-2", component="vision encoder", owner="third-party", frozen=True, share="")
    scratch = pb.LineageEdge(component="transformer", owner="none", kind="weights")
    said = {
        "root": declaration(lineage=[scratch, third], training_log_sha256="ab" * 32, initialisation_sha256="cd" * 32)
    }
    async with registry.client("consortium", team=TEAM) as team:
        root = await put_all(team, checkpoint_folder(tmp_path / "root", seed=1), said["root"])
        left = declaration(lineage=[edge(root.checkpoint_digest)], seed=2)
        one = await put_all(team, checkpoint_folder(tmp_path / "one", seed=2), left)
        two = await put_all(team, checkpoint_folder(tmp_path / "two", seed=3), left, model="solar-small")
        merged = declaration(lineage=[edge(one.checkpoint_digest, share="0.5"), edge(two.checkpoint_digest)])
        last = await put_all(team, checkpoint_folder(tmp_path / "last", seed=4), merged)
        await put_all(team, checkpoint_folder(tmp_path / "other", seed=5), declaration())
    async with registry.client(service=SERVICE) as anyone:
        around = await anyone.GetLineage(lineage.GetLineageRequest(checkpoint_digest=one.checkpoint_digest))
        of_model = await anyone.GetLineage(lineage.GetLineageRequest(team_id=TEAM, model="solar-small"))
        with pytest.raises(Refused) as unknown:
            await anyone.GetLineage(lineage.GetLineageRequest(checkpoint_digest="0" * 64))
        with pytest.raises(Refused) as nothing:
            await anyone.GetLineage(lineage.GetLineageRequest())
    family = [each.checkpoint_digest for each in (root, one, two, last)]
    assert [node.node_id for node in around.nodes] == [*family, "siglip-2"]
    assert [node.kind for node in around.nodes] == [1, 1, 1, 1, 2]
    first = around.nodes[0]
    assert (first.seed, first.training_log_sha256, first.initialisation_sha256) == (1, "ab" * 32, "cd" * 32)
    assert {(link.child_id, link.parent_id, link.edge.share) for link in around.links} == {
        (root.checkpoint_digest, "siglip-2", ""),
        (one.checkpoint_digest, root.checkpoint_digest, "0.75"),
        (last.checkpoint_digest, one.checkpoint_digest, "0.5"),
        (last.checkpoint_digest, two.checkpoint_digest, "0.75"),
    }
    assert list(around.links[1].edge.evidence) == ["run-7"]
    assert [node.node_id for node in of_model.nodes] == [root.checkpoint_digest, two.checkpoint_digest]
    assert unknown.value.status is grpc.StatusCode.NOT_FOUND
    assert (nothing.value.code, nothing.value.facts["field"]) == ("FIELD_INVALID", "team_id")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"share": "1.5"}, "declaration.lineage[0].share"),
        ({"share": "a half"}, "declaration.lineage[0].share"),
        ({"evidence": ["x"] * 17}, "declaration.lineage[0].evidence"),
        ({"evidence": [""]}, "declaration.lineage[0].evidence[0]"),
        ({"owner": "none", "parent": "", "share": "0.1"}, "declaration.lineage[0].share"),
    ],
)
async def test_what_is_declared_badly_is_refused(
    registry: RunningRegistry, tmp_path: Path, wrong: dict[str, object], field: str
) -> None:
    said = declaration(lineage=[edge(**{"parent": "someone", "owner": "third-party", **wrong})])  # type: ignore[arg-type] # as above
    async with registry.client("consortium", team=TEAM) as team:
        with pytest.raises(Refused) as refusal:
            await put_all(team, checkpoint_folder(tmp_path / "checkpoint"), said)
    assert (refusal.value.code, refusal.value.facts["field"]) == ("FIELD_INVALID", field)
