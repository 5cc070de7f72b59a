"""Names in MLflow by its REST API; its client library would take more memory than the whole service."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
from common.errors import TransientError

from registry.domain.catalogue import IDENTITY_TAG, Registered, Version

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime
    from types import TracebackType

    from registry.handlers.naming import Run

_TIMEOUT_SECONDS: Final = 30.0
_PAGE: Final = 500
_EXISTS: Final = "RESOURCE_ALREADY_EXISTS"
_MISSING: Final = "RESOURCE_DOES_NOT_EXIST"
_INVALID: Final = "INVALID_PARAMETER_VALUE"


class MlflowAwayError(TransientError):
    """MLflow cannot be reached or answered with a server error."""

    def __init__(self, address: str, problem: str) -> None:
        """Keep the `address` and the `problem` in words."""
        super().__init__(f"MLflow at {address} is away: {problem}")
        self.address = address
        self.problem = problem


class MlflowRefusedError(Exception):
    """MLflow refused a request."""

    def __init__(self, call: str, code: str, answer: str) -> None:
        """Keep the `call`, MLflow's error `code` and its `answer`."""
        super().__init__(f"MLflow refused {call} with {code}: {answer}")
        self.call = call
        self.code = code
        self.answer = answer


class MlflowNames:
    """The handlers' `ModelNames`; a part, to be entered before use."""

    def __init__(self, address: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Talk to MLflow at `address`, for example "http://127.0.0.1:5000"; `transport` is for tests."""
        self._address = address.rstrip("/")
        self._stack = AsyncExitStack()
        self._http = httpx.AsyncClient(
            base_url=f"{self._address}/api/2.0/mlflow",
            timeout=_TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Open the connections; MLflow itself is needed only when something is named."""
        await self._stack.enter_async_context(self._http)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._stack.aclose()

    async def ensure_run(self, model: str, run: Run) -> str:
        """Return the id of the run of `model` that carries the identity in the tags of `run`, made if it is missing.

        Where two workers made one at the same moment, both keep the same. Raises as `ensure_version`.
        """
        experiment = await self._experiment(model)
        if not await self._runs(experiment, run.tags[IDENTITY_TAG]):
            made = {
                "experiment_id": experiment,
                "run_name": run.name,
                "start_time": _milliseconds(run.at),
                "tags": _pairs(run.tags),
            }
            await self._call("POST", "/runs/create", made)
        kept, *others = await self._runs(experiment, run.tags[IDENTITY_TAG])
        for other in others:
            await self._call("POST", "/runs/delete", {"run_id": other})
        await self._call("POST", "/runs/log-batch", {"run_id": kept, "params": _pairs(run.parameters)})
        ended = {"run_id": kept, "status": "FINISHED", "end_time": _milliseconds(run.at)}
        await self._call("POST", "/runs/update", ended)
        return kept

    async def ensure_version(self, model: str, source: str, tags: Mapping[str, str], run_id: str = "") -> str:
        """Return the version of `model` that carries the identity in `tags`, made if it is missing.

        Where two workers made one at the same moment, both keep the lower. Raises `MlflowAwayError` and
        `MlflowRefusedError`.
        """
        try:
            await self._call("POST", "/registered-models/create", {"name": model})
        except MlflowRefusedError as refusal:
            if refusal.code != _EXISTS:
                raise
        if not await self._versions(model, tags[IDENTITY_TAG]):
            made = {"name": model, "source": source, "tags": _pairs(tags), **({"run_id": run_id} if run_id else {})}
            await self._call("POST", "/model-versions/create", made)
        kept, *others = await self._versions(model, tags[IDENTITY_TAG])
        for other in others:
            await self._delete(model, other)
        return str(kept)

    async def mark_version(self, model: str, version: str, alias: str, tags: Mapping[str, str]) -> None:
        """Let `version` of `model`, and no other of it, be found by `alias`; set `tags` on it beside those it has.

        It is safe to repeat. Raises `MlflowAwayError` and `MlflowRefusedError`.
        """
        await self.set_tags(model, version, tags)
        # Last: who finds a version by the stage's name finds its outcome.
        await self.move_alias(model, alias, version)

    async def set_tags(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Set `tags` on a version beside those that it has. Raises as `mark_version`."""
        for key, value in tags.items():
            tag = {"name": model, "version": version, "key": key, "value": value}
            await self._call("POST", "/model-versions/set-tag", tag)

    async def move_alias(self, model: str, alias: str, version: str) -> None:
        """Let `alias` of `model` name `version`, or nothing for "". Raises as `mark_version`."""
        if version:
            await self._call("POST", "/registered-models/alias", {"name": model, "alias": alias, "version": version})
            return
        try:
            await self._call("DELETE", "/registered-models/alias", {"name": model, "alias": alias})
        except MlflowRefusedError as refusal:
            if refusal.code not in {_MISSING, _INVALID}:
                raise

    async def models(self) -> list[str]:
        """Return the names of all registered models, whoever made them."""
        found = self._pages("/registered-models/search", {}, "registered_models")
        return [model["name"] async for model in found]

    async def registered(self, model: str) -> Registered | None:
        """Return a registered model as it is; `None` where there is none of that name."""
        try:
            found = await self._call("GET", "/registered-models/get", {"name": model})
        except MlflowRefusedError as refusal:
            if refusal.code == _MISSING:
                return None
            raise
        aliases = {each["alias"]: str(each["version"]) for each in found["registered_model"].get("aliases", [])}
        wanted = {"filter": f"name='{model}'"}
        versions = [_version(each) async for each in self._pages("/model-versions/search", wanted, "model_versions")]
        return Registered(model, tuple(sorted(versions, key=lambda each: int(each.version))), aliases)

    async def _experiment(self, name: str) -> str:
        """Return the id of the experiment of this name, made if it is missing and restored if it was deleted."""
        try:
            await self._call("POST", "/experiments/create", {"name": name})
        except MlflowRefusedError as refusal:
            if refusal.code != _EXISTS:
                raise
        found = (await self._call("GET", "/experiments/get-by-name", {"experiment_name": name}))["experiment"]
        # Somebody who deletes it must not keep versions from being named.
        if found.get("lifecycle_stage") == "deleted":
            await self._call("POST", "/experiments/restore", {"experiment_id": found["experiment_id"]})
        return str(found["experiment_id"])

    async def _runs(self, experiment: str, identity: str) -> list[str]:
        """Return the runs with this identity, in one order for everybody."""
        wanted = {"experiment_ids": [experiment], "filter": f"tags.`{IDENTITY_TAG}` = '{identity}'", "max_results": 100}
        found = await self._call("POST", "/runs/search", wanted)
        return sorted(str(run["info"]["run_id"]) for run in found.get("runs", []))

    async def _pages(self, path: str, wanted: Mapping[str, str], key: str) -> AsyncIterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = await self._call("GET", path, {**wanted, "max_results": _PAGE, **token})
            for each in page.get(key, []):
                yield each
            if not page.get("next_page_token"):
                return
            token = {"page_token": page["next_page_token"]}

    async def _versions(self, model: str, identity: str) -> list[int]:
        """Return the versions of `model` with this identity, the lowest first."""
        found = await self._call(
            "GET",
            "/model-versions/search",
            {"filter": f"name='{model}' and tag.`{IDENTITY_TAG}`='{identity}'", "max_results": 100},
        )
        return sorted(int(each["version"]) for each in found.get("model_versions", []))

    async def _delete(self, model: str, version: int) -> None:
        try:
            await self._call("DELETE", "/model-versions/delete", {"name": model, "version": str(version)})
        except MlflowRefusedError as refusal:
            # The other worker was quicker.
            if refusal.code != _MISSING:
                raise

    async def _call(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            if method == "GET":
                answer = await self._http.get(path, params=dict(body))
            else:
                answer = await self._http.request(method, path, json=dict(body))
        except httpx.TransportError as error:
            raise MlflowAwayError(self._address, repr(error)) from error
        if answer.is_server_error:
            raise MlflowAwayError(self._address, f"HTTP {answer.status_code}: {answer.text[:200]}")
        document: dict[str, Any] = answer.json()
        if not answer.is_success:
            raise MlflowRefusedError(path, str(document.get("error_code")), str(document.get("message"))[:300])
        return document


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _version(found: Mapping[str, Any]) -> Version:
    tags = {tag["key"]: tag["value"] for tag in found.get("tags", [])}
    stage = str(found.get("current_stage") or "None")
    return Version(
        str(found["version"]),
        found.get("source", ""),
        tags,
        found.get("run_id") or "",
        "" if stage == "None" else stage,
    )


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
