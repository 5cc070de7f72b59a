"""The page of figures, `docs/originality-detection.md`: each of its two parts is written by a run of its own."""

from __future__ import annotations

import math
import os
import platform
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from originality import Finding, log10_tail

from tests.originality.counting import area, interval
from tests.originality.kinds import Truth
from tests.originality.pairs import EVIDENCE, LEVEL
from tests.originality.synthetic import DECODERS, ENCODERS, GROUPS, MIXTURES
from tests.originality.training import DECODER, ENCODER, GROUPED, MIXED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.originality.network import Shape
    from tests.originality.pairs import Outcome
    from tests.originality.published import Case, Pair
    from tests.originality.synthetic import Row, Run

    Pairs = Sequence[tuple[Pair, Outcome]]

PAGE = Path(__file__).resolve().parents[2] / "docs/originality-detection.md"
LEVELS = (0.001, 0.01, 0.05)
# Kinds that comparisons of published models have: made by training, pruning, merging or upcycling, not by hiding.
USUAL = (
    "fine-tuned, a quarter of the steps",
    "trained on for as long again, at the full rate",
    "low-rank adapters merged",
    "64 tokens more, trained on",
    "upcycled to 4 experts, trained on",
    "30 % of hidden units dropped",
    "first layer dropped",
    "average 0.5 and 0.5 of two parents, against one",
)
_SORTS = (("decoders", DECODER), ("encoders of images", ENCODER))
_DRAWN_DERIVED, _DRAWN_INDEPENDENT = 60, 90


def write(part: str, text: str, page: Path = PAGE) -> None:
    """Put `text` in the place of the page's `part`, which stands between two marks of its name."""
    marks = f"<!-- {part} -->", f"<!-- end of {part} -->"
    whole = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
    before = page.read_text("utf-8")
    after, count = whole.subn(lambda _: f"{marks[0]}\n{text.strip()}\n{marks[1]}", before)
    if count != 1:
        raise ValueError(f"{page} has {count} parts named {part}")
    page.write_text(after, "utf-8")


def synthetic(run: Run) -> str:
    """Return the part on the families that a run trained."""
    rows = list(run.rows.values())
    independent = [row for row in rows if row.truth is Truth.INDEPENDENT]
    return "\n\n".join(
        [
            _family(run),
            "### False findings",
            _false(independent),
            _counted([one for row in independent for one in row.outcomes]),
            "### Detection",
            _detected([row for row in rows if row.truth is not Truth.INDEPENDENT]),
            "### As a score",
            _scored(rows),
        ]
    )


def published(told: Iterable[tuple[Case, Pairs, Pairs]]) -> str:
    """Return the part on published weights: a confusion matrix for each case, and who says what is true.

    Of each case, `told` has the pairs of published models, and those with what was made here of each.
    """
    lines = [
        "| models | true | pairs | found | no evidence | exact tests, mean count |",
        "|---|---|---:|---:|---:|---:|",
    ]
    notes, total, counts = [], Counter[tuple[Truth, bool]](), list[int]()
    made_here: dict[tuple[str, Truth], list[Outcome]] = defaultdict(list)
    for case, pairs, made in told:
        for truth in (Truth.DERIVED, Truth.INDEPENDENT):
            mine = [one for pair, one in pairs if pair.truth is truth]
            found = sum(one.found() for one in mine)
            single = [count for one in mine for count in one.counts]
            total.update({(truth, True): found, (truth, False): len(mine) - found})
            if mine:
                mean = f"{len(single):,}, {np.mean(single):.3f}" if truth is Truth.INDEPENDENT else "–"
                lines.append(f"| {case.name} | {truth} | {len(mine)} | {found} | {len(mine) - found} | {mean} |")
            counts += single if truth is Truth.INDEPENDENT else []
        for pair, one in made:
            made_here[pair.second, pair.truth].append(one)
        taken = ", ".join(f"`{one.name}` {one.version}" for one in case.packages)
        notes.append(f"- {case.name} ({taken}). What is true says: {case.says}.")
    for truth in (Truth.DERIVED, Truth.INDEPENDENT):
        found, missed = total[truth, True], total[truth, False]
        low, high = interval(found, found + missed)
        lines.append(f"| **all** | {truth} | {found + missed} | {found} | {missed} | rate {_range(low, high)} |")
    parts = ["\n".join(lines), _tails(counts), "\n".join(notes), "### Made here from published weights"]
    return "\n\n".join([*parts, _made_here(made_here), _machine()])


def _made_here(made: dict[tuple[str, Truth], list[Outcome]]) -> str:
    lines = ["| made | against | pairs | found | rate, 95 % |", "|---|---|---:|---:|---:|"]
    for (kind, truth), told in made.items():
        found = sum(one.found() for one in told)
        against = "its parent" if truth is Truth.DERIVED else "an independent one"
        lines.append(f"| {kind} | {against} | {len(told)} | {found} | {_range(*interval(found, len(told)))} |")
    return "\n".join(lines)


