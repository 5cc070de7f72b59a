"""The sensitivity report as one picture: each part's points along, ranks down, and the flips where they are.

A self-contained SVG: no script, no font of its own, for light and dark; what colour says, line and label say too.
"""

from __future__ import annotations

from fractions import Fraction
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from rules.exact import exact_text, fixed
from rules.explaining_words import title_words
from rules.phrases import Phrases, about

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.document import RuleSet
    from rules.explaining_words import Language
    from rules.sensitivity import Sensitivity
    from rules.sensitivity_weights import Flip, WeightReport

_LEFT, _RIGHT, _PLOT = 170, 170, 560
_TOP, _ROW, _BELOW = 64, 26, 46
_HEAD = 74
_LABEL, _LINE = 44, 14
"""Width of a number with two decimals, and height of its line."""
_COLOURS = (
    ("#0063a0", "#6bbcf2"), ("#b84700", "#ff9d5c"), ("#00694e", "#45d0a3"), ("#933a7a", "#e79bd0"),
    ("#735a00", "#f0cb45"), ("#3a4ab0", "#a9b3ee"), ("#a5001e", "#ff8a94"), ("#3f525b", "#b9c7cf"),
)  # fmt: skip
_FONTS = "'Noto Sans KR','Noto Sans CJK KR','Apple SD Gothic Neo','Malgun Gothic','NanumGothic',sans-serif"
_say = Phrases(
    {
        "title": {
            "ko": "{stage}: 배점이 바뀌면 순위가 어떻게 움직이는가",
            "en": "{stage}: how ranks move with the points of a part",
        },
        "legend": {
            "ko": "굵은 선은 진출, 가는 점선은 탈락. 세로 실선은 진출 팀이 바뀌는 배점, 동그라미는 순위만 바뀌는 배점,"
            " 세로 점선은 지금의 배점.",
            "en": "Thick: goes on; thin and dashed: out. Solid upright line: other teams go on from there; circle: only"
            " the order flips; dashed upright line: the points as they are.",
        },
        "part": {"ko": "{title} ({id}), 지금 {points}점", "en": "{title} ({id}), now {points} points"},
        "axis": {"ko": "배점 (나머지는 비례해서 나눔)", "en": "points of the part (the others share the rest)"},
        "flip": {
            "ko": "{points}점을 넘으면 진출 {into}, 탈락 {out}",
            "en": "above {points} points in: {into}, out: {out}",
        },
        "no-flip": {"ko": "어떤 배점에서도 진출 팀은 같음", "en": "at all points the same teams go on"},
        "order-flips": {"ko": "순위만 바뀌는 배점: {points}", "en": "only the order flips at: {points}"},
    }
)


def chart(report: Sensitivity, rule_set: RuleSet, lang: Language) -> str:
    """The SVG of a report on this rule set, with a title and a description that says in words what it shows."""
    teams = report.base.order
    height = _TOP + _ROW * len(teams) + _BELOW
    panels = [panel for panel in report.weights if teams]
    title = _say("title", lang, stage=title_words(rule_set.title, lang))
    told = [line for panel in panels for line in flips_in_words(panel, rule_set, lang)]
    width = _LEFT + _PLOT + _RIGHT
    box = f"0 0 {width} {_HEAD + height * len(panels)}"
    named = 'role="img" aria-labelledby="title description"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {named} lang="{lang}">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(" ".join((_say("legend", lang), *told)))}</desc>',
        f"<style>{_style()}</style>",
        '<rect class="ground" width="100%" height="100%"/>',
        f'<text class="title" x="24" y="32">{escape(title)}</text>',
        f'<text class="small" x="24" y="54">{escape(_say("legend", lang))}</text>',
    ]
    for number, panel in enumerate(panels):
        lines.append(f'<g transform="translate({_LEFT} {_HEAD + height * number})">')
        lines += _panel(panel, rule_set, teams, lang)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def chart_page(report: Sensitivity, rule_set: RuleSet, lang: Language) -> str:
    """The chart in a page of its own, with the same in words below it."""
    title = escape(_say("title", lang, stage=title_words(rule_set.title, lang)))
    items = "\n".join(
        f"<li>{escape(line)}</li>" for panel in report.weights for line in flips_in_words(panel, rule_set, lang)
    )
    style = (
        f"body{{margin:1rem auto;max-width:60rem;font-family:{_FONTS};color-scheme:light dark;"
        "background:Canvas;color:CanvasText}svg{width:100%;height:auto}"
    )
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<style>{style}</style></head>\n<body>\n{chart(report, rule_set, lang)}<ul>\n{items}\n</ul>\n</body></html>\n"
    )


def flips_in_words(report: WeightReport, rule_set: RuleSet, lang: Language) -> list[str]:
    """What the part's panel shows: where which teams come in and go out, and where only the order flips."""
    part = next(part for part in rule_set.every_part() if part.id == report.part)
    points = exact_text(report.points)
    name = _say("part", lang, title=title_words(part.title, lang), id=part.id, points=points)
    winners = [flip for flip in report.flips if flip.winners]
    told = [
        _say("flip", lang, points=about(flip.points), into=_teams(flip, into=True), out=_teams(flip, into=False))
        for flip in winners
    ] or [_say("no-flip", lang)]
    others = [about(flip.points) for flip in report.flips if not flip.winners]
    if others:
        told.append(_say("order-flips", lang, points=", ".join(others)))
    return [f"{name}: {line}." for line in told]


def _teams(flip: Flip, *, into: bool) -> str:
    below, above = set(flip.below.outcome.advanced), set(flip.above.outcome.advanced)
    return ", ".join(sorted(above - below if into else below - above)) or "-"


