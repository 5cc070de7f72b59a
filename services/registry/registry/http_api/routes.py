"""The addresses of a hub of models, for what is released. Only GET and HEAD."""

from __future__ import annotations

import json
import time
from contextlib import aclosing, asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import structlog
from common.errors import Refused, TransientError
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from registry import handlers
from registry.domain.byte_range import ByteRange, RangeNotSatisfiableError
from registry.domain.listing import MOST_FILES
from registry.domain.release import parse_revision
from registry.http_api import documents, refusals
from registry.http_api.asking import asked_paths, has_it, is_true, part_of
from registry.http_api.streaming import BytesResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from common.auth import Actor, Authenticator
    from common.database import Database, Transaction
    from starlette.requests import Request
    from weights.manifest import FileEntry

    from registry.domain.integrity import KeptPart
    from registry.domain.release import Release
    from registry.handlers import Objects, Releases, Scrubs

    Answer = Callable[["Hub", Request], Awaitable[Response]]

log = structlog.get_logger()

_BEARER: Final = "bearer "
_TREE_PAGE: Final = 1_000
_LIST_PAGE: Final = 500
_MOST_REFS: Final = 500
_LONGEST_LOGGED: Final = 300


def _answered(answer: Answer) -> Answer:
    """Return `answer` with its refusals, and what is away, as HTTP has them."""

    @wraps(answer)
    async def wrapped(hub: Hub, request: Request) -> Response:
        if "\0" in request.url.path + request.query_params.get("author", ""):
            # No name has one, and the database takes none.
            return refusals.NO_PAGE.response()
        begun = time.perf_counter()
        made = await _made(hub, request, answer)
        log.info(
            "download.answered",
            method=request.method,
            path=request.url.path[:_LONGEST_LOGGED],
            range=request.headers.get("range", "")[:_LONGEST_LOGGED],
            status=made.status_code,
            ms=round((time.perf_counter() - begun) * 1000, 1),
        )
        return made

    return wrapped


async def _made(hub: Hub, request: Request, answer: Answer) -> Response:
    try:
        return await answer(hub, request)
    except refusals.RefusedError as refused:
        return refused.refusal.response()
    except RangeNotSatisfiableError as error:
        return refusals.no_such_range(error.size_bytes).response()
    except TransientError as error:
        log.warning("download.away", error=str(error))
        return refusals.AWAY.response()