def _family(run: Run) -> str:
    plan, losses = run.plan, run.losses
    decoders, encoders = (f"{plan.models} {name} ({_size(shape)} parameters" for name, shape in _SORTS)
    worst, mean = max(losses[DECODERS]), np.mean(losses[DECODERS])
    return (
        f"Trained by the run: {decoders}, {plan.steps} steps of Adam with decay, mean loss {mean:.2f} nats a byte,"
        f" greatest {worst:.2f}; knowing nothing is {math.log(DECODER.vocabulary):.2f}) and {encoders},"
        f" {plan.steps // 4} steps, mean loss {np.mean(losses[ENCODERS]):.2f} nats an image; knowing nothing is"
        f" {math.log(ENCODER.classes):.2f}); {_others(run)}. Seeds from 0 on in each sort;"
        f" whatever is drawn for a pair follows from the numbers of parent and draw and the name of its kind."
        f" It took {run.seconds / 60:.0f} minutes."
        f" {_machine()}"
    )


def _others(run: Run) -> str:
    sorts = ((GROUPS, GROUPED, "whose heads share keys"), (MIXTURES, MIXED, "with experts"))
    return " and ".join(
        f"{len(run.losses[name])} decoders {words} ({_size(shape)} parameters, loss {np.mean(run.losses[name]):.2f})"
        for name, shape, words in sorts
    )


def _size(shape: Shape) -> str:
    return f"{sum(math.prod(size) for size in shape.tensors().values()):,}"


def _machine() -> str:
    said = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    return f"Machine: {said}; shared with other work."


def _false(rows: list[Row]) -> str:
    over = (
        " | ".join(f"exact, {level:g}" for level in LEVELS)
        + " | "
        + " | ".join(f"moved, {level:g}" for level in LEVELS)
    )
    lines = [f"| independent pairs | pairs | {over} |", "|---|---:|" + "---:|" * (2 * len(LEVELS))]
    for row in rows:
        cells = [
            _rate(sum(one.exact <= math.log10(level) for one in row.outcomes), len(row.outcomes)) for level in LEVELS
        ]
        cells += [
            _rate(sum(one.moved <= math.log10(level) for one in row.outcomes), len(row.outcomes)) for level in LEVELS
        ]
        lines.append(f"| {row.name} | {len(row.outcomes):,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _rate(found: int, of: int) -> str:
    return f"{found} ({_range(*interval(found, of))})"


def _range(low: float, high: float) -> str:
    return f"{_share(low)}–{_share(high)} %"


def _share(value: float) -> str:
    return f"{100 * value:.2f}".rstrip("0").rstrip(".")


def _counted(outcomes: list[Outcome]) -> str:
    return _tails([count for one in outcomes for count in one.counts])


def _tails(counts: list[int]) -> str:
    """Counts of single exact tests beside those of a random permutation, whose size is no matter here."""
    at_least = range(1, 8)
    expected = [10 ** log10_tail(least, 100) * len(counts) for least in at_least]
    seen = [sum(count >= least for count in counts) for least in at_least]
    lines = [
        "| units matched to themselves, at least | " + " | ".join(map(str, at_least)) + " |",
        "|---|" + "---:|" * len(at_least),
        "| a random permutation, expected | " + " | ".join(f"{one:,.1f}" for one in expected) + " |",
        "| independent models, seen | " + " | ".join(f"{one:,}" for one in seen) + " |",
    ]
    about = (
        f"Single exact tests of independent components: {len(counts):,}, mean count {np.mean(counts):.4f} (expected 1)."
    )
    return about + "\n\n" + "\n".join(lines)


def _detected(rows: list[Row]) -> str:
    lines = [
        "| kind | pairs | found | rate, 95 % | exact test | only moved units | components with evidence | said |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        told, of = row.outcomes, len(row.outcomes)
        found = sum(one.found() for one in told)
        exact = sum(one.exact <= math.log10(LEVEL) for one in told)
        said = Counter(finding for one in told for finding in one.findings)
        testable = said.total() - said[Finding.NOT_TESTABLE]
        evidence = {finding: count for finding, count in said.most_common() if finding in EVIDENCE}
        words = ", ".join(
            f"{finding} {100 * count / sum(evidence.values()):.0f} %" for finding, count in evidence.items()
        )
        cells = (
            row.name, of, found, _range(*interval(found, of)), exact, found - exact,
            f"{100 * sum(evidence.values()) / testable:.0f} %", words or "–",
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _scored(rows: list[Row]) -> str:
    independent = [one for row in rows if row.truth is Truth.INDEPENDENT for one in row.outcomes]
    usual = [one for row in rows if row.name in USUAL for one in row.outcomes]
    every = [one for row in rows if row.truth is Truth.DERIVED for one in row.outcomes]
    rng = np.random.default_rng(0)
    drawn = [
        [group[place] for place in rng.permutation(len(group))[:size]]
        for group, size in ((usual, _DRAWN_DERIVED), (independent, _DRAWN_INDEPENDENT))
    ]
    lines = ["| derived pairs | independent pairs | AUC of −log₁₀ p | AUC of Pearson's r |", "|---|---|---:|---:|"]
    for name, derived, others in (
        ("drawn from the usual kinds", *drawn),
        ("all of the usual kinds", usual, independent),
        ("all kinds of this page", every, independent),
    ):
        areas = (
            area([one.score for one in derived], [one.score for one in others]),
            area([one.pearson for one in derived], [one.pearson for one in others]),
        )
        cells = f"{name}, {len(derived):,} | {len(others):,}"
        lines.append(f"| {cells} | {' | '.join(f'{one:.4f}' for one in areas)} |")
    about = f"The usual kinds: {'; '.join(USUAL)}."
    return "\n".join(lines) + "\n\n" + about
