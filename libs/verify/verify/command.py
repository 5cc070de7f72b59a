"""`python -m verify FOLDER`: check the public record of a programme with this package alone.

A source is a folder that an export wrote, or the address of one on a web server. It ends with 0 if everything holds,
with 1 if something does not, and with 2 if the question cannot be understood.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify import mirror, words
from verify.between import HeadUnknownError, extension, known
from verify.check import examine
from verify.findings import Report
from verify.folder import read
from verify.merkle import ProofRefusedError
from verify.note import KeyKind, NoteRefusedError, verifier_key_of
from verify.own_receipt import check_own_receipt
from verify.words import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.check import Examined
    from verify.note import VerifierKey

FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class QuestionError(Exception):
    """An option is not what it must be. `option` names it."""

    def __init__(self, option: str, rule: str) -> None:
        """Name the option, and what it must be."""
        super().__init__(f"{option} {rule}")
        self.option = option
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a record."""

    source: str
    """A folder, or the address of one on a web server."""
    fingerprint: str | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int | None = None
    first: str | None = None
    """A size, or the file of a head that was kept: the log must extend it."""
    second: str | None = None
    receipt: Path | None = None
    """A receipt that was kept."""


def question(
    source: str,
    *,
    key: str | None = None,
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    first: str | None = None,
    second: str | None = None,
    receipt: Path | None = None,
) -> Question:
    """The question of these options.

    Raises:
        QuestionError: one is not what it must be.
    """
    if key is not None and not FINGERPRINT.fullmatch(key):
        raise QuestionError("--key", "must be 64 digits of lower-case hex")
    try:
        keys = tuple(map(verifier_key_of, witnesses))
    except NoteRefusedError as error:
        raise QuestionError("--witness", error.rule) from error
    if any(each.kind is not KeyKind.COSIGNATURE for each in keys) or len({each.name for each in keys}) < len(keys):
        raise QuestionError("--witness", "must be keys for cosignatures, each of another witness")
    if quorum is not None and not 1 <= quorum <= len(keys):
        raise QuestionError("--quorum", f"must be 1 to {len(keys)}, as many as there are witnesses")
    if second is not None and first is None:
        raise QuestionError("--to", "needs --from: the head that it must extend")
    return Question(source, key, keys, quorum, first, second, receipt)


def answer(asked: Question) -> Report:
    """Check what is asked.

    Raises:
        QuestionError: a head or receipt that was kept cannot be read.
    """
    report = Report()
    is_address = mirror.is_address(asked.source)
    folder = mirror.read(asked.source, report) if is_address else read(Path(asked.source), report)
    found = examine(folder, report, fingerprint=asked.fingerprint, witnesses=asked.witnesses, quorum=asked.quorum)
    if found is not None:
        _extension(asked, found, report)
        _receipt(asked, found, report)
    return report


def _extension(asked: Question, found: Examined, report: Report) -> None:
    if asked.first is None or found.key is None:
        return
    try:
        first = known(asked.first, found.key)
        second = known(asked.second or str(len(found.log.hashes)), found.key)
    except HeadUnknownError as error:
        raise QuestionError(
            "--from" if asked.second is None else "--from or --to", f"cannot be used: {error}"
        ) from error
    try:
        report.extends = extension(first, second, found.log)
    except ProofRefusedError as error:
        report.add(asked.first, "", error.rule)


def _receipt(asked: Question, found: Examined, report: Report) -> None:
    if asked.receipt is None:
        return
    try:
        data = asked.receipt.read_bytes()
    except OSError as error:
        raise QuestionError("--receipt", f"{asked.receipt} cannot be read: {error.strerror}") from error
    report.own_receipt = check_own_receipt(str(asked.receipt), data, found.log, report)


def tell(report: Report, *, as_json: bool, language: Language, key_known: bool) -> int:
    """Print a report; the exit status."""
    if as_json:
        print(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(words.lines(report, language, key_known=key_known)))
    return 0 if report.holds else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that does not know Korean or a tick gets an escape in its place, and never a traceback.
            stream.reconfigure(errors="backslashreplace")
    language = _language(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(language)
    given = parser.parse_args(arguments)
    try:
        asked = question(
            given.source, key=given.key, witnesses=given.witness, quorum=given.quorum, first=given.first,
            second=given.second, receipt=given.receipt,
        )  # fmt: skip
        report = answer(asked)
    except QuestionError as error:
        parser.error(f"{error.option} {words.rule_of(error.rule, language)}")
    return tell(report, as_json=given.as_json, language=language, key_known=given.key is not None)


def _language(arguments: Sequence[str]) -> Language:
    """The language that is asked for, also of the help, which is printed while the options are read."""
    first = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    first.add_argument("--lang", default="en")
    try:
        asked = first.parse_known_args(arguments)[0].lang
    except argparse.ArgumentError:
        asked = "en"
    return Language.KO if asked == Language.KO else Language.EN


def _parser(language: Language) -> argparse.ArgumentParser:
    def said(text: str) -> str:
        return words.rule_of(text, language)

    parser = argparse.ArgumentParser(prog="verify", description=said("Check the public record of a programme."))
    add = parser.add_argument
    add("source", help=said("a folder that an export wrote, or its address on a web server"))
    add("--key", help=said("fingerprint of the notary's key, known from elsewhere: 64 digits of hex"))
    add("--witness", action="append", default=[], help=said("key of a witness that must have cosigned"))
    add("--quorum", type=int, help=said("how many of the witnesses are enough; default: all"))
    add("--from", dest="first", help=said("size, or file of a head that was kept: the log must extend it"))
    add("--to", dest="second", help=said("size or file of a later head; default: the newest"))
    add("--receipt", type=Path, help=said("a receipt that was kept"))
    add("--json", action="store_true", dest="as_json", help=said("print the report as JSON"))
    add("--lang", choices=[str(each) for each in Language], default="en", help=said("language of the report"))
    return parser


def run() -> None:
    """Answer the command line of `dokpamo-verify`."""
    sys.exit(main())