def _panel(report: WeightReport, rule_set: RuleSet, teams: tuple[str, ...], lang: Language) -> Iterator[str]:
    part = next(part for part in rule_set.every_part() if part.id == report.part)
    bottom = _TOP + _ROW * len(teams)
    name = _say("part", lang, title=title_words(part.title, lang), id=part.id, points=exact_text(report.points))
    yield f'<text class="part" x="0" y="20">{escape(name)}</text>'
    for tenth in range(0, 11, 2):
        x = _PLOT * tenth / 10
        yield f'<line class="grid" x1="{x:g}" y1="{_TOP - 8}" x2="{x:g}" y2="{bottom}"/>'
        yield f'<text class="small middle" x="{x:g}" y="{bottom + 16}">{fixed(report.whole * tenth / 10, 0)}</text>'
    yield f'<text class="small middle" x="{_PLOT / 2:g}" y="{bottom + 32}">{escape(_say("axis", lang))}</text>'
    now = _x(report, report.points)
    yield f'<line class="now" x1="{now}" y1="{_TOP - 8}" x2="{now}" y2="{bottom}"/>'
    yield from _winner_flips(report, bottom)
    for number, team in enumerate(teams):
        yield from _team(report, team, number % len(_COLOURS))
    for flip in report.flips:
        if not flip.winners:
            yield from _circles(report, flip)


def _winner_flips(report: WeightReport, bottom: int) -> Iterator[str]:
    """Upright lines with their points; of two close ones the second's stand a line higher, so that both can be read."""
    ends = [Fraction(-_LABEL)] * 2  # on each line of numbers, where the last one stands
    for flip in report.flips:
        if flip.winners:
            x = _PLOT * flip.points / report.whole
            level = next((number for number, end in enumerate(ends) if x - end >= _LABEL), len(ends) - 1)
            ends[level] = x
            at, top = _x(report, flip.points), _TOP - 16 - level * _LINE
            yield f'<line class="flip" x1="{at}" y1="{top + 4}" x2="{at}" y2="{bottom}"/>'
            yield f'<text class="middle" x="{at}" y="{top}">{fixed(flip.points, 2)}</text>'


def _team(report: WeightReport, team: str, colour: int) -> Iterator[str]:
    """The team's line: one piece as long as it keeps its rank and its outcome."""
    pieces: list[tuple[Fraction, Fraction, int, bool]] = []
    for stretch in report.stretches:
        if team not in stretch.outcome.order:
            continue
        place, advanced = stretch.outcome.order.index(team), team in stretch.outcome.advanced
        low = stretch.low
        if pieces and pieces[-1][1:] == (low, place, advanced):
            low = pieces.pop()[0]
        pieces.append((low, stretch.high, place, advanced))
    if not pieces:
        return
    yield f'<g class="c{colour}"><title>{escape(team)}</title>'
    for (_, end, place, _), (start, _, other, _) in pairwise(pieces):
        if end == start and place != other:
            x = _x(report, end)
            yield f'<line class="off" x1="{x}" y1="{_y(place)}" x2="{x}" y2="{_y(other)}"/>'
    for low, high, place, advanced in pieces:
        y = f'y1="{_y(place):g}" y2="{_y(place):g}"'
        yield f'<line class="{"on" if advanced else "off"}" x1="{_x(report, low)}" x2="{_x(report, high)}" {y}/>'
    first, last = pieces[0][2], pieces[-1][2]
    yield f'<text class="end" x="-10" y="{_y(first) + 4:g}">{first + 1}. {escape(team)}</text>'
    yield f'<text x="{_PLOT + 10}" y="{_y(last) + 4:g}">{last + 1}. {escape(team)}</text>'
    yield "</g>"


def _circles(report: WeightReport, flip: Flip) -> Iterator[str]:
    order, x = flip.below.outcome.order, _x(report, flip.points)
    for one, other in flip.level:
        if one in order and other in order:
            middle = (_y(order.index(one)) + _y(order.index(other))) / 2
            yield f'<circle class="mark" cx="{x}" cy="{middle:g}" r="4"><title>{about(flip.points)}</title></circle>'


def _x(report: WeightReport, points: Fraction) -> str:
    return fixed(points / report.whole * _PLOT, 2)


def _y(place: int) -> float:
    return _TOP + _ROW * (place + 0.5)


def _style() -> str:
    light = "".join(f".c{n} line{{stroke:{on}}}.c{n} text{{fill:{on}}}" for n, (on, _) in enumerate(_COLOURS))
    dark = "".join(f".c{n} line{{stroke:{on}}}.c{n} text{{fill:{on}}}" for n, (_, on) in enumerate(_COLOURS))
    return (
        f"text{{font-family:{_FONTS};font-size:13px;fill:#1b1b1b}}.title{{font-size:19px;font-weight:600}}"
        ".part{font-size:15px;font-weight:600}.small{font-size:12px;fill:#444}.middle{text-anchor:middle}"
        ".end{text-anchor:end}.ground{fill:#fff}.grid{stroke:#ddd}"
        ".now{stroke:#1b1b1b;stroke-dasharray:2 4;stroke-width:2}"
        ".flip{stroke:#1b1b1b;stroke-width:1.5}.mark{fill:#fff;stroke:#1b1b1b;stroke-width:1.5}"
        ".on{stroke-width:4.5}.off{stroke-width:1.5;stroke-dasharray:5 4}"
        f"{light}@media (prefers-color-scheme:dark){{text{{fill:#eee}}.small{{fill:#bbb}}.ground{{fill:#15181b}}"
        ".grid{stroke:#3a3f44}.now,.flip{stroke:#eee}.mark{fill:#15181b;stroke:#eee}" + dark + "}"
    )
