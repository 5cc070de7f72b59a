"""The stack's commands as a person calls them, with PostgreSQL as the one part."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from client.stack.home import StackHome
from client.stack.plan import read_plan
from client.stack.process import members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOKPAMO = str(Path(sys.executable).parent / "dokpamo")


class Person:
    """Somebody at a shell, with a stack of their own."""

    def __init__(self, home: Path) -> None:
        self.home = StackHome(home)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return dict(os.environ) | {"DOKPAMO_HOME": str(self.home.path)} | dict(extra or {})

    def run(self, *arguments: str, code: int = 0, extra: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [DOKPAMO, *arguments],
            env=self.environment(extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def interrupt(self, *arguments: str, extra: Mapping[str, str] | None = None) -> str:
        """Press Ctrl-C once PostgreSQL is told to be ready; return what is said then."""
        starting = subprocess.Popen(
            [DOKPAMO, *arguments],
            env=self.environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        with starting:
            assert starting.stdout
            for line in starting.stdout:
                if line.startswith("  postgres"):
                    break
            starting.send_signal(signal.SIGINT)
            rest = starting.stdout.read()
        assert starting.returncode == 130, rest
        return rest

    def status(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.run("status", "--json"))
        return document

    def pid(self, part: str = "postgres") -> int | None:
        pids: dict[str, int | None] = {line["name"]: line["pid"] for line in self.status()["parts"]}
        return pids[part]

    def left(self) -> list[int]:
        plan = read_plan(self.home)
        return [process.pid for process in members(plan.id)] if plan else []

    def await_another(self, pid: int) -> dict[str, Any]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            document = self.status()
            if document["ready"] and document["parts"][0]["pid"] != pid:
                return document
            time.sleep(0.2)
        raise AssertionError(self.run("status"))


@contextmanager
def leaving_nothing(home: Path) -> Iterator[Person]:
    person = Person(home)
    yield person
    person.run("reset", "--yes")
    assert person.left() == []


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    with leaving_nothing(tmp_path / "stack") as person:
        yield person


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """A stack that was started once, for all tests that leave it as ready as they found it."""
    with leaving_nothing(tmp_path_factory.mktemp("running") / "stack") as person:
        person.run("up", "--only", "postgres")
        yield person


def test_up_shows_a_line_a_part_and_the_issuer_and_up_again_changes_nothing(person: Person) -> None:
    shown = person.run("up", "--only", "postgres")
    assert "DEVELOPMENT ISSUER" in shown
    assert [line.split()[0] for line in shown.splitlines() if line.startswith("  ")] == ["postgres"]
    pid = person.pid()
    person.run("up", "--only", "postgres")
    assert person.pid() == pid


def test_a_killed_part_is_named_and_comes_back(running: Person) -> None:
    (before,) = running.status()["parts"]
    os.kill(before["pid"], signal.SIGKILL)
    document = running.await_another(before["pid"])
    assert document["parts"][0]["restarts"] == before["restarts"] + 1
    assert "postgres died" in document["parts"][0]["failure"]
    assert "part.failed" in running.run("logs", "supervisor")


def test_a_killed_supervisor_takes_no_part_with_it_and_up_goes_on(running: Person) -> None:
    pid, supervisor = running.pid(), running.status()["supervisor"]["pid"]
    os.kill(supervisor, signal.SIGKILL)
    assert running.pid() == pid
    assert not running.status()["ready"]
    running.run("up", "--only", "postgres")
    assert running.pid() == pid
    assert running.status()["ready"]


def test_down_leaves_no_process_even_without_a_supervisor_and_the_ports_stay(person: Person) -> None:
    person.run("up", "--only", "postgres")
    address = person.status()["parts"][0]["address"]
    assert person.left()
    os.kill(person.status()["supervisor"]["pid"], signal.SIGKILL)
    person.run("down")
    assert person.left() == []
    person.run("up", "--only", "postgres")
    assert person.status()["parts"][0]["address"] == address


def test_an_interrupt_while_starting_stops_what_was_started(person: Person) -> None:
    assert "stopping" in person.interrupt("up")
    assert person.left() == []


def test_an_interrupt_stops_nothing_that_ran_before(person: Person) -> None:
    person.run("up", "--only", "postgres")
    pid = person.pid()
    away = {"DOKPAMO_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    assert "goes on" in person.interrupt("up", "--only", "postgres,kafka", extra=away)
    assert person.pid() == pid


def test_two_stacks_run_side_by_side(running: Person, tmp_path: Path) -> None:
    other = Person(tmp_path / "other")
    try:
        other.run("up", "--only", "postgres")
        assert running.status()["ready"]
        assert running.status()["parts"][0]["address"] != other.status()["parts"][0]["address"]
    finally:
        other.run("reset", "--yes")
    assert running.status()["ready"]


def test_a_part_with_an_address_in_the_environment_is_used_and_not_started(person: Person, postgres_url: str) -> None:
    person.run("up", "--only", "postgres", extra={"DOKPAMO_DATABASE_URL": postgres_url})
    (line,) = person.status()["parts"]
    assert (line["state"], line["pid"]) == ("external", None)
    person.run("down")


def test_an_s3_of_others_without_its_keys_is_refused(person: Person) -> None:
    shown = person.run("up", code=1, extra={"DOKPAMO_S3_ENDPOINT": "http://127.0.0.1:1"})
    assert "DOKPAMO_S3_ACCESS_KEY" in shown


def test_an_unknown_part_is_refused_with_the_names_of_those_there_are(person: Person) -> None:
    shown = person.run("up", "--only", "postgras", code=1)
    assert "postgras" in shown
    assert "postgres, kafka" in shown


def test_the_secrets_of_a_stack_are_for_its_owner_only(running: Person) -> None:
    plan = read_plan(running.home)
    assert plan
    shown = running.run("status", "--json") + running.run("status")
    assert not [secret for secret in plan.passwords.values() if secret in shown]
    secret = [running.home.plan_file, *running.home.keys.glob("*.pem")]
    assert {path.name for path in secret} == {"stack.json", "issuer.pem", "notary.pem", "webhooks.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_more_parts_can_be_asked_for_of_a_running_stack(person: Person) -> None:
    person.run("up", "--only", "postgres")
    pid = person.pid()
    person.run("up", "--only", "postgres,s3")
    assert [line["name"] for line in person.status()["parts"]] == ["postgres", "s3"]
    assert person.pid() == pid


def test_asking_for_less_of_a_running_stack_gives_up_nothing(person: Person) -> None:
    person.run("up", "--only", "postgres,s3")
    person.run("up", "--only", "postgres")
    assert [line["name"] for line in person.status()["parts"]] == ["postgres", "s3"]
    assert person.status()["ready"]


def test_a_stopped_stack_says_so_whatever_is_asked_of_it(person: Person, tmp_path: Path) -> None:
    person.run("up", "--only", "postgres")
    person.run("down")
    assert "is stopped" in person.run("status")
    assert person.status()["supervisor"]["state"] == "stopped"
    push = ("push", str(tmp_path), "--team=a", "--model=m", "--licence=MIT", "--period=p")
    for command in (("replay",), ("export", str(tmp_path / "export")), push):
        assert "is stopped: start it with `dokpamo up`" in person.run(*command, code=1)


def test_addresses_are_whole_on_a_narrow_terminal(running: Person) -> None:
    (line,) = running.status()["parts"]
    assert line["address"] in running.run("status", extra={"COLUMNS": "40"})


def test_a_log_that_is_not_there_is_refused_with_the_names_of_those_there_are(running: Person) -> None:
    shown = running.run("logs", "postgras", code=1)
    assert "postgras" in shown
    assert "postgres, supervisor" in shown


def test_status_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    assert "dokpamo up" in Person(tmp_path / "nothing").run("status", code=1)


def test_reset_does_not_delete_a_folder_that_is_no_stack(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    Person(precious).run("reset", "--yes")
    assert (precious / "thesis.txt").exists()


def test_a_stack_is_not_started_in_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / ".gitignore").write_text("*.aux")
    shown = Person(tmp_path).run("up", "--only", "postgres", code=1)
    assert "thesis.txt" in shown
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "thesis.txt": "years of work",
        ".gitignore": "*.aux",
    }


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shown = Person(tmp_path / "file" / "stack").run("up", "--only", "postgres", code=1)
    assert "cannot be used" in shown
    assert "Traceback" not in shown


def test_a_report_that_cannot_be_written_is_refused_before_the_replay(tmp_path: Path) -> None:
    shown = Person(tmp_path / "nothing").run("replay", "--report", str(tmp_path), code=1)
    assert "cannot be written" in shown
