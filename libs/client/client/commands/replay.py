"""`dokpamo replay`: play the model case through the public APIs on the stack's virtual clock."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rich.console import Console

    from client.replay.programme import Programme
    from client.session import Session
    from client.stack.addresses import Stack

_PLATFORM_SERVICES = ("intake", "selection", "grants", "training", "registry", "evaluation", "notary")


_ENDINGS = {
    "inadmissible": "각하 not admitted",
    "withdrawn": "철회 withdrawn",
    "upheld": "기각 not founded, the decision stands",
    "recomputed": "재계산 recomputed",
    "rescored": "재평가 scored again",
    "noted": "기록 noted",
    "": "진행 중 open",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    report: Annotated[Path | None, typer.Option(help="Write the outcome to this file as JSON.")] = None,
    programme: Annotated[Path | None, typer.Option(help="Folder of a programme; default: the model case.")] = None,
) -> None:
    """Replay the programme on the running stack and show its outcome.

    A replay that was cut short goes on where it was; one that was played to its end is only shown.
    """
    from common.errors import Refused
    from rich.console import Console
    from rules.violations import DocumentRefusedError

    from client.refusal import in_words
    from client.replay.clockwork import UnsettledError
    from client.replay.play import StackInUseError
    from client.replay.report import as_text
    from client.stack.addresses import NoStackError

    # A report that cannot be written is better known before the minutes that it takes.
    if report is not None and (report.is_dir() or not report.absolute().parent.is_dir()):
        _fail(f"{report} cannot be written: it is a folder, or lies in none")
    try:
        outcome, played, addresses = asyncio.run(_replay(programme))
        if report is not None:
            report.write_text(as_text(outcome), encoding="utf-8")
    except KeyboardInterrupt:
        print("interrupted: the stack runs on, and `dokpamo replay` goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    except Refused as refused:
        _fail(in_words(refused))
    except (NoStackError, StackInUseError, UnsettledError, DocumentRefusedError, OSError, ValueError) as error:
        _fail(str(error))
    _show(Console(soft_wrap=True), outcome, played, addresses)


def _fail(why: str) -> NoReturn:
    print(f"replay: {why}", file=sys.stderr)
    raise typer.Exit(1)


async def _replay(folder: Path | None) -> tuple[dict[str, Any], Programme, Stack]:
    from common.auth import DevelopmentIssuer
    from common.clock import VirtualClockFile

    from client.replay.clockwork import Clockwork
    from client.replay.play import finished
    from client.replay.programme import load_programme
    from client.replay.report import report
    from client.session import Session
    from client.stack.control import running_stack

    addresses = running_stack()
    programme = load_programme(folder)
    services = {service: addresses.services[service] for service in _PLATFORM_SERVICES}
    async with Session(services, DevelopmentIssuer(addresses.service_key)) as session:
        clockwork = Clockwork(session, _PLATFORM_SERVICES, VirtualClockFile(addresses.virtual_clock))
        if not await finished(programme, session, clockwork):
            await _played(programme, session, clockwork)
        outcome = await report(session)
    return outcome, programme, addresses


async def _played(programme: Programme, session: Session, clockwork: Any) -> None:
    from common.clock import SEOUL
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from client.replay.play import play

    columns = (TextColumn("{task.description:<44}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("replay", total=None)

        def progress(done: int, total: int, at: datetime, what: str) -> None:
            text = f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M} {what}"
            bar.update(task, completed=done, total=total, description=text)
            if not console.is_terminal:
                print(f"[{done:>3}/{total}] {text}", file=sys.stderr, flush=True)

        await play(programme, session, clockwork, progress)


def _show(console: Console, outcome: Mapping[str, Any], programme: Programme, addresses: Stack) -> None:
    from rich.table import Table

    names = {a.team_id: _name(a.lead_ko, a.lead_en) for call in programme.calls for a in call.applicants}
    titles = {stage.stage_id: stage.rule_set.title for stage in programme.stages}
    for stage in outcome["stages"]:
        title = titles.get(stage["id"])
        table = Table(title=f"{title.ko} / {title.en}" if title else stage["id"], title_justify="left")
        for heading in ("팀 team", "총점 total", "결과 outcome"):
            table.add_column(heading)
        out = {each["team"]: each for each in stage["eliminated"]}
        for team in [*stage["advanced"], *out]:
            table.add_row(names.get(team, team), stage["totals"].get(team, ""), _outcome(out.get(team)))
        console.print(table)
    for each in outcome["objections"]:
        console.print(_objection(each, names))
    console.print(f"남은 팀 still in: {', '.join(names.get(team, team) for team in outcome['final'])}")
    console.print(f"콘솔 console: {addresses.console_url}")
    console.print("합성 값은 콘솔과 자료에 표시되어 있습니다. Synthetic values are marked on the page and in the data.")


def _objection(each: Mapping[str, Any], names: Mapping[str, str]) -> str:
    team, outcome = names.get(each["team"], each["team"]), _ENDINGS.get(each["outcome"], each["outcome"])
    mark = ", 합성 synthetic" if each["provenance"] == "synthetic" else ""
    found = f"{each['founded']} : {each['unfounded']}"
    return f"이의제기 objection {each['id']}: {team} ({each['ground']}{mark}), {found} → {outcome}"


def _name(korean: str, english: str) -> str:
    return korean if korean == english else f"{korean} {english}"


def _outcome(elimination: Mapping[str, str] | None) -> str:
    if elimination is None:
        return "진출 advanced"
    gate = elimination.get("gate")
    return f"탈락 eliminated ({elimination['reason']}{': ' + gate if gate else ''})"
