"""What a stack decides without starting anything: where its state is, its ports, and its parts."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from client.cli import application, modules
from client.stack.addresses import NoStackError, load, of_plan
from client.stack.home import (
    LOG_ROTATED_FROM_BYTES,
    ForeignFolderError,
    StackBusyError,
    StackHome,
    locate,
    read_json,
    rotate,
    write_json,
)
from client.stack.jars import Jar, JarDigestError, _fetch, locked_jars
from client.stack.kafka import new_cluster_id
from client.stack.parts import NAMES, all_parts
from client.stack.plan import GRPC_SERVICES, PORTS, Plan, keep_plan, make_plan, read_plan
from client.stack.process import LOG_BEGINS, last_words
from client.stack.ray_head import short_folder

if TYPE_CHECKING:
    from pathlib import Path


def a_plan(**changes: object) -> Plan:
    ports = {name: 20_000 + number for number, name in enumerate(PORTS)}
    values: dict[str, object] = {
        "id": "a-stack",
        "ports": ports,
        "passwords": {"postgres": "p", "s3": "s", "s3-key": "k"},
        "external": {},
    }
    return Plan(**values | changes)  # type: ignore[arg-type]  # a builder: the dataclass checks by being used


def parts_of(home: Path, plan: Plan) -> dict[str, object]:
    stack_home = StackHome(home)
    return {part.name: part for part in all_parts(stack_home, plan, of_plan(stack_home, plan))}


def test_every_part_has_a_name_that_people_can_ask_for(tmp_path: Path) -> None:
    assert tuple(parts_of(tmp_path, a_plan())) == NAMES


def test_a_plan_from_before_a_part_was_there_gets_a_port_for_it(tmp_path: Path) -> None:
    home = StackHome(tmp_path)
    old = a_plan()
    keep_plan(home, replace(old, ports={name: port for name, port in old.ports.items() if name != "downloads"}))
    kept = read_plan(home)
    assert kept is not None
    assert of_plan(home, kept).downloads_url == "http://127.0.0.1:0"
    made = make_plan(home, {}, ())
    assert made.ports["downloads"] not in {0, *old.ports.values()}
    assert set(made.ports) == set(PORTS)


def test_a_part_of_others_is_not_run_and_everybody_is_told_its_address(tmp_path: Path) -> None:
    plan = a_plan(external={"DOKPAMO_KAFKA_BOOTSTRAP": "one:1,two:2"})
    parts = all_parts(StackHome(tmp_path), plan, of_plan(StackHome(tmp_path), plan))
    assert [part.name for part in parts if part.external] == ["kafka"]
    told = [part.environment["DOKPAMO_KAFKA_BOOTSTRAP"] for part in parts if part.name in GRPC_SERVICES]
    assert told == ["one:1,two:2"] * len(GRPC_SERVICES)


def test_asking_for_a_part_brings_what_it_needs(tmp_path: Path) -> None:
    assert set(parts_of(tmp_path, a_plan(only=("mlflow",)))) == {"mlflow", "postgres", "s3"}


def test_no_password_is_on_a_command_line(tmp_path: Path) -> None:
    plan = a_plan(passwords={"postgres": "secret-one", "s3": "secret-two", "s3-key": "key-three"})
    parts = all_parts(StackHome(tmp_path), plan, of_plan(StackHome(tmp_path), plan))
    assert not [word for part in parts for word in part.command if "secret-" in word]


def test_every_service_is_told_where_all_others_are(tmp_path: Path) -> None:
    plan = a_plan()
    environment = of_plan(StackHome(tmp_path), plan).environment()
    for service in GRPC_SERVICES:
        assert environment[f"DOKPAMO_{service.upper()}_ADDRESS"] == f"127.0.0.1:{plan.ports[service]}"


def test_the_state_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOKPAMO_HOME", str(tmp_path / "here"))
    assert locate().path == tmp_path / "here"


def test_the_state_is_in_the_workspace_from_any_folder_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOKPAMO_HOME", raising=False)
    (tmp_path / "uv.lock").touch()
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    assert locate().path == tmp_path / ".dokpamo"


def test_without_a_stack_there_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(NoStackError, match="dokpamo up"):
        load(StackHome(tmp_path))


def test_two_commands_do_not_start_one_stack_at_once(tmp_path: Path) -> None:
    home = StackHome(tmp_path / "stack")
    home.create()
    with home.locked(), pytest.raises(StackBusyError), home.locked():
        pass


def test_what_a_killed_first_start_left_is_no_hindrance(tmp_path: Path) -> None:
    StackHome(tmp_path).create()
    StackHome(tmp_path).create()
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ForeignFolderError, match=r"thesis\.txt"):
        StackHome(tmp_path).create()


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    write_json(file, {"is": "there"})
    (tmp_path / f".file.json.{os.getpid()}").mkdir()
    with pytest.raises(OSError, match=r"file\.json"):
        write_json(file, {"is": "new"})
    assert read_json(file) == {"is": "there"}


def test_the_last_words_are_those_of_the_last_life(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"{LOG_BEGINS}once\nold\n{LOG_BEGINS}again\nnew one\nnew two\n")
    assert last_words(log) == "new one\nnew two"


def test_a_long_log_is_set_aside_and_a_short_one_goes_on(tmp_path: Path) -> None:
    short, long = tmp_path / "short.log", tmp_path / "long.log"
    short.write_text("a line\n")
    with long.open("wb") as file:
        file.truncate(LOG_ROTATED_FROM_BYTES + 1)
    rotate(short)
    rotate(long)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.log.1", "short.log"]


def test_rays_folder_is_short_enough_for_its_sockets_wherever_the_stack_is(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    assert len(str(short_folder(deep))) <= 40
    assert short_folder(deep) != short_folder(deep / "another")


def test_no_cluster_id_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka's tool refused it, so one fresh stack of 64 did not start."""
    drawn = [UUID("f8000000-0000-4000-8000-000000000000"), UUID("00000000-0000-4000-8000-000000000000")]
    monkeypatch.setattr("uuid.uuid4", lambda: drawn.pop(0))
    assert new_cluster_id() == "AAAAAAAAQACAAAAAAAAAAA"


