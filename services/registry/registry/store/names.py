"""Names in MLflow by its REST API; its client library would take more memory than the whole service."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
from common.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

IDENTITY_TAG: Final = "dokpamo.checkpoint_digest"
_TIMEOUT_SECONDS: Final = 30.0
_EXISTS: Final = "RESOURCE_ALREADY_EXISTS"
_MISSING: Final = "RESOURCE_DOES_NOT_EXIST"


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

    async def ensure_version(self, model: str, source: str, tags: Mapping[str, str]) -> str:
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
            pairs = [{"key": key, "value": value} for key, value in tags.items()]
            await self._call("POST", "/model-versions/create", {"name": model, "source": source, "tags": pairs})
        kept, *others = await self._versions(model, tags[IDENTITY_TAG])
        for other in others:
            await self._delete(model, other)
        return str(kept)

    async def mark_version(self, model: str, version: str, alias: str, tags: Mapping[str, str]) -> None:
        """Let `version` of `model`, and no other of it, be found by `alias`; set `tags` on it beside those it has.

        It is safe to repeat. Raises `MlflowAwayError` and `MlflowRefusedError`.
        """
        for key, value in tags.items():
            tag = {"name": model, "version": version, "key": key, "value": value}
            await self._call("POST", "/model-versions/set-tag", tag)
        # Last: who finds a version by the stage's name finds its outcome.
        await self._call("POST", "/registered-models/alias", {"name": model, "alias": alias, "version": version})

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
