"""A report as one page that a panel can read and print: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from html import escape
from typing import TYPE_CHECKING, Final

from originality.finding import EXACT, MOVED, Finding
from originality.folders.page_style import COLOURS, LETTERS, STYLE
from originality.folders.page_words import TEXTS
from originality.folders.planning import EXPERTS
from originality.folders.words import (
    FINDINGS,
    finding_explained,
    finding_said,
    kind_said,
    said,
    tower_said,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from originality.folders.context import Licence
    from originality.folders.report import FolderReport, Told
    from originality.folders.words import Language

_SHOWN: Final = 40
_SMALL: Final = -3


def page(report: FolderReport, language: Language) -> str:
    """Return the report as HTML. Whatever a model's makers named is escaped."""
    return _Page(report, language).html()


def power(log10: float | None) -> str:
    """Return a probability that is given by its decimal logarithm, as HTML."""
    if log10 is None:
        return "–"
    if log10 > _SMALL:
        return f"{min(1.0, 10**log10):.2g}"
    return f"10<sup>−{round(-log10)}</sup>"


class _Page:
    def __init__(self, report: FolderReport, language: Language) -> None:
        self._report = report
        self._language: Language = language
        self._notes: dict[str, int] = {}

    def html(self) -> str:
        parts = [
            f'<p class="lead">{self._text("lead")}</p><p class="never">{self._text("never")}</p>',
            self._models(),
            self._findings(),
            self._map(),
            self._components(),
            self._tests(),
            self._context(),
            self._left_out(),
        ]
        return (
            f'<!doctype html>\n<html lang="{self._language}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{self._text("title")}</title>'
            f"<style>{STYLE}</style></head><body><h1>{self._text('title')}</h1>{''.join(parts)}</body></html>\n"
        )

    def _text(self, name: str, **values: object) -> str:
        return escape(TEXTS[name][self._language == "ko"].format(**values))

    def _said(self, sentence: str) -> str:
        return escape(said(sentence, self._language))

    def _section(self, title: str, content: str) -> str:
        return f"<section><h2>{self._text(title)}</h2>{content}</section>"

    def _table(self, head: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
        heads = "".join(f"<th>{one}</th>" for one in head)
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        return f'<table class="{kind}"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'

    def _models(self) -> str:
        sides = self._report.first, self._report.second
        rows = [
            ("name", [escape(one.name) for one in sides]),
            ("type", [escape(one.model_type or "–") for one in sides]),
            ("parameters", [f"{one.parameters:,}" for one in sides]),
            ("tensors", [f"{one.tensors:,}" for one in sides]),
            ("covered", [f"{one.covered:.1%}" for one in sides]),
            ("headers", [f"<code>{escape(one.headers_sha256)}</code>" for one in sides]),
        ]
        head = ["", self._text("first"), self._text("second")]
        return self._section("models", self._table(head, ([self._text(name), *cells] for name, cells in rows)))

    def _findings(self) -> str:
        counts: dict[tuple[str, str], Counter[Finding]] = defaultdict(Counter)
        for one in self._report.components:
            counts[one.tower, one.kind][one.found.finding] += 1
        legend = "".join(
            f"<dt>{self._mark(finding)} {escape(finding_said(finding, self._language))}</dt>"
            f"<dd>{escape(finding_explained(finding, self._language))}</dd>"
            for finding in FINDINGS
        )
        if not counts:
            return self._section("findings", f"<p>{self._text('nothing_compared')}</p>")
        head = [self._text("component"), *(escape(finding_said(one, self._language)) for one in FINDINGS)]
        rows = (
            [self._named(tower, kind), *(str(found[one]) if found[one] else "" for one in FINDINGS)]
            for (tower, kind), found in counts.items()
        )
        return self._section("findings", self._table(head, rows, "counts") + f"<dl>{legend}</dl>")

    def _mark(self, finding: Finding, title: str = "") -> str:
        said_title = f' title="{escape(title, quote=True)}"' if title else ""
        return f'<b class="mark" style="background:{COLOURS[finding]}"{said_title}>{LETTERS[finding]}</b>'

    def _named(self, tower: str, kind: str) -> str:
        return f"{escape(tower_said(tower, self._language))}: {escape(kind_said(kind, self._language))}"

    def _map(self) -> str:
        lines: dict[tuple[str, str], dict[int, list[Told]]] = defaultdict(lambda: defaultdict(list))
        for one in self._report.components:
            if one.second.layer is not None:
                lines[one.tower, one.kind][one.second.layer].append(one)
        if not lines:
            return ""
        rows = []
        for (tower, kind), layers in lines.items():
            cells = "".join(
                '<span class="cell">'
                + "".join(self._mark(one.found.finding, self._place(one)) for one in layers[layer])
                + "</span>"
                for layer in sorted(layers)
            )
            rows.append([self._named(tower, kind), cells])
        return self._section("map", f"<p>{self._text('map_note')}</p>" + self._table(["", ""], rows, "map"))

    def _place(self, one: Told) -> str:
        layers = [side.layer for side in (one.first, one.second)]
        words = [f"{layers[0]} → {layers[1]}" if layers[0] != layers[1] else str(layers[1])]
        if one.layers > 1:
            words = [TEXTS["layers"][self._language == "ko"].format(count=one.layers)]
        elif layers[1] is None:
            words = []
        experts = [side.expert for side in (one.first, one.second)]
        if experts[1] is not None:
            number = str(experts[1]) if experts[0] == experts[1] else f"{experts[0]} → {experts[1]}"
            words.append(TEXTS["expert"][self._language == "ko"].format(number=number))
        if one.first.heads:
            words.append(TEXTS["heads"][self._language == "ko"])
        return ", ".join(words)

    def _note(self, sentence: str) -> str:
        if not sentence:
            return ""
        number = self._notes.setdefault(sentence, len(self._notes) + 1)
        return f'<a href="#n{number}">{number}</a>'

    def _components(self) -> str:
        head = ("component", "layer", "finding", "test", "matched", "p", "corrected", "notes")
        rows = []
        for one in self._report.components:
            found = one.found
            exact = self._text("exact" if found.test.exact else "not_exact") if found.count is not None else "–"
            rows.append(
                [
                    self._named(one.tower, one.kind),
                    escape(self._place(one)),
                    f"{self._mark(found.finding)} {escape(finding_said(found.finding, self._language))}",
                    exact,
                    "–" if found.count is None else f"{found.count:,} / {found.compared:,}",
                    power(found.log10_p),
                    power(found.log10_p_adjusted),
                    " ".join(note for note in (self._note(found.reason), self._note(one.axis)) if note),
                ]
            )
        notes = "".join(f'<li id="n{number}">{self._said(one)}</li>' for one, number in self._notes.items())
        table = self._table((self._text(name) for name in head), rows, "all")
        return self._section("all", table) + self._section("notes_title", f"<ol>{notes}</ol>")

    def _tests(self) -> str:
        report = self._report
        methods = [EXACT, MOVED] if report.moved_layers else [EXACT]
        listed = "".join(
            f"<dt>{self._said(one.name)} ({self._text('exact' if one.exact else 'not_exact')})</dt>"
            f"<dd>{self._said(one.assumption)}</dd>"
            for one in methods
        )
        family = max((one.found.family for one in report.components if one.found.test == EXACT), default=0)
        texts = [
            self._text(
                "settings_text",
                level=report.level,
                family=family,
                units=report.units,
                inputs=report.inputs,
                seed=report.seed,
                moved=report.moved_layers,
            ),
            self._said(report.correction),
            self._said(report.scope),
        ]
        if report.experts_left_out:
            texts.append(self._text("experts", count=f"{report.experts_left_out:,}", most=EXPERTS))
        if report.moved_layers:
            texts.append(self._text("moved_note"))
        if report.axes_put_back:
            towers = ", ".join(tower_said(tower, self._language) for tower in report.axes_put_back)
            texts.append(self._text("axes_put_back", towers=towers))
        if report.by == "fingerprints":
            texts.append(self._text("by_fingerprints"))
        if report.comparisons > 1:
            texts.append(self._text("comparisons", count=report.comparisons))
        told = "".join(f"<p>{text}</p>" for text in texts)
        return self._section("tests", f"<dl>{listed}</dl>") + self._section("settings", told)

    def _context(self) -> str:
        rows = []
        for one in self._report.components:
            if one.kind == "gains" and one.found.context is not None:
                likeness = {
                    name: "–" if value is None else f"{value:.3f}"
                    for name, value in (("cosine", one.found.context.cosine), ("pearson", one.found.context.pearson))
                }
                label = f"{self._text('gains')}, {escape(tower_said(one.tower, self._language))}"
                rows.append([label, self._text("gains_text", **likeness)])
        told = self._report.context
        if told is not None:
            overlap = self._text("none")
            if told.tokens is not None:
                counts: Mapping[str, int] = {
                    name: getattr(told.tokens, name) for name in ("first", "second", "both", "same_row")
                }
                overlap = self._text("tokens_text", **{name: f"{count:,}" for name, count in counts.items()})
            differ = [f"{escape(one.name)}: {escape(str(one.first))} / {escape(str(one.second))}"
                      for one in told.settings_differ]  # fmt: skip
            rows += [
                [self._text("tokens"), overlap],
                [self._text("settings_equal"), str(told.settings_equal)],
                [self._text("settings_differ"), self._some(differ)],
                [f"{self._text('licences')}, {self._text('first')}", self._licences(told.licences_first)],
                [f"{self._text('licences')}, {self._text('second')}", self._licences(told.licences_second)],
            ]
        if not rows:
            return ""
        return self._section("context", f"<p>{self._text('context_note')}</p>" + self._table(["", ""], rows))

    def _licences(self, licences: Iterable[Licence]) -> str:
        return self._some([f"{escape(one.file)}: {escape(one.begins)}" for one in licences])

    def _some(self, items: list[str]) -> str:
        if not items:
            return self._text("none")
        shown = items[:_SHOWN] + ([self._text("more", count=len(items) - _SHOWN)] if len(items) > _SHOWN else [])
        return "<br>".join(shown)

    def _left_out(self) -> str:
        report = self._report
        rows = [
            [
                self._text(side),
                self._some(
                    [
                        f"<code>{escape(names.names)}</code> × {names.count}, {names.dtype} {list(names.shape)}"
                        for names in described.not_examined
                    ]
                ),
            ]
            for side, described in (("first", report.first), ("second", report.second))
        ]
        made = self._section("not_examined", f"<p>{self._text('not_examined_note')}</p>" + self._table(["", ""], rows))
        alone = [
            [self._text(side), self._some([f"<code>{escape(name)}</code>" for name in names])]
            for side, names in (("first", report.only_first), ("second", report.only_second))
        ]
        return made + self._section("only", self._table(["", ""], alone))
