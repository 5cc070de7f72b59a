"""A team can never read, overwrite, guess or time another team's unreleased bytes, whatever it asks, and whomever."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import grpc
import httpx
import pytest
from client.sdk.signing import new_key, prove
from common.auth import DevelopmentIssuer
from common.errors import Refused
from common.grpc import Client, connect
from common.grpc.contract import all_services, declared_access, rpcs_of
from dokpamo.common.v1 import options_pb2
from dokpamo.registry.v1 import keys_pb2, service_pb2
from registry.app import SERVICE
from registry.domain.parts import Stored
from registry.handlers import part_key

from tests.builders.delivery import eventually
from tests.builders.observed import observed
from tests.builders.registry_service import TEAM, RawUpload, cut, declaration, fetched, listed
from tests.builders.release_hub import MODEL, PART_BYTES, RunningHub, model_files, pushed, released

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from common.grpc.contract import Rpc
    from dokpamo.registry.v1.service_pb2 import Checkpoint, PartTarget
    from google.protobuf.message import Message

    from tests.builders.registry_service import RunningRegistry

OTHER = "kt"
KEYS = "dokpamo.registry.v1.TeamKeysService"
NOBODYS_DIGEST = "5" * 64
TOLD_TO_EVERYBODY = {
    "dokpamo.registry.v1.LineageService/GetLineage": "the public log tells of each commit who declared which parents",
}
"""RPCs by which others may learn of a commit, each with the reason; of its bytes they tell nothing."""


@dataclass
class Theirs:
    """What a team has that another must not come by: a checkpoint, its files and parts, and its upload."""

    files: dict[str, bytes]
    checkpoint: Checkpoint
    upload_id: str
    targets: list[PartTarget]

    @property
    def weights(self) -> bytes:
        return self.files["model.safetensors"]

    @property
    def parts(self) -> list[bytes]:
        """SHA-256 of the parts of the weights."""
        return [part.sha256 for part in cut("model.safetensors", self.weights, PART_BYTES)]


async def theirs(registry: RunningRegistry, folder: Path) -> Theirs:
    """Have the team push a model as it does; keep the URLs that it was given."""
    files = model_files(folder / "model", seed=int(uuid4()) % 2**32)
    async with registry.client("consortium", team=TEAM) as team:
        upload = await RawUpload.begin(team, model=MODEL)
        parts = cut("model.safetensors", files["model.safetensors"], PART_BYTES)
        targets = await upload.targets(await upload.declare(parts))
        await upload.send(files, PART_BYTES)
        await upload.list([listed(path, data) for path, data in files.items()])
        await upload.commit(declaration(rows=4_000, job_id="job-1"))
        checkpoint = await upload.ended()
    return Theirs(files, checkpoint, upload.upload_id, targets)


async def key_of_theirs(registry: RunningRegistry, folder: Path) -> str:
    """The id of a key that the team registers."""
    new_key(folder / "key.pem")
    public_key, proof = prove(TEAM, folder / "key.pem")
    async with registry.client("consortium", team=TEAM, service=KEYS) as keys:
        request = keys_pb2.RegisterKeyRequest(request_id=str(uuid4()), team_id=TEAM, public_key=public_key, proof=proof)
        key_id: str = (await keys.RegisterKey(request)).key.key_id
    return key_id


def tampered(url: str) -> Iterator[tuple[str, str]]:
    """A presigned URL of a part, changed in each way that would give more than it was made for."""
    scheme, host, path, query, _ = urlsplit(url)
    values = dict(parse_qsl(query))

    def of(where: str, **changes: str) -> str:
        return urlunsplit((scheme, host, where, urlencode(values | changes), ""))

    folder, _, digest = path.rpartition("/")
    yield "another part", of(f"{folder}/{'0' * 64}")
    yield "another team", of(path.replace(f"/{TEAM}/", f"/{OTHER}/"))
    yield "a folder up", of(f"{folder}/../{OTHER}/{digest}")
    yield "a folder up, encoded", of(f"{folder}/%2e%2e/{OTHER}/{digest}")
    yield "a doubled slash", of(path.replace(f"/{TEAM}/", f"//{TEAM}/"))
    yield "the manifest", of(path.split("blobs/")[0] + f"manifests/{TEAM}/{MODEL}/manifest.json")
    yield "the bucket", of(path.split("/blobs/")[0])
    yield "a longer life", of(path, **{"X-Amz-Expires": "604800"})
    yield "another day", of(path, **{"X-Amz-Date": "20300101T000000Z"})
    yield "other signed headers", of(path, **{"X-Amz-SignedHeaders": "host;x-amz-acl"})
    if "content-length" in values["X-Amz-SignedHeaders"]:
        yield "fewer signed headers", of(path, **{"X-Amz-SignedHeaders": "host"})
    yield "no signature", urlunsplit((scheme, host, path, "", ""))
    yield "an empty signature", of(path, **{"X-Amz-Signature": ""})
    yield "another signature", of(path, **{"X-Amz-Signature": "0" * 64})
    for extra in ("acl", "tagging", "uploads", "retention", "legal-hold", "versionId", "partNumber", "delete"):
        yield f"also {extra}", of(path, **{extra: "1"})
    yield "other headers back", of(path, **{"response-content-type": "text/html"})


async def test_a_url_gives_what_it_was_made_for_and_nothing_else(registry: RunningRegistry, tmp_path: Path) -> None:
    their = await theirs(registry, tmp_path)
    part = their.weights[:PART_BYTES]
    target = next(each for each in their.targets if each.sha256 == hashlib.sha256(part).digest())
    other = bytes(reversed(part))
    checksum = base64.b64encode(hashlib.sha256(other).digest()).decode()
    async with registry.client("consortium", team=TEAM) as team, httpx.AsyncClient(timeout=60) as http:
        request = service_pb2.ListPartsRequest(
            team_id=TEAM, checkpoint_digest=their.checkpoint.checkpoint_digest, path="model.safetensors"
        )
        reading = (await team.ListParts(request)).parts[0].url
        headers = dict(target.headers)
        attempts = {
            "other bytes": http.put(target.url, content=other, headers=headers),
            "other bytes with their checksum": http.put(
                target.url, content=other, headers=headers | {"x-amz-checksum-sha256": checksum}
            ),
            "fewer bytes": http.put(target.url, content=part[:-1], headers=headers | {"content-length": "39999"}),
            "no checksum": http.put(target.url, content=part, headers={"content-length": str(len(part))}),
            "a putting URL to read": http.get(target.url),
            "a putting URL to remove": http.delete(target.url),
            "a putting URL to post": http.post(target.url, content=other),
            "a reading URL to put": http.put(reading, content=other),
            "a reading URL to remove": http.delete(reading),
            "a reading URL to look": http.head(reading),
            **{f"put: {how}": http.put(url, content=part, headers=headers) for how, url in tampered(target.url)},
            **{f"get: {how}": http.get(url) for how, url in tampered(reading)},
        }
        answers = {how: await attempt for how, attempt in attempts.items()}
        assert {how: answer.status_code for how, answer in answers.items() if answer.status_code < 400} == {}
        assert not any(part[:100] in answer.content for answer in answers.values())
        # Used as it was made, after the commit: nothing changes.
        again = await http.put(target.url, content=part, headers=headers)
        assert again.status_code in {200, 412}
        assert (await http.get(reading, headers={"Range": "bytes=3-7"})).content == part[3:8]
        assert await fetched(team, their.checkpoint.checkpoint_digest) == their.files
        digest = hashlib.sha256(part).hexdigest()
        soon = timedelta(seconds=1)
        key = part_key(their.checkpoint.team_id, digest)  # type: ignore[arg-type]  # the registry's type of the same text
        read_soon = registry.objects.presign_get(key, soon)
        put_soon = registry.objects.presign_put(key, Stored(digest, len(part)), soon)

        async def over() -> bool:
            put = await http.put(put_soon.url, content=part, headers=dict(put_soon.headers))
            return (await http.get(read_soon)).status_code == put.status_code == 403

        await eventually(over)


def ids_of(their: Theirs, key_id: str = "") -> dict[str, tuple[Any, Any]]:
    """Of each field that names something: the team's, and one of the same form that nobody has."""
    return {
        "checkpoint_digest": (their.checkpoint.checkpoint_digest, NOBODYS_DIGEST),
        "upload_id": (their.upload_id, "5ad4bb4e-5e5c-4a5b-8b39-d8b5a2a4f2ec"),
        "job_id": ("job-1", "job-9"),
        "key_id": (key_id, NOBODYS_DIGEST),
    }


