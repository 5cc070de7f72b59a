"""What the registry expects of the catalogue of names, on the one in memory and on a real MLflow."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
import registry.store.names
from client.stack.mlflow_server import BUCKET, DATABASE, mlflow_part
from client.stack.ports import free_ports
from client.stack.postgres import create_databases
from client.stack.single import SinglePart
from registry.domain.catalogue import IDENTITY_TAG, Expected, Kind, Version, differences
from registry.handlers.naming import Run
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


async def test_a_checkpoint_has_one_run_however_often_it_is_asked_for(workers: list[ModelNames]) -> None:
    name, one = model(), checkpoint()
    made = Run("v1", {"seed": "18446744073709551615", "licence": "Apache-2.0"}, one, datetime(2026, 1, 2, tzinfo=UTC))
    first = await workers[0].ensure_run(name, made)
    assert await workers[1].ensure_run(name, made) == first
    assert await workers[0].ensure_run(name, replace(made, tags=checkpoint())) != first
    assert await workers[0].ensure_version(name, SOURCE, one, first) == "1"
    registered = await workers[1].registered(name)
    assert registered is not None
    assert registered.versions == (Version("1", SOURCE, one, first),)


async def test_runs_are_made_although_somebody_deleted_those_before(mlflow: SinglePart) -> None:
    name = model()
    async with (
        MlflowNames(mlflow.address) as names,
        httpx.AsyncClient(base_url=f"{mlflow.address}/api/2.0/mlflow") as http,
    ):
        runs = [Run("v1", {"seed": "1"}, checkpoint(), datetime(2026, 1, 2, tzinfo=UTC)) for _ in range(2)]
        first = await names.ensure_run(name, runs[0])
        experiment = (await http.get("/runs/get", params={"run_id": first})).json()["run"]["info"]["experiment_id"]
        (await http.post("/experiments/delete", json={"experiment_id": experiment})).raise_for_status()
        assert await names.ensure_run(name, runs[1]) != first
        assert await names.ensure_run(name, runs[0]) == first


async def test_what_is_registered_is_told_with_tags_and_aliases(workers: list[ModelNames]) -> None:
    name, other, one, two = model(), model(), checkpoint(), checkpoint()
    assert await workers[0].registered(name) is None
    for each in (one, two):
        await workers[0].ensure_version(name, SOURCE, each)
    await workers[0].ensure_version(other, SOURCE, checkpoint())
    await workers[0].set_tags(name, "2", {"dokpamo.period": "2031-h1", "note": "한글"})
    for alias, version in (
        ("candidate", "2"),
        ("champion", "1"),
        ("candidate", "1"),
        ("champion", ""),
        ("champion", ""),
    ):
        await workers[0].move_alias(name, alias, version)
    registered = await workers[1].registered(name)
    assert registered is not None
    assert registered.aliases == {"candidate": "1"}
    assert [(version.version, version.tags) for version in registered.versions] == [
        ("1", one),
        ("2", {**two, "dokpamo.period": "2031-h1", "note": "한글"}),
    ]
    assert {name, other} <= set(await workers[1].models())


async def test_more_versions_than_a_page_has_are_all_told(mlflow: SinglePart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.store.names, "_PAGE", 2)
    name = model()
    async with MlflowNames(mlflow.address) as names:
        for _ in range(5):
            await names.ensure_version(name, SOURCE, checkpoint())
        registered = await names.registered(name)
        assert registered is not None
        assert [version.version for version in registered.versions] == ["1", "2", "3", "4", "5"]
        assert name in await names.models()


async def test_what_others_do_to_a_model_is_seen_and_named(mlflow: SinglePart) -> None:
    name, one, two = model(), checkpoint(), checkpoint()
    async with (
        MlflowNames(mlflow.address) as names,
        httpx.AsyncClient(base_url=f"{mlflow.address}/api/2.0/mlflow") as http,
    ):
        run_id = await names.ensure_run(name, Run("v1", {"seed": "1"}, one, datetime(2026, 1, 2, tzinfo=UTC)))
        for each, run in ((one, run_id), (two, "")):
            await names.ensure_version(name, SOURCE, each, run)
        await names.move_alias(name, "candidate", "2")
        versions = (Version("1", SOURCE, one, run_id), Version("2", SOURCE, two))
        expected = Expected("upstage", name, versions, {"candidate": "2", "champion": ""})
        found = await names.registered(name)
        assert found is not None
        assert list(differences(expected, found)) == []
        for path, body in (
            ("/model-versions/create", {"name": name, "source": "s3://elsewhere/x"}),
            ("/model-versions/transition-stage", {"name": name, "version": "1", "stage": "Production"}),
            ("/registered-models/alias", {"name": name, "alias": "candidate", "version": "3"}),
            ("/registered-models/alias", {"name": name, "alias": "best", "version": "1"}),
        ):
            (await http.post(path, json=body)).raise_for_status()
        gone = {"name": name, "version": "2", "key": "dokpamo.period"}
        (await http.request("DELETE", "/model-versions/delete-tag", json=gone)).raise_for_status()
        found = await names.registered(name)
        assert found is not None
        assert {(each.kind, each.subject, each.field) for each in differences(expected, found)} == {
            (Kind.STAGE_SET, f"{name}/1", "stage"),
            (Kind.TAG_CHANGED, f"{name}/2", "dokpamo.period"),
            (Kind.VERSION_FOREIGN, f"{name}/3", IDENTITY_TAG),
            (Kind.ALIAS_MOVED, name, "candidate"),
            (Kind.ALIAS_FOREIGN, name, "best"),
        }
        (await http.request("DELETE", "/model-versions/delete", json={"name": name, "version": "2"})).raise_for_status()
        found = await names.registered(name)
        assert found is not None
        assert Kind.VERSION_MISSING in {each.kind for each in differences(expected, found)}
        assert await names.ensure_version(name, SOURCE, two) == "4"


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
            await names.registered(model())
        with pytest.raises(MlflowAwayError):
            await names.mark_version(model(), "1", "stage-1", {"dokpamo.stage-1.outcome": "advanced"})
