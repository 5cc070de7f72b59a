"""Graphs of lineage as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from dokpamo.registry.v1 import lineage_pb2 as pb

from registry.wire.checkpoints import from_checkpoint, from_edge

if TYPE_CHECKING:
    from registry.domain.checkpoint import Checkpoint
    from registry.domain.lineage import Graph


def from_graph(graph: Graph) -> pb.GetLineageResponse:
    """Return `graph` as a message."""
    external = [pb.LineageNode(node_id=name, kind=pb.LINEAGE_NODE_KIND_EXTERNAL) for name in graph.external]
    return pb.GetLineageResponse(
        nodes=[*map(_node, graph.checkpoints), *external],
        links=[
            pb.LineageLink(child_id=link.child, parent_id=link.parent, edge=from_edge(link.edge))
            for link in graph.links
        ],
        truncated=graph.truncated,
    )


def _node(checkpoint: Checkpoint) -> pb.LineageNode:
    said = checkpoint.declaration
    return pb.LineageNode(
        node_id=checkpoint.checkpoint_digest,
        kind=pb.LINEAGE_NODE_KIND_CHECKPOINT,
        team_id=checkpoint.team_id,
        model=checkpoint.model,
        version=checkpoint.version,
        committed_at=stamp(checkpoint.committed_at),
        seed=said.seed,
        parameters=said.parameters,
        job_id=said.job_id,
        training_log_sha256=said.training_log_sha256,
        initialisation_sha256=said.initialisation_sha256,
        outcomes=from_checkpoint(checkpoint).outcomes,
    )
