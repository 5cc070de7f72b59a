"""The two things a job does: train and push, or fetch and measure."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from client.sdk.transfer import LocalFile, PartSource, download

from scale_model import checkpoint
from scale_model.job import JobInvalidError, TrainingJob
from scale_model.measuring import measure
from scale_model.network import INITIALISATION_SHA256, Shape, initial
from scale_model.reporting import RESULT, StepReport, say
from scale_model.training import train

if TYPE_CHECKING:
    from client.sdk.checkpoints import Signer
    from common.grpc import Client
    from dokpamo.registry.v1 import service_pb2 as pb

    from scale_model.job import EvaluationJob
    from scale_model.network import Weights


async def train_and_push(job: TrainingJob) -> None:
    """Train `job`, push its checkpoint, print its digest; a job that has a committed one pushes no second."""
    # Measuring needs none of this: the registry's contract and gRPC are loaded where something is pushed.
    from client.sdk.checkpoints import SERVICE, checkpoint_of_job, push
    from common.grpc import Client, connect

    async with connect(job.registry_address, lambda: job.token) as channel:
        registry = Client(channel, SERVICE)
        committed = await checkpoint_of_job(registry, job.team_id, job.job_id)
        if committed is not None:
            say(RESULT, {"checkpoint_digest": committed.checkpoint_digest, "loss": "", "pushed": False})
            return
        signer = await _signer(job)
        with tempfile.TemporaryDirectory(prefix="scale-model-") as temporary:
            weights, shape = await _starting_weights(job, registry, Path(temporary) / "parent")
            report = StepReport(job.steps)
            train(weights, shape, seed=job.seed, steps=job.steps, continued=bool(job.parent_checkpoint), report=report)
            folder = Path(temporary) / "checkpoint"
            checkpoint.save(folder, weights, shape, job, report.log)
            committed = await push(
                registry,
                folder,
                team_id=job.team_id,
                model=job.model,
                declaration=_declaration(job, shape, checkpoint.log_sha256(folder)),
                signer=signer,
            )
        loss = f"{report.log[-1].loss:.4f}"
        say(RESULT, {"checkpoint_digest": committed.checkpoint_digest, "loss": loss, "pushed": True})


async def fetch_and_measure(job: EvaluationJob) -> None:
    """Fetch the checkpoint of `job` by its presigned URLs, measure it on held-out bytes, print the figures."""
    files = [LocalFile(source.path, source.size_bytes, source.sha256) for source in job.sources]
    parts = [
        PartSource(source.path, part.offset_bytes, part.size_bytes, bytes.fromhex(part.sha256), part.url)
        for source in job.sources
        for part in source.parts
    ]
    with tempfile.TemporaryDirectory(prefix="scale-model-") as temporary:
        await download(files, parts, Path(temporary))
        weights, shape = checkpoint.load(Path(temporary))
    found = measure(weights, shape)
    say(
        RESULT,
        {
            "run_id": job.run_id,
            "checkpoint_digest": job.checkpoint_digest,
            "items": found.items,
            "accuracy": str(found.accuracy),
            "bits_per_byte": str(found.bits_per_byte),
        },
    )


async def _starting_weights(job: TrainingJob, registry: Client, folder: Path) -> tuple[Weights, Shape]:
    if not job.parent_checkpoint:
        shape = Shape(hidden_units=job.hidden_units)
        return initial(shape, job.seed), shape
    from client.sdk.checkpoints import pull

    await pull(registry, job.parent_checkpoint, folder, team_id=job.team_id)
    return checkpoint.load(folder)


async def _signer(job: TrainingJob) -> Signer | None:
    """Return what signs the push; `None` for a team that has no key.

    It is looked for before anything is trained: the registry would refuse the push hours later. Raises
    `JobInvalidError` and `Refused`.
    """
    from client.sdk.calls import listed
    from client.sdk.signing import signer

    access = (job.registry_address, lambda: job.token)
    keys = await listed("dokpamo.registry.v1.TeamKeysService", access, "ListKeys", "keys", team_id=job.team_id)
    live = {key.key_id for key in keys if not key.HasField("retired_at")}
    own = _own_key(job)
    if own is None and not live:
        return None
    if own not in live:
        found = "there is no such file" if own is None else f"it holds {own}"
        rule = f"must hold a key that is registered for {job.team_id}, which signs what it commits; {found}"
        raise JobInvalidError("signing_key_file", job.signing_key_file, rule)
    return signer(Path(job.signing_key_file))


def _own_key(job: TrainingJob) -> str | None:
    """Return the id of the key that the team has put where its jobs run. Raises `JobInvalidError`."""
    from client.sdk.signing import prove
    from common.auth import NotAKeyError
    from weights.signing import key_id

    file = Path(job.signing_key_file)
    if not job.signing_key_file or not file.exists():
        return None
    try:
        public_key, _ = prove(job.team_id, file)
    except (NotAKeyError, OSError) as error:
        raise JobInvalidError("signing_key_file", job.signing_key_file, f"must hold a key: {error}") from error
    return key_id(public_key)


def _declaration(job: TrainingJob, shape: Shape, log_sha256: str) -> pb.Declaration:
    from dokpamo.registry.v1 import service_pb2 as pb

    started_from = pb.LineageEdge(
        component="model",
        owner="own" if job.parent_checkpoint else "none",
        kind="weights",
        parent=job.parent_checkpoint,
    )
    return pb.Declaration(
        licence=job.licence,
        seed=job.seed,
        period=job.period,
        job_id=job.job_id,
        parameters=shape.parameters(),
        lineage=[started_from],
        training_log_sha256=log_sha256,
        initialisation_sha256=INITIALISATION_SHA256,
        dtype="F32",
    )