def test_every_jar_is_pinned_by_its_digest() -> None:
    jars = locked_jars()
    assert "org.apache.kafka:kafka_2.13:4.3.1" in {jar.coordinate for jar in jars}
    assert {len(jar.sha256) for jar in jars} == {64}


class FakeRepository:
    """A repository that has one file for everything: what jgo's context, project and component are to us."""

    def __init__(self, file: Path) -> None:
        self.cached_path = file

    def project(self, _group: str, _artifact: str) -> FakeRepository:
        return self

    def at_version(self, _version: str) -> FakeRepository:
        return self

    def artifact(self) -> FakeRepository:
        return self

    def resolve(self) -> Path:
        return self.cached_path


def test_a_jar_with_another_digest_is_refused_and_does_not_enter_the_cache(tmp_path: Path) -> None:
    fetched, cache = tmp_path / "fetched.jar", tmp_path / "cache"
    fetched.write_bytes(b"not what was pinned")
    cache.mkdir()
    jar = Jar("org.example:thing:1.0", "0" * 64)
    with pytest.raises(JarDigestError) as refused:
        _fetch(FakeRepository(fetched), jar, cache)  # type: ignore[arg-type]  # the fake has what is used of it
    assert refused.value.coordinate == "org.example:thing:1.0"
    assert list(cache.iterdir()) == []


def test_a_command_imports_only_its_own_module() -> None:
    assert modules("verify") == ["client.commands.verify"]
    assert modules("up") == ["client.stack.commands"]
    assert {"client.stack.commands", "client.commands.verify"} <= set(modules(None))


def test_all_commands_are_in_the_help() -> None:
    names = {
        command.name or command.callback.__name__ for command in application([]).registered_commands if command.callback
    }
    assert {"up", "down", "status", "logs", "reset", "export", "verify"} <= names


def test_commands_on_a_stack_bring_in_none_of_the_libraries_of_its_parts() -> None:
    """They come again and again, and are to answer at once."""
    script = (
        "import sys, client.cli, client.stack.commands, client.stack.control, client.stack.parts, client.stack.status;"
        "print(sorted(sys.modules.keys() & {'aiokafka', 'asyncpg', 'boto3', 'cryptography', 'grpc', 'jgo', 'jwt'}))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == "[]\n"