class Hub:
    """Releases by HTTP: their files, and what a hub tells of models."""

    def __init__(
        self,
        database: Database,
        releases: Callable[[Transaction], Releases],
        scrubs: Callable[[Transaction], Scrubs],
        objects: Objects,
        authenticator: Authenticator,
        *,
        most_at_once: int,
    ) -> None:
        """Read in `database` and `objects`; send at most so many files at once.

        Nothing is written, but to `scrubs` that a part could not be read.
        """
        self._database = database
        self._releases = releases
        self._scrubs = scrubs
        self._objects = objects
        self._authenticator = authenticator
        self._room = most_at_once

    def application(self) -> Starlette:
        """Return the ASGI application."""
        model = "/api/models/{team}/{model}"
        application = Starlette(
            routes=[
                Route("/healthz", self.health),
                Route("/api/models", self.list),
                Route(model, self.model),
                Route(model + "/revision/{revision}", self.model),
                Route(model + "/tree/{revision}", self.tree),
                Route(model + "/tree/{revision}/{path:path}", self.tree),
                # It asks and changes nothing: by POST since paths may be many.
                Route(model + "/paths-info/{revision}", self.paths, methods=["POST"]),
                Route(model + "/refs", self.refs),
                Route("/{team}/{model}/resolve/{revision}/{path:path}", self.resolve),
            ],
            exception_handlers={404: _no_page, 405: _only_reading},
        )
        # Nobody is sent to where he did not ask, by a host that he named.
        application.router.redirect_slashes = False
        return application

    async def health(self, _request: Request) -> Response:
        """Whether it can answer."""
        ready = await self._database.ready()
        return Response("ready" if ready else "not ready", 200 if ready else 503, media_type="text/plain")

    @_answered
    async def list(self, request: Request) -> Response:
        """The last version of each released model, of one team where `author` says so."""
        async with self._opened() as releases:
            found, _ = await releases.page(request.query_params.get("author", ""), "", _LIST_PAGE, 0)
        last: dict[str, Release] = {}
        for release in found:
            if release.withdrawal is None:
                last.setdefault(release.repository, release)
        return _json([documents.listed(release) for release in last.values()])

    @_answered
    async def model(self, request: Request) -> Response:
        """A model at one of its versions, with its files."""
        async with self._opened() as releases:
            release = await self._release(releases, request)
            files, _ = await releases.files(release, "", MOST_FILES, 0)
        return _json(documents.model(release, files))

    @_answered
    async def tree(self, request: Request) -> Response:
        """A page of the files and folders of a version."""
        folder = request.path_params.get("path", "").strip("/")
        after = request.query_params.get("cursor", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < len(str(MOST_FILES)) + 1):
            refusals.refuse(refusals.NO_ENTRY)
        async with self._opened() as releases:
            release = await self._release(releases, request)
            # One before comes along, to know which folders a page before has told.
            files, following = await releases.files(release, folder, _TREE_PAGE + 1, max(0, int(after) - 1))
        before, files = (files[:1], files[1:]) if int(after) else ([], files)
        if folder and not files:
            refusals.refuse(refusals.NO_ENTRY)
        recursive = is_true(request.query_params.get("recursive", ""))
        told = {entry["path"] for entry in documents.tree(before, folder, recursive=recursive)}
        entries = [each for each in documents.tree(files, folder, recursive=recursive) if each["path"] not in told]
        if is_true(request.query_params.get("expand", "")):
            entries = documents.with_commit(entries, release)
        answer = _json(entries)
        if following is not None:
            page = request.url.include_query_params(cursor=following)
            answer.headers["link"] = f'<{page}>; rel="next"'
        return answer

    @_answered
    async def paths(self, request: Request) -> Response:
        """What is at some paths of a version."""
        asked, expand = await asked_paths(request)
        async with self._opened() as releases:
            release = await self._release(releases, request)
            files, _ = await releases.files(release, "", MOST_FILES, 0)
        entries = documents.paths(files, asked)
        return _json(documents.with_commit(entries, release) if expand else entries)

    @_answered
    async def refs(self, request: Request) -> Response:
        """The versions of a model."""
        async with self._opened() as releases:
            await self._release(releases, request)
            found, _ = await releases.page(request.path_params["team"], request.path_params["model"], _MOST_REFS, 0)
        return _json(documents.refs(found))

    @_answered
    async def resolve(self, request: Request) -> Response:
        """A file of a version, whole or a range of it."""
        async with self._opened() as releases:
            release = await self._release(releases, request)
            file = await releases.file(release, request.path_params["path"])
            if file is None:
                refusals.refuse(refusals.NO_ENTRY)
            if file.path != release.licence_path:
                await self._admit(releases, release, request)
        headers = documents.headers(release, file)
        if has_it(request, headers["etag"]):
            return Response(None, 304, headers)
        part = part_of(request, headers["etag"], file)
        wanted = part or ByteRange(0, file.size_bytes, file.size_bytes)
        headers["content-length"] = str(wanted.length)
        if part is not None:
            headers["content-range"] = part.content_range
        status = 200 if part is None else 206
        if request.method == "HEAD" or not wanted.length:
            return Response(None, status, headers)
        return await self._bytes(release, file, wanted, status, headers)

    async def _bytes(
        self, release: Release, file: FileEntry, wanted: ByteRange, status: int, headers: dict[str, str]
    ) -> Response:
        if not self._room:
            refusals.refuse(refusals.AWAY)
        more = self._counted(handlers.read_bytes(release, file, wanted, self._opened, self._objects, self._doubt))
        try:
            # What cannot be read is known before the answer begins.
            return BytesResponse(status, headers, await anext(more), more)
        except handlers.StoredBytesDifferError as error:
            log.error("download.bytes_differ", object=error.key)  # noqa: TRY400  the key says all
            refusals.refuse(refusals.DAMAGED)

    async def _counted(self, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        self._room -= 1
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
        finally:
            self._room += 1

    async def _doubt(self, part: KeptPart) -> None:
        """Have a part looked at that could not be read: it may be damaged."""
        try:
            async with self._database.transaction() as tx:
                await self._scrubs(tx).ask_about(part)
        except TransientError as error:
            log.warning("download.not_noted", sha256=part.sha256, error=str(error))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Releases]:
        async with self._database.transaction(readonly=True) as tx:
            yield self._releases(tx)

    async def _release(self, releases: Releases, request: Request) -> Release:
        """Return the release that an address means. What is not released is looked for as little as what never was."""
        team, model = request.path_params["team"], request.path_params["model"]
        release = await releases.find(team, model, parse_revision(request.path_params.get("revision", "")))
        if release is None:
            others, _ = await releases.page(team, model, 1, 0)
            refusals.refuse(refusals.NO_REVISION if others else refusals.NO_REPOSITORY)
        if release.withdrawal is not None:
            refusals.refuse(refusals.withdrawn(release))
        return release

    async def _admit(self, releases: Releases, release: Release, request: Request) -> None:
        """Let pass who may read the bytes. Where everybody may, nobody's token is looked at."""
        if not release.gated:
            return
        actor = self._actor(request)
        if actor is None or not await handlers.reads(releases, release, actor.subject, actor.team):
            refusals.refuse(refusals.gated(release, signed_in=actor is not None))

    def _actor(self, request: Request) -> Actor | None:
        given = request.headers.get("authorization", "")
        if not given:
            return None
        if not given.lower().startswith(_BEARER):
            refusals.refuse(refusals.TOKEN_REFUSED)
        try:
            return self._authenticator.actor(given[len(_BEARER) :].strip())
        except Refused:
            refusals.refuse(refusals.TOKEN_REFUSED)


def _json(told: Any) -> Response:
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {**refusals.NOSNIFF, "cache-control": "no-cache"}
    return Response(body, 200, headers, "application/json; charset=utf-8")


async def _no_page(_request: Request, _error: Exception) -> Response:
    return refusals.NO_PAGE.response()


async def _only_reading(_request: Request, _error: Exception) -> Response:
    return refusals.ONLY_READING.response()