def requests_by_name(rpc: Rpc, their: Theirs, key_id: str) -> Iterator[tuple[str, Message, Message]]:
    """Of an RPC: each field that names something, and what the other team asks of theirs and of nobody's."""
    fields = rpc.request.DESCRIPTOR.fields_by_name
    valid: dict[str, Any] = {
        "request_id": str(uuid4()),
        "team_id": OTHER,
        "parts": cut("model.safetensors", their.weights, PART_BYTES),
        "files": [listed(path, data) for path, data in their.files.items()],
        "declaration": declaration(),
        "sha256": their.parts,
        "reason": "because",
    }
    usual = {name: value for name, value in valid.items() if name in fields}
    for name, (of_theirs, of_nobody) in ids_of(their, key_id).items():
        if name in fields:
            yield (
                name,
                rpc.request(**usual | {name: of_theirs}),
                rpc.request(
                    **usual | {"request_id": str(uuid4())} if "request_id" in fields else usual, **{name: of_nobody}
                ),
            )


def open_to_teams(rpc: Rpc) -> bool:
    roles = set(declared_access(rpc).roles)
    return bool(roles & {options_pb2.ROLE_CONSORTIUM, options_pb2.ROLE_PUBLIC})


async def answer_of(call: Awaitable[Message], asked: str) -> str:
    """The answer or refusal as text, without what was asked for."""
    try:
        told = repr(await call)
    except Refused as refused:
        told = f"{refused.code} {refused.status} {refused.message} {sorted(refused.facts.items())}"
    return told.replace(asked, "…")


