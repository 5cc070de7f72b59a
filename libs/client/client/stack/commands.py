"""`dokpamo up`, `down`, `status`, `logs` and `reset`."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.stack.home import StackHome
    from client.stack.state import PartState

FOLLOW_EVERY_SECONDS = 0.3
TABLE_WIDTH = 200


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, status, logs, reset):
        app.command()(command)


def up(
    only: Annotated[str, typer.Option(help="Parts to start, with what they need, separated by commas.")] = "",
) -> None:
    """Start the stack and wait until it is ready.

    What runs already stays as it is; Ctrl-C stops what this has started.
    """
    from client.stack.control import StartFailedError, runs, start, stop
    from client.stack.home import ForeignFolderError, StackBusyError, locate
    from client.stack.keys import BANNER
    from client.stack.parts import UnknownPartError
    from client.stack.plan import IncompleteAddressError
    from client.stack.ports import NoFreePortError

    home = locate()
    # A shell's `timeout` and CI end us by SIGTERM: what was begun must not stay behind then either.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    began, ran_before = time.monotonic(), True
    try:
        ran_before = runs(home)
        for line in BANNER:
            print(f"! {line}", flush=True)
        stack = start(home, tuple(name for name in only.split(",") if name))
        _show_progress(home)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if ran_before:
            print("interrupted: the stack ran before, and goes on; end it with `dokpamo down`", flush=True)
        else:
            print("interrupted: stopping what was started", flush=True)
            stop(home)
        raise typer.Exit(130) from None
    except StartFailedError as error:
        _fail(f"{error}\nThe rest is running: look with `dokpamo logs PART`, end it with `dokpamo down`.")
    except (UnknownPartError, IncompleteAddressError, NoFreePortError, StackBusyError, ForeignFolderError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"the stack's folder {home.path} cannot be used: {error}")
    print(f"ready after {time.monotonic() - began:.0f} s; console {stack.console_url}", flush=True)


def _show_progress(home: StackHome) -> None:
    from client.stack.control import progress

    for part in progress(home):
        print(_progress_line(part), flush=True)


def _progress_line(part: PartState) -> str:
    if part.phase != "ready":
        return f"  {part.name:<11} failed, is started again: {part.failure}"
    how = "run by others" if part.external else f"{part.ready_seconds:.1f} s"
    return f"  {part.name:<11} {part.address:<29} {how}"


def down() -> None:
    """Stop every process of the stack; its state stays."""
    from client.stack.control import stop
    from client.stack.home import locate

    home = locate()
    count = stop(home, lambda part: print(f"  {part:<11} stopped", flush=True))
    print(f"stopped: {count} processes" if count else "nothing was running")


def status(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Show every part of the stack.

    That is its state, process, address, uptime, restarts and memory (each shared page counted once).
    """
    from rich.console import Console

    from client.stack.addresses import NoStackError
    from client.stack.home import locate
    from client.stack.keys import BANNER
    from client.stack.status import status as look

    try:
        found = look(locate())
    except NoStackError as error:
        _fail(str(error))
    if as_json:
        print(json.dumps(found.document(), indent=2))
        return
    for line in BANNER:
        print(f"! {line}")
    if not found.parts:
        print(f"the stack in {found.home} is stopped: start it with `dokpamo up`")
        return
    # A narrow terminal wraps the lines; cut addresses would be of no use.
    Console(width=TABLE_WIDTH, soft_wrap=True).print(found.table())
    for part in found.parts:
        if part.failure and part.state not in {"ready", "external"}:
            print(part.failure)
    if found.supervisor.state != "ready":
        print("nobody looks after the parts: `dokpamo up` starts the supervisor again")
    print(f"{'ready' if found.ready else 'not ready'}; console {found.console}")


def logs(
    part: Annotated[str, typer.Argument(help="A part's name, or supervisor; all without it.")] = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on printing what comes.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="So many last lines of each log.")] = 20,
) -> None:
    """Print the last lines of a part's log, or of all logs."""
    from client.stack.home import locate
    from client.stack.process import log_tail

    home = locate()
    paths = [home.log(part)] if part else sorted((home.path / "logs").glob("*.log"))
    known = [path for path in paths if path.exists()]
    if not known:
        there = ", ".join(sorted(path.stem for path in (home.path / "logs").glob("*.log"))) or "none"
        _fail(f"there is no log of {part or 'any part'} in {home.path / 'logs'}; there are: {there}")
    width = 0 if part else max(len(path.stem) for path in known) + 1
    for path in known:
        for line in log_tail(path, lines, 1_000_000).splitlines() if lines else ():
            print(f"{path.stem:<{width}}{line}" if width else line)
    if follow:
        with contextlib.suppress(KeyboardInterrupt):
            _follow(known, width)


def _follow(paths: list[Path], width: int) -> None:
    places = {path: path.stat().st_size for path in paths}
    while True:
        for path in paths:
            for line in _new_lines(path, places):
                print(f"{path.stem:<{width}}{line}" if width else line, flush=True)
        time.sleep(FOLLOW_EVERY_SECONDS)


def _new_lines(path: Path, places: dict[Path, int]) -> Iterator[str]:
    size = path.stat().st_size if path.exists() else 0
    # A log that has become shorter was set aside and begun anew.
    place = places[path] if size >= places[path] else 0
    with path.open("rb") as file:
        file.seek(place)
        whole, newline, _ = file.read().rpartition(b"\n")
    places[path] = place + len(whole) + len(newline)
    yield from whole.decode(errors="replace").splitlines()


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the stack and delete all its state.

    That is its folder with all databases, events, objects, keys and logs.
    """
    from client.stack.control import remove
    from client.stack.home import locate

    home = locate()
    if not home.plan_file.exists():
        print(f"there is no stack in {home.path}")
        return
    if not yes and not typer.confirm(f"Delete everything in {home.path}?"):
        raise typer.Exit(1)
    try:
        remove(home)
    except OSError as error:
        _fail(f"stopped, but not all of {home.path} could be deleted: {error}")
    print(f"deleted {home.path}")


def _fail(why: str) -> NoReturn:
    print(f"dokpamo: {why}", file=sys.stderr)
    raise typer.Exit(1)
