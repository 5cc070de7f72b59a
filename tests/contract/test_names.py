"""What the registry expects of the catalogue of names, on the one in memory and on a real MLflow."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from client.stack.mlflow_server import BUCKET, DATABASE, mlflow_part
from client.stack.ports import free_ports
from client.stack.postgres import create_databases
from client.stack.single import SinglePart
from registry.domain.catalogue import IDENTITY_TAG
from registry.store.names import MlflowAwayError, MlflowNames

from tests.builders.names_in_memory import NamesInMemory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from client.stack.seaweed import S3Access
    from registry.handlers import ModelNames

SOURCE = f"s3://{BUCKET}/manifests/x"


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory, postgres_url: str, s3: S3Access) -> Iterator[SinglePart]:
    folder: Path = tmp_path_factory.mktemp("mlflow")
    create_databases(postgres_url, (DATABASE,))
    (port,) = free_ports(1)
    with SinglePart(mlflow_part(folder / "mlflow", port, postgres_url, s3), folder / "mlflow.log") as part:
        yield part


@pytest.fixture(params=["memory", "mlflow"])
async def workers(request: pytest.FixtureRequest) -> AsyncIterator[list[ModelNames]]:
    """Two workers that name things in the same catalogue."""
    if request.param == "memory":
        names = NamesInMemory()
        yield [names, names]
        return
    server: SinglePart = request.getfixturevalue("mlflow")
    async with AsyncExitStack() as parts:
        yield [await parts.enter_async_context(MlflowNames(server.address)) for _ in range(2)]


async def aliased(
    request: pytest.FixtureRequest, worker: ModelNames, name: str, alias: str
) -> tuple[str, dict[str, str]]:
    """The version of a model that an alias names, and its tags."""
    if isinstance(worker, NamesInMemory):
        return worker.aliased(name, alias)
    async with httpx.AsyncClient(base_url=f"{request.getfixturevalue('mlflow').address}/api/2.0/mlflow") as http:
        answer = await http.get("/registered-models/alias", params={"name": name, "alias": alias})
    version = answer.raise_for_status().json()["model_version"]
    return version["version"], {tag["key"]: tag["value"] for tag in version["tags"]}


def checkpoint() -> dict[str, str]:
    return {IDENTITY_TAG: uuid4().hex * 2, "dokpamo.period": "2025-h2", "dokpamo.job_id": ""}


def model() -> str:
    return f"upstage.solar-{uuid4().hex[:8]}"


async def test_each_checkpoint_has_the_next_version_of_its_model(workers: list[ModelNames]) -> None:
    name = model()
    assert [await workers[0].ensure_version(name, SOURCE, checkpoint()) for _ in range(3)] == ["1", "2", "3"]
    assert await workers[0].ensure_version(model(), SOURCE, checkpoint()) == "1"


async def test_a_checkpoint_is_named_once_however_often_it_is_asked_for(workers: list[ModelNames]) -> None:
    name, one, other = model(), checkpoint(), checkpoint()
    first = await workers[0].ensure_version(name, SOURCE, one)
    assert await workers[0].ensure_version(name, SOURCE, other) != first
    assert await workers[1].ensure_version(name, SOURCE, one) == first


async def test_two_workers_at_the_same_moment_give_one_name(workers: list[ModelNames]) -> None:
    name, one = model(), checkpoint()
    given = await asyncio.gather(*(worker.ensure_version(name, SOURCE, one) for worker in workers * 2))
    later = await workers[0].ensure_version(name, SOURCE, one)
    # A worker may have been told the version that gave way to a lower one; whoever asks from now on is told the same.
    assert later == min(given, key=int)
    assert await workers[1].ensure_version(name, SOURCE, one) == later


async def test_an_alias_is_one_versions_of_a_model_and_tags_are_set_beside_those_it_has(
    workers: list[ModelNames], request: pytest.FixtureRequest
) -> None:
    name, other, one = model(), model(), checkpoint()
    versions = [await workers[0].ensure_version(name, SOURCE, each) for each in (one, checkpoint())]
    away = await workers[0].ensure_version(other, SOURCE, checkpoint())
    for _ in range(2):
        await workers[0].mark_version(name, versions[0], "stage-1", {"dokpamo.stage-1.outcome": "advanced"})
    await workers[1].mark_version(name, versions[0], "stage_latest", {"dokpamo.latest.outcome": "advanced"})
    await workers[1].mark_version(other, away, "stage-1", {"dokpamo.stage-1.outcome": "eliminated"})
    assert await aliased(request, workers[0], name, "stage-1") == (
        versions[0],
        {**one, "dokpamo.stage-1.outcome": "advanced", "dokpamo.latest.outcome": "advanced"},
    )
    assert (await aliased(request, workers[0], name, "stage_latest"))[0] == versions[0]
    assert (await aliased(request, workers[0], other, "stage-1"))[0] == away
    # Decided otherwise, and about another version.
    await workers[1].mark_version(name, versions[0], "stage-1", {"dokpamo.stage-1.outcome": "eliminated"})
    assert (await aliased(request, workers[0], name, "stage-1"))[1]["dokpamo.stage-1.outcome"] == "eliminated"
    await workers[1].mark_version(name, versions[1], "stage-1", {"dokpamo.stage-1.outcome": "advanced"})
    assert (await aliased(request, workers[0], name, "stage-1"))[0] == versions[1]
    # Marks are no identity: the version is found by it as before.
    assert await workers[0].ensure_version(name, SOURCE, one) == versions[0]


async def test_of_two_versions_of_one_checkpoint_the_lower_stays(mlflow: SinglePart) -> None:
    name, one = model(), checkpoint()
    async with (
        MlflowNames(mlflow.address) as names,
        httpx.AsyncClient(base_url=f"{mlflow.address}/api/2.0/mlflow") as http,
    ):
        first = await names.ensure_version(name, SOURCE, one)
        tags = [{"key": key, "value": value} for key, value in one.items()]
        again = await http.post("/model-versions/create", json={"name": name, "source": SOURCE, "tags": tags})
        assert again.is_success
        assert await names.ensure_version(name, SOURCE, one) == first
        found: dict[str, Any] = (await http.get("/model-versions/search", params={"filter": f"name='{name}'"})).json()
        assert [version["version"] for version in found["model_versions"]] == [first]
        assert {tag["key"]: tag["value"] for tag in found["model_versions"][0]["tags"]} == one


async def test_a_catalogue_that_is_away_is_waited_for() -> None:
    async with MlflowNames(f"http://127.0.0.1:{free_ports(1)[0]}") as names:
        with pytest.raises(MlflowAwayError):
            await names.ensure_version(model(), SOURCE, checkpoint())
        with pytest.raises(MlflowAwayError):
            await names.mark_version(model(), "1", "stage-1", {"dokpamo.stage-1.outcome": "advanced"})