async def test_of_every_rpc_the_answer_on_anothers_is_that_on_nobodys(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    their, key_id = await theirs(registry, tmp_path), await key_of_theirs(registry, tmp_path)
    rpcs = [rpc for name in all_services() if name.startswith("dokpamo.registry.v1.") for rpc in rpcs_of(name)]
    token = registry.issuer.issue("prober", ["consortium"], OTHER)
    walked: set[str] = set()
    async with connect(registry.address, lambda: token, timeout_seconds=30) as channel:
        for rpc in filter(open_to_teams, rpcs):
            call: Callable[[Message], Awaitable[Message]] = getattr(Client(channel, rpc.service), rpc.name)
            for name, of_theirs, of_nobody in requests_by_name(rpc, their, key_id):
                if rpc.full_name in TOLD_TO_EVERYBODY:
                    continue
                walked.add(rpc.name)
                seen = []
                for request in (of_theirs, of_nobody):
                    with observed("prober") as done:
                        seen.append((await answer_of(call(request), getattr(request, name)), done.done))
                assert seen[0] == seen[1], f"{rpc.full_name} by {name}"
            if not ids_of(their).keys() & rpc.request.DESCRIPTOR.fields_by_name.keys():
                await _tells_nothing_of_theirs(rpc, call, their)
    assert walked >= {
        *("DeclareParts", "GetPartTargets", "DeclareFiles", "CommitUpload", "GetUpload", "GetCheckpoint", "ListFiles"),
        *("ListParts", "GetManifest", "ReleaseCheckpoint", "WithdrawRelease", "RetireKey", "GetExamination"),
    }


async def _tells_nothing_of_theirs(rpc: Rpc, call: Callable[[Message], Awaitable[Message]], their: Theirs) -> None:
    """What lists or sums does so for the asking team."""
    usual = {"request_id": str(uuid4()), "team_id": OTHER, "model": MODEL}
    fields = rpc.request.DESCRIPTOR.fields_by_name
    try:
        told = (await call(rpc.request(**{k: v for k, v in usual.items() if k in fields}))).SerializeToString()
    except Refused:
        return
    secrets = [their.checkpoint.checkpoint_digest, their.upload_id, TEAM]
    secrets += [hashlib.sha256(data).hexdigest() for data in their.files.values()]
    assert not [each for each in secrets if each.encode() in told], rpc.full_name


async def test_whoever_declares_anothers_bytes_learns_nothing_and_must_send_them(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    their = await theirs(registry, tmp_path)
    unknown = bytes(reversed(their.weights))
    seen = []
    async with registry.client("consortium", team=OTHER) as other:
        for data in (their.weights, unknown):
            upload = await RawUpload.begin(other, OTHER, MODEL)
            with observed("someone") as done:
                parts = cut("model.safetensors", data, PART_BYTES)
                lacking = await upload.declare(parts)
                targets = await upload.targets(lacking)
                files = their.files | {"model.safetensors": data}
                # A size that contradicts bytes of one's own is refused: of another's there is nothing to contradict.
                await upload.list([listed(path, content) for path, content in files.items()])
                wrong = service_pb2.CheckpointFile(
                    path="model.safetensors", size_bytes=1, sha256=hashlib.sha256(data).hexdigest()
                )
                await upload.list([wrong])
            assert set(lacking) == {part.sha256 for part in parts} == {target.sha256 for target in targets}
            assert all(f"/blobs/{OTHER}/" in target.url for target in targets)
            seen.append((len(lacking), len(targets), done.done))
        assert seen[0] == seen[1]
        usage = await other.GetUsage(service_pb2.GetUsageRequest(team_id=OTHER))
        assert usage.stored_bytes == 0

        refusals = []
        for data in (their.weights, unknown):
            upload = await RawUpload.begin(other, OTHER, MODEL)
            files = {"config.json": b"{}", "model.safetensors": data}
            await upload.declare([part for path, content in files.items() for part in cut(path, content, PART_BYTES)])
            await upload.list([listed(path, content) for path, content in files.items()])
            await upload.commit(declaration(rows=4_000))
            with pytest.raises(Refused) as refusal:
                await upload.ended()
            refusals.append((refusal.value.code, refusal.value.facts))
        assert refusals[0] == refusals[1]
        assert refusals[0][0] == "CHECKPOINT_FILE_MISSING"


TRICKS = [
    *("../model.safetensors", "a/../../model.safetensors", "/model.safetensors", "a//b.json", "./a.json", "a/."),
    *(
        "..\\a.json",
        "C:a.json",
        "a\x00.json",
        "a\n.json",
        "a\u202e.json",
        "ａ/../b.json",
        "e\u0301.json",
        "",
        "x" * 600,
    ),
    *("%2e%2e/a.json/..", "\ud7ff\ue000.json"),
]


async def test_names_that_lead_elsewhere_are_refused_wherever_they_stand(registry: RunningRegistry) -> None:
    async with registry.client("consortium", team=OTHER) as other:
        upload = await RawUpload.begin(other, OTHER, MODEL)
        for trick in TRICKS:
            with pytest.raises(Refused) as refusal:
                await upload.declare([service_pb2.FilePart(path=trick, size_bytes=1, sha256=b"s" * 32)])
            assert refusal.value.status is grpc.StatusCode.INVALID_ARGUMENT, repr(trick)
            with pytest.raises(Refused) as refusal:
                await upload.list([service_pb2.CheckpointFile(path=trick, size_bytes=1, sha256="5" * 64)])
            assert refusal.value.status is grpc.StatusCode.INVALID_ARGUMENT, repr(trick)
        for sha256 in (b"", b"s" * 31, b"s" * 33, f"../{TEAM}/".encode()):
            with pytest.raises(Refused) as refusal:
                await upload.declare([service_pb2.FilePart(path="a.json", size_bytes=1, sha256=sha256)])
            assert refusal.value.code == "FIELD_INVALID"
        for team in (TEAM, f"{OTHER}/../{TEAM}", f"{OTHER}\x00", f" {OTHER}", OTHER.upper(), ""):
            with pytest.raises(Refused) as refusal:
                await RawUpload.begin(other, team, MODEL)
            assert refusal.value.status in {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT}


def bad_tokens(registry: RunningRegistry, folder: Path) -> dict[str, str]:
    """Tokens that must open nothing: ended, of another issuer, changed, and signed by nobody or by what is public."""
    good = registry.issuer.issue("member", ["consortium"], TEAM)
    (folder / "forger").mkdir()
    forger = DevelopmentIssuer.create(folder / "forger" / "key.pem")
    head, body, signature = good.split(".")

    def coded(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    def decoded(text: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=="))
        return found

    forged = forger.issue("member", ["consortium"], TEAM).split(".")
    others = registry.issuer.issue("member", ["consortium"], OTHER).split(".")
    return {
        "ended": registry.issuer.issue("member", ["consortium"], TEAM, timedelta(minutes=-5)),
        "too long": registry.issuer.issue("member", ["consortium"], TEAM, timedelta(hours=2)),
        "of another issuer": ".".join(forged),
        "of another issuer under our key's name": ".".join([head, *forged[1:]]),
        "another team's, renamed": ".".join([others[0], coded(decoded(others[1]) | {"team": TEAM}), others[2]]),
        "staff by its own word": ".".join([head, coded(decoded(body) | {"roles": ["staff"]}), signature]),
        "signed by nobody": ".".join([coded(decoded(head) | {"alg": "none"}), body, ""]),
        "of another algorithm": ".".join([coded(decoded(head) | {"alg": "HS256"}), body, signature]),
        "without a signature": f"{head}.{body}.",
        "no token": "abc",
    }


async def test_a_token_that_is_not_good_opens_nothing(hub: RunningHub, tmp_path: Path) -> None:
    registry = hub.registry
    their = await theirs(registry, tmp_path)
    async with hub.releases(team=TEAM) as team:
        await released(team, their.checkpoint, gated=True)
    path = f"/{TEAM}/{MODEL}/resolve/main/model.safetensors"
    good = registry.issuer.issue("member", ["consortium"], TEAM)
    assert (await hub.http.get(path, headers={"Authorization": f"Bearer {good}"})).content == their.weights
    request = service_pb2.ListPartsRequest(team_id=TEAM, checkpoint_digest=their.checkpoint.checkpoint_digest)
    for how, token in bad_tokens(registry, tmp_path).items():
        answer = await hub.http.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers["x-error-code"]) == (401, "GatedRepo"), how
        async with connect(registry.address, partial(str, token), timeout_seconds=30) as channel:
            with pytest.raises(Refused) as refusal:
                await Client(channel, SERVICE).ListParts(request)
            assert refusal.value.status is grpc.StatusCode.UNAUTHENTICATED, how
    basic = base64.b64encode(f"member:{good}".encode()).decode()
    for scheme in (good, f"Basic {basic}", f"Token {good}", "Bearer", f"Bearer {good} {good}"):
        assert (await hub.http.get(path, headers={"Authorization": scheme})).status_code == 401
    assert (await hub.http.get(f"{path}?token={good}&access_token={good}")).status_code == 401


ADDRESSES = [
    *("/{model}/resolve/{revision}/model.safetensors", "/{model}/resolve/{revision}/none.json"),
    *("/api/models/{model}", "/api/models/{model}/revision/{revision}", "/api/models/{model}/tree/{revision}"),
    *("/api/models/{model}/tree/{revision}/tokenizer?recursive=true", "/api/models/{model}/refs"),
]


async def test_by_http_what_is_not_released_is_like_what_never_was(hub: RunningHub, tmp_path: Path) -> None:
    their = await theirs(hub.registry, tmp_path)
    tokens = ["", hub.token("stranger"), hub.token("stranger", OTHER), hub.token("member", TEAM)]

    async def seen(method: str, address: str, token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with observed("service:registry") as done:
            answer = await hub.http.request(method, address, headers=headers)
        told = {name: value for name, value in answer.headers.items() if name != "date"}
        # The worker asks for tasks now and then, in the same name.
        return answer.status_code, told, answer.content, [each for each in done.done if "release" in each]

    async def alike(address: str, hidden: tuple[str, str], never: tuple[str, str], code: str) -> None:
        resolving = "/resolve/" in address
        for token in tokens if resolving else tokens[:1]:
            for method in ("GET", "HEAD") if resolving else ("GET",):
                ours, nobodys = [
                    await seen(method, address.format(model=model, revision=revision), token)
                    for model, revision in (hidden, never)
                ]
                assert ours == nobodys, (method, address, hidden)
                assert (ours[0], ours[1]["x-error-code"]) == (404, code)
                assert ours[3]

    digest = their.checkpoint.checkpoint_digest
    for address in ADDRESSES:
        for hidden in ("main", "v1", digest):
            await alike(address, (f"{TEAM}/{MODEL}", hidden), (f"{TEAM}/lunar", hidden), "RepoNotFound")
        await alike(address, (f"{TEAM}/{MODEL}", digest), ("nobody/none", NOBODYS_DIGEST), "RepoNotFound")
    # And beside a version that is released, of which the next is not.
    async with hub.releases(team=TEAM) as releases:
        await released(releases, their.checkpoint)
    following = (await pushed(hub.registry, their.files)).checkpoint_digest
    for address in ADDRESSES:
        if "{revision}" in address:
            for one, other in (("v2", "v3"), (following, NOBODYS_DIGEST)):
                await alike(address, (f"{TEAM}/{MODEL}", one), (f"{TEAM}/{MODEL}", other), "RevisionNotFound")


PATHS = [
    *(
        b"/..%2f..%2fetc%2fpasswd",
        b"/../../etc/passwd",
        b"/%2e%2e/%2e%2e/x",
        b"//",
        b"/",
        b"/%00",
        b"/a/b/resolve/main/",
    ),
    *(b"/upstage%252fsolar/resolve/main/README.md", b"/upstage/solar%00/resolve/main/README.md"),
    *(b"/upstage/solar/resolve/main/../main/README.md", b"/upstage/solar/resolve/main/%2e%2e/LICENSE"),
    *(b"/upstage/solar/resolve/main/README.md%00.json", b"/upstage/solar/resolve/main//README.md"),
    *(b"/upstage/solar/resolve/main/README.md/", b"/upstage/solar/resolve/main/./README.md"),
    *(b"/upstage/solar/resolve/main/readme.md", b"/upstage/solar/resolve/main/README.md%20"),
    *(b"/upstage/solar/resolve/%2e%2e/README.md", b"/upstage/solar/resolve/main%252fREADME.md"),
    *(b"/upstage/./solar/resolve/main/README.md", b"/kt/../upstage/solar/resolve/main/README.md"),
    *(b"/blobs/upstage/" + b"0" * 64, b"/checkpoints/blobs/upstage/x", b"/api/models/upstage/solar/tree/main/..%2f"),
    *(
        b"/api/models/upstage/solar/tree/main/tokenizer%2f..",
        b"/api/models/%00/solar",
        b"/upstage/solar/" + b"a" * 9000,
    ),
    *(b"/upstage/solar/resolve/main/%ff%fe", b"/upstage/solar/resolve/main/%ed%a0%80", b"/upstage/solar/raw/main/x"),
    *(b"/api/models/upstage/solar/tree/main?cursor=-1", b"/api/models/upstage/solar/tree/main?cursor=%D9%A3"),
]


async def raw_answer(hub: RunningHub, path: bytes) -> bytes:
    """What is answered to an address as it stands: no client in between puts it right."""
    host, _, port = hub.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
    told = await reader.read()
    writer.close()
    await writer.wait_closed()
    return told


async def test_addresses_that_lead_elsewhere_lead_nowhere(hub: RunningHub, tmp_path: Path) -> None:
    their = await theirs(hub.registry, tmp_path)
    async with hub.releases(team=TEAM) as team:
        await released(team, their.checkpoint)
    good = f"/{TEAM}/{MODEL}/resolve/main/README.md"
    for path in PATHS:
        told = await raw_answer(hub, path)
        assert told.startswith(b"HTTP/1.1 404 "), path
        assert their.files["README.md"] not in told
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        for address in (good, "/api/models", f"/api/models/{TEAM}/{MODEL}", "/healthz"):
            answer = await hub.http.request(method, address)
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD"), (method, address)
    assert (await hub.http.get("/api/models?author=%00")).status_code == 404
    assert (await hub.http.get(good)).content == their.files["README.md"]


@pytest.mark.on_demand
async def test_how_long_an_answer_takes_tells_nothing(hub: RunningHub, tmp_path: Path) -> None:
    """How well one call tells theirs from nobody's: the chance that theirs takes longer, which must be a half."""
    their = await theirs(hub.registry, tmp_path)
    token = hub.registry.issuer.issue("prober", ["consortium"], OTHER)
    unknown = bytes(reversed(their.weights))
    async with connect(hub.registry.address, lambda: token, timeout_seconds=30) as channel:
        client = Client(channel, SERVICE)
        uploads = [await RawUpload.begin(client, OTHER, MODEL) for _ in range(2)]
        parts = [cut("model.safetensors", data, PART_BYTES) for data in (their.weights, unknown)]
        digests = [their.checkpoint.checkpoint_digest, NOBODYS_DIGEST]

        def asking(rpc: str, **fields: Any) -> Callable[[int], Awaitable[Any]]:
            request = getattr(service_pb2, f"{rpc}Request")

            async def ask(which: int) -> None:
                given = {name: value[which] if isinstance(value, list) else value for name, value in fields.items()}
                await asyncio.gather(getattr(client, rpc)(request(**given)), return_exceptions=True)

            return ask

        async def declares(which: int) -> None:
            await uploads[which].declare(parts[which])

        async def targets(which: int) -> None:
            await uploads[which].targets([part.sha256 for part in parts[which]], again=False)

        async def resolves(which: int) -> None:
            await hub.http.get(f"/{TEAM}/{(MODEL, 'lunar')[which]}/resolve/{digests[which]}/model.safetensors")

        asked = {
            "GetCheckpoint": asking("GetCheckpoint", team_id=OTHER, checkpoint_digest=digests),
            "ListParts": asking("ListParts", team_id=OTHER, checkpoint_digest=digests),
            "GetUpload": asking("GetUpload", team_id=OTHER, upload_id=[their.upload_id, str(uuid4())]),
            "DeclareParts": declares,
            "GetPartTargets": targets,
            "by HTTP": resolves,
        }
        for name, ask in asked.items():
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(400):
                for which in (0, 1):
                    begun = time.perf_counter()
                    await ask(which)
                    taken[which].append(time.perf_counter() - begun)
            longer = statistics.mean((one > two) + (one == two) / 2 for one in taken[0] for two in taken[1])
            medians = [statistics.median(each) * 1000 for each in taken]
            print(f"{name:16} {medians[0]:.3f} ms theirs, {medians[1]:.3f} ms nobody's, longer in {longer:.3f}")
            # 400 calls each: one standard deviation of this chance is 0.02.
            assert abs(longer - 0.5) < 0.1, name
