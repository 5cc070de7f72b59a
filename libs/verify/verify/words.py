"""What a check says, in Korean and English.

A finding is noted in English, as JSON has it; whoever reads Korean gets each sentence of it from a table, whose keys a
test holds against everything that a check can say.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from rules.sentences import Sentences

from verify.instants import for_people
from verify.korean_command import COMMAND
from verify.korean_decisions import DECISIONS
from verify.korean_log import LOG, PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.findings import Finding, Report

SHOWN = 50
"""So many findings are printed; all of them are in the JSON."""


class Language(StrEnum):
    """In which a report is printed."""

    EN = "en"
    KO = "ko"


SAID = {
    "more": ("… and {count} more (--json prints them all)", "… 그 밖에 {count}건 (--json 은 모두 보여 줍니다)"),
    "fails": ("The record does not hold. Findings: {count}.", "기록이 맞지 않습니다: {count}건."),
    "log": (
        "✓ log: {size} entries, {heads} signed heads, each extends the one before",
        "✓ 기록: {size}건, 서명된 머리 {heads}개, 각각 앞의 것을 잇습니다",
    ),
    "root": ("✓ root {root}", "✓ 뿌리 {root}"),
    "publications": (
        "✓ publications: {count} views, each computed again and the same, none too early",
        "✓ 공표: {count}건, 모두 다시 계산해도 같고 정해진 때보다 이르지 않습니다",
    ),
    "publications-unchecked": (
        "– publications: {count} views NOT VERIFIED: their decision is not here",
        "– 공표: {count}건은 결정 자료가 없어 확인하지 못했습니다",
    ),
    "receipts": ("✓ receipts: {count}, each in the log", "✓ 접수증: {count}건, 모두 기록에 있습니다"),
    "rules": (
        "✓ rule sets: {count}, each as it was logged when it was published",
        "✓ 평가기준: {count}건, 모두 공표할 때 기록된 그대로입니다",
    ),
    "openings": (
        "✓ openings: {count}, each that of a sealed value of the log",
        "✓ 열린 값: {count}건, 각각 기록에 봉인된 그 값입니다",
    ),
    "sealed": (
        "– sealed: {count} values that nobody has opened; what they are is not verified",
        "– 봉인: {count}건은 아직 열리지 않아 무엇인지 확인하지 못했습니다",
    ),
    "erased": (
        "– erased: {count} values, as the log tells; what they were cannot be verified any more",
        "– 삭제: {count}건은 기록에 적힌 대로 지워져 더는 확인할 수 없습니다",
    ),
    "unreadable": (
        "– entry {index}: is not the event that it says to be; nobody acts on it, and it is not verified",
        "– {index}번 항목: 스스로 말하는 사건이 아니며, 확인하지 못했습니다",
    ),
    "withheld": (
        "– entry {index}: withheld by {one} and {two}: {reason}; what it was cannot be verified",
        "– {index}번 항목: {one}, {two} 두 사람이 내용을 감추었습니다: {reason}; 무엇이었는지 확인할 수 없습니다",
    ),
    "not shown": (
        "– {finding}: cannot be shown, as a withheld entry might be it",
        "– {finding}: 감추어진 항목일 수 있어 밝히지 못했습니다",
    ),
    "decision": (
        "✓ decision {stage}: computed again, the same byte for byte, by rules frozen or changed as they demand",
        "✓ 결정 {stage}: 미리 확정되었거나 정해진 동의로 바뀐 평가기준으로 다시 계산하여 한 바이트도 다르지 않습니다",
    ),
    "standing": (
        "; final since {since} (entry {index}); go on: {teams}",
        "; {since} 확정({index}번 항목); 나아가는 팀: {teams}",
    ),
    "nobody": ("nobody", "없음"),
    "overridden": (
        (
            "– decision {stage}: decided by officers {one} and {two} in the place of the computed decision, "
            "because {why}; who goes on is theirs and was not computed. "
            "The computed decision beside it: the same byte for byte"
        ),
        (
            "– 결정 {stage}: 담당관 {one}, {two} 두 사람이 계산된 결정을 대신하여 결정하였습니다. 사유: {why}; "
            "누가 나아가는지는 두 사람의 결정이며 계산한 것이 아닙니다. "
            "곁에 남은 계산된 결정은 다시 계산하여 한 바이트도 다르지 않습니다"
        ),
    ),
    "superseded": (
        "✓ decision {stage}, version {version}, superseded: computed again from the log, the same byte for byte",
        "✓ 결정 {stage} 제{version}판(대체됨): 기록에서 다시 계산하여 한 바이트도 다르지 않습니다",
    ),
    "pending": (
        "– decision {stage}, version {version}: provisional since {since} (entry {index}), checked once it is final",
        "– 결정 {stage} 제{version}판: {since}부터({index}번 항목) 잠정이며, 확정된 뒤에 확인합니다",
    ),
    "counts": ("; until then the final version {version} counts", "; 그때까지는 확정된 제{version}판이 유효합니다"),
    "not verified": ("– decision {stage}: NOT VERIFIED: {why}", "– 결정 {stage}: 확인하지 못함: {why}"),
    "witness": (
        "✓ witness {name}: saw the first {size} entries at {at}",
        "✓ 증인 {name}: {at}에 처음 {size}건을 보았습니다",
    ),
    "retired": (
        "– witness {name}: retired by {one} and {two} (entry {index}): {reason}; what it cosigned before that counts",
        "– 증인 {name}: {one}, {two} 두 사람이 그만두게 함({index}번 항목). 사유: {reason}; 그전의 공동 서명만 셉니다",
    ),
    "quorum": (
        "✓ quorum: {quorum} witnesses saw the first {size} of {all} entries",
        "✓ 정족수: 증인 {quorum}명이 {all}건 가운데 처음 {size}건을 보았습니다",
    ),
    "extends": (
        "✓ the log of {second} entries extends that of {first}: the proof of {hashes} hashes holds",
        "✓ {second}건의 기록은 {first}건의 기록을 잇습니다: 해시 {hashes}개의 증명이 맞습니다",
    ),
    "own receipt": (
        "✓ your receipt of {application} version {version}: entry {index} of the log, received {at}",
        "✓ 가지고 계신 접수증 {application} 제{version}판: 기록의 {index}번 항목, {at} 접수",
    ),
    "key": ("✓ key {key}", "✓ 열쇠 {key}"),
    "compare": (
        " (compare it with one you know from elsewhere: --key)",
        " (다른 경로로 아는 지문과 견주십시오: --key)",
    ),
    "holds": ("The record holds.", "기록이 맞습니다."),
    "holds so far": ("The record holds as far as it is open.", "열려 있는 범위에서 기록이 맞습니다."),
}


in_korean = Sentences(LOG | DECISIONS | COMMAND | PLACES, nested=True)


def rule_of(text: str, language: Language) -> str:
    """What does not hold, why something cannot be checked, or what an option is for."""
    return in_korean(text) if language is Language.KO else text


def finding_of(finding: Finding, language: Language) -> str:
    """A finding: where, and what does not hold."""
    if language is Language.EN:
        return str(finding)
    where = ", ".join(part for part in (finding.path, in_korean(finding.place) if finding.place else "") if part)
    return f"{where or PLACES['']}: {in_korean(finding.rule)}"


def say(what: str, language: Language, **values: object) -> str:
    """One sentence."""
    english, korean = SAID[what]
    return (korean if language is Language.KO else english).format(**values)


def lines(report: Report, language: Language, *, key_known: bool) -> list[str]:
    """What a report says, a line each."""
    if not report.holds:
        said = [f"✗ {finding_of(finding, language)}" for finding in report.findings[:SHOWN]]
        if len(report.findings) > SHOWN:
            said.append(say("more", language, count=len(report.findings) - SHOWN))
        return [*said, say("fails", language, count=len(report.findings))]
    so_far = report.not_verified or report.unreadable or report.withheld
    compare = "" if key_known else say("compare", language)
    return [
        say("log", language, size=report.tree_size, heads=report.heads),
        say("root", language, root=report.root_hash),
        *_witnesses(report, language),
        say("receipts", language, count=report.receipts),
        say("rules", language, count=report.rule_sets),
        say("openings", language, count=report.opened),
        *([say("sealed", language, count=report.sealed)] if report.sealed else []),
        *([say("erased", language, count=report.erased)] if report.erased else []),
        *(say("unreadable", language, index=index) for index in report.unreadable),
        *(
            say("withheld", language, index=index, one=each.requested_by, two=each.confirmed_by, reason=each.reason)
            for index, each in sorted(report.withheld.items())
        ),
        *(say("not shown", language, finding=finding_of(finding, language)) for finding in report.not_shown),
        *(say("decision", language, stage=stage) + _standing(report, stage, language) for stage in report.decisions),
        *(
            say("overridden", language, stage=stage, one=each.proposed_by, two=each.confirmed_by, why=each.reason)
            + _standing(report, stage, language)
            for stage, each in report.overridden.items()
        ),
        *(say("superseded", language, stage=stage, version=version) for stage, version in report.superseded),
        *_pending(report, language),
        *_publications(report, language),
        *(
            say("not verified", language, stage=stage, why=rule_of(why, language))
            for stage, why in report.not_verified.items()
        ),
        *_asked(report, language),
        say("key", language, key=report.log_id) + compare,
        say("holds so far" if so_far else "holds", language),
    ]


def _standing(report: Report, stage: str, language: Language) -> str:
    """Since when a decision is final and who goes on by it; nothing for a version that was superseded."""
    each = report.standing.get(stage)
    if each is None:
        return ""
    teams = ", ".join(each.advanced) or say("nobody", language)
    return say("standing", language, since=for_people(each.since), index=each.index, teams=teams)


def _pending(report: Report, language: Language) -> Iterator[str]:
    for stage, each in report.pending.items():
        since, counts = for_people(each.since), each.final_version
        said = say("pending", language, stage=stage, version=each.version, since=since, index=each.index)
        yield said if counts is None else said + say("counts", language, version=counts)


def _publications(report: Report, language: Language) -> list[str]:
    counts = {"publications": report.publications, "publications-unchecked": report.publications_unchecked}
    return [say(name, language, count=count) for name, count in counts.items() if count]


def _asked(report: Report, language: Language) -> list[str]:
    said = []
    if (extends := report.extends) is not None:
        said.append(say("extends", language, first=extends.first, second=extends.second, hashes=extends.hashes))
    if (receipt := report.own_receipt) is not None:
        said.append(
            say(
                "own receipt",
                language,
                application=receipt["application_id"],
                version=receipt["version"],
                index=receipt["inclusion"]["leaf_index"],
                at=receipt["received_at"],
            )
        )
    return said


def _witnesses(report: Report, language: Language) -> list[str]:
    seen = [
        say("witness", language, name=each.name, size=each.tree_size, at=for_people(each.signed_at))
        for each in report.witnessed
    ]
    seen.extend(
        say(
            "retired",
            language,
            name=name,
            index=each.index,
            one=each.requested_by,
            two=each.confirmed_by,
            reason=each.reason,
        )
        for name, each in sorted(report.retired.items())
    )
    if report.witnessed_size:
        size = report.witnessed_size
        seen.append(say("quorum", language, quorum=report.quorum, size=size, all=report.tree_size))
    return seen
