"""Releases by HTTP, read by the client library of hubs that everybody uses, and by hand."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from typing import TYPE_CHECKING, Any

import fsspec  # type: ignore[import-untyped]  # it has no types
import pytest
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.builders.registry_service import TEAM
from tests.builders.release_hub import MODEL, RunningHub, accepted, model_files, pushed, released

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REPOSITORY = f"{TEAM}/{MODEL}"


async def asked(call: Callable[..., Any], hub: RunningHub, *arguments: str, **more: Any) -> Any:
    """What the client library gets: it blocks, and the hub is in this process."""
    return await asyncio.to_thread(call, *arguments, endpoint=hub.url, **{"token": False, **more})


def api(hub: RunningHub, token: str | bool = False) -> HfApi:
    return HfApi(endpoint=hub.url, token=token)


def read_all(folder: str, root: Path) -> dict[str, bytes]:
    base = root / folder
    return {str(path.relative_to(base)): path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file()}


async def test_the_usual_client_reads_a_release_by_every_name(
    hub: RunningHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = model_files(tmp_path / "model") | {f"tokenizer/{name}.txt": name.encode() for name in "abc"}
    first = await pushed(hub.registry, files)
    second = await pushed(hub.registry, files | {"README.md": b"# the second\n"})
    async with hub.releases(team=TEAM) as team:
        await released(team, first)
        await released(team, second)
    cache = tmp_path / "cache"
    for revision, readme in (
        (None, b"# the second\n"),
        ("main", b"# the second\n"),
        ("v1", files["README.md"]),
        (first.checkpoint_digest, files["README.md"]),
    ):
        path = await asked(hf_hub_download, hub, REPOSITORY, "README.md", revision=revision, cache_dir=cache)
        with open(path, "rb") as file:  # noqa: ASYNC230, PTH123  a small file in a test
            assert file.read() == readme
    folder = await asked(snapshot_download, hub, REPOSITORY, revision="v1", cache_dir=cache)
    assert read_all(folder, tmp_path) == files

    hf = api(hub)
    info = await asyncio.to_thread(hf.model_info, REPOSITORY, files_metadata=True)
    assert (info.sha, info.author, info.gated, info.private) == (second.checkpoint_digest, TEAM, False, False)
    assert info.siblings is not None
    weights = next(each for each in info.siblings if each.rfilename == "model.safetensors")
    assert (weights.size, weights.lfs and weights.lfs.sha256) == (
        len(files["model.safetensors"]),
        hashlib.sha256(files["model.safetensors"]).hexdigest(),
    )
    assert sorted(await asyncio.to_thread(hf.list_repo_files, REPOSITORY)) == sorted(files)
    tree = await asyncio.to_thread(lambda: list(hf.list_repo_tree(REPOSITORY, "tokenizer")))
    assert [entry.path for entry in tree] == [f"tokenizer/{name}.txt" for name in ("a", "b", "c", "vocab")]
    top = await asyncio.to_thread(lambda: {entry.path for entry in hf.list_repo_tree(REPOSITORY)})
    assert top == {path.split("/")[0] for path in files}
    monkeypatch.setattr("registry.http_api.routes._TREE_PAGE", 2)
    assert await asyncio.to_thread(hf.list_repo_files, REPOSITORY) == sorted(files)
    paged = await asyncio.to_thread(lambda: [entry.path for entry in hf.list_repo_tree(REPOSITORY)])
    assert sorted(paged) == sorted(top)
    refs = await asyncio.to_thread(hf.list_repo_refs, REPOSITORY)
    assert [(ref.name, ref.target_commit) for ref in refs.branches] == [("main", second.checkpoint_digest)]
    assert [ref.name for ref in refs.tags] == ["v2", "v1"]
    assert [model.id for model in await asyncio.to_thread(lambda: list(hf.list_models()))] == [REPOSITORY]
    assert await asyncio.to_thread(hf.file_exists, REPOSITORY, "config.json")
    assert not await asyncio.to_thread(hf.file_exists, REPOSITORY, "setup.py")


async def test_the_file_system_of_hubs_reads_a_release_in_places(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    async with hub.releases(team=TEAM) as team:
        release = await released(team, await pushed(hub.registry, files))
    fs: Any = HfFileSystem(endpoint=hub.url, token=False, skip_instance_cache=True)
    weights = files["model.safetensors"]

    def read() -> None:
        assert sorted(fs.find(REPOSITORY)) == sorted(f"{REPOSITORY}/{path}" for path in files)
        assert fs.glob(f"{REPOSITORY}/*.safetensors") == [f"{REPOSITORY}/model.safetensors"]
        assert fs.ls(f"{REPOSITORY}/tokenizer", detail=False) == [f"{REPOSITORY}/tokenizer/vocab.txt"]
        # Nothing is listed yet of this revision: each is asked about by itself.
        fs.invalidate_cache()
        told = fs.info(f"{REPOSITORY}@v1/model.safetensors")
        assert (told["type"], told["size"]) == ("file", len(weights))
        assert told["lfs"]["sha256"] == hashlib.sha256(weights).hexdigest()
        assert fs.isdir(f"{REPOSITORY}@v1/tokenizer")
        assert not fs.exists(f"{REPOSITORY}@v1/nothing.json")
        with fs.open(f"{REPOSITORY}@v1/model.safetensors", "rb", block_size=10_000) as file:
            file.seek(-1_000, os.SEEK_END)
            assert file.read() == weights[-1_000:]
            file.seek(50_000)
            assert file.read(7) == weights[50_000:50_007]
        assert fs.cat_file(f"{REPOSITORY}/README.md") == files["README.md"]
        with fsspec.open(f"hf://{REPOSITORY}/config.json", endpoint=hub.url, token=False) as file:
            assert file.read() == files["config.json"]

    await asyncio.to_thread(read)
    found = await asyncio.to_thread(api(hub).get_paths_info, REPOSITORY, ["README.md", "tokenizer", "no"], expand=True)
    assert [each.path for each in found] == ["README.md", "tokenizer"]
    assert found[0].last_commit is not None
    assert (found[0].last_commit.oid, found[0].last_commit.title) == (release.checkpoint_digest, "v1")


async def test_paths_are_asked_about_as_a_form_or_as_json_and_within_bounds(hub: RunningHub, tmp_path: Path) -> None:
    async with hub.releases(team=TEAM) as team:
        await released(team, await pushed(hub.registry, model_files(tmp_path / "model")))
    where = f"/api/models/{REPOSITORY}/paths-info/main"
    for asked_by in ({"json": {"paths": ["/config.json/", "config.json"]}}, {"data": {"paths": "config.json"}}):
        assert [each["path"] for each in (await hub.http.post(where, **asked_by)).json()] == ["config.json"]
    for wrong, status in (
        ({"json": {"paths": "config.json"}}, 400),
        ({"json": ["config.json"]}, 400),
        ({"content": b"\xff"}, 400),
        ({"json": {"paths": ["a"] * 1001}}, 413),
        ({"content": b"a" * (2**20 + 1)}, 413),
    ):
        assert (await hub.http.post(where, **wrong)).status_code == status
    assert (await hub.http.post(where.replace(MODEL, "lunar"), data={"paths": "a"})).status_code == 404
    assert (await hub.http.post(f"/{REPOSITORY}/resolve/main/config.json")).status_code == 405


async def test_a_tool_that_is_told_the_endpoint_alone_just_works(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    async with hub.releases(team=TEAM) as team:
        await released(team, await pushed(hub.registry, files))
    process = await asyncio.create_subprocess_exec(
        os.path.join(os.path.dirname(sys.executable), "hf"),  # noqa: PTH118, PTH120  beside this interpreter, a link
        *("download", REPOSITORY, "--local-dir", str(tmp_path / "there")),
        env={"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    found = read_all("there", tmp_path)
    assert {path: data for path, data in found.items() if not path.startswith(".cache/")} == files


async def test_the_usual_client_knows_what_is_not_there(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    first = await pushed(hub.registry, files)
    hidden = await pushed(hub.registry, files)
    with pytest.raises(RepositoryNotFoundError):
        await asked(hf_hub_download, hub, REPOSITORY, "README.md", cache_dir=tmp_path / "c")
    async with hub.releases(team=TEAM) as team:
        await released(team, first)
    for revision in ("v2", hidden.checkpoint_digest, "stage-9", "v0", "a b"):
        with pytest.raises(RevisionNotFoundError):
            await asked(hf_hub_download, hub, REPOSITORY, "README.md", revision=revision, cache_dir=tmp_path / "c")
    with pytest.raises(EntryNotFoundError):
        await asked(hf_hub_download, hub, REPOSITORY, "weights.bin", cache_dir=tmp_path / "c")
    with pytest.raises(EntryNotFoundError):
        await asyncio.to_thread(lambda: list(api(hub).list_repo_tree(REPOSITORY, "no-folder")))
    with pytest.raises(RepositoryNotFoundError):
        await asyncio.to_thread(api(hub).model_info, f"{TEAM}/lunar")


async def test_a_gated_model_is_read_by_who_accepted_its_licence(hub: RunningHub, tmp_path: Path) -> None:
    files = model_files(tmp_path / "model")
    async with hub.releases(team=TEAM) as team:
        release = await released(team, await pushed(hub.registry, files), gated=True)
    token = hub.token("reader")

    def fetch(path: str, **more: Any) -> Any:
        return asked(hf_hub_download, hub, REPOSITORY, path, cache_dir=tmp_path / "cache", **more)

    for given in (False, token, hub.token("member-of-another", "kt"), "hf_notOfThisPlatform"):
        with pytest.raises(GatedRepoError) as refusal:
            await fetch("README.md", token=given)
        assert "token" in str(refusal.value).lower()
    assert f"dokpamo licence accept {REPOSITORY}" in str(
        (await asyncio.gather(fetch("README.md", token=token), return_exceptions=True))[0]
    )
    await _is_told_in_korean_and_english(hub)
    # What is to be accepted is everybody's to read, and what files there are.
    assert files["LICENSE"] == (await hub.http.get(f"/{REPOSITORY}/resolve/main/LICENSE")).content
    assert sorted(await asyncio.to_thread(api(hub).list_repo_files, REPOSITORY)) == sorted(files)
    assert (await asyncio.to_thread(api(hub).model_info, REPOSITORY)).gated == "auto"
    async with hub.releases("reader") as reader:
        await accepted(reader, release)
    await fetch("README.md", token=token)
    await fetch("config.json", token=hub.token("somebody", TEAM))
    folder = await asked(snapshot_download, hub, REPOSITORY, cache_dir=tmp_path / "cache", token=token)
    assert read_all(folder, tmp_path) == files
    with pytest.raises(GatedRepoError):
        # Another reader has another cache.
        await asked(hf_hub_download, hub, REPOSITORY, "README.md", cache_dir=tmp_path / "c", token=hub.token("another"))


async def _is_told_in_korean_and_english(hub: RunningHub) -> None:
    path = f"/{REPOSITORY}/resolve/main/README.md"
    anyone = await hub.http.get(path)
    known = await hub.http.get(path, headers={"Authorization": f"Bearer {hub.token()}"})
    assert (anyone.status_code, known.status_code) == (401, 403)
    for answer in (anyone, known):
        words = answer.json()["error"]
        assert answer.headers["x-error-code"] == "GatedRepo"
        assert dict(answer.headers.raw)[b"x-error-message"].decode() == words
        assert "accepted its licence" in words
        assert "이용허락에 동의" in words


async def test_a_withdrawn_version_is_given_out_no_more_and_says_why(hub: RunningHub, tmp_path: Path) -> None:
    from tests.component.registry.test_releases import withdrawal

    files = model_files(tmp_path / "model")
    first, second = await pushed(hub.registry, files), await pushed(hub.registry, files)
    async with hub.releases(team=TEAM) as team:
        await released(team, first)
        last = await released(team, second)
        await team.WithdrawRelease(withdrawal(last, "가져온 파일\n이었음"))
    with pytest.raises(RevisionNotFoundError) as refusal:
        await asked(hf_hub_download, hub, REPOSITORY, "README.md", revision="v2", cache_dir=tmp_path / "c")
    assert refusal.value.response.status_code == 410
    assert "가져온 파일 이었음" in str(refusal.value)
    assert (await asyncio.to_thread(api(hub).model_info, REPOSITORY)).sha == first.checkpoint_digest
    refs = await asyncio.to_thread(api(hub).list_repo_refs, REPOSITORY)
    assert [ref.name for ref in refs.tags] == ["v1"]
