"""The programme's dates as data: fixed ones, and those that depend on others, so that one slip moves all that follow.

```yaml
format: dokpamo/schedule/1
id: sovereign-ai
version: 2
reason: stage 1 postponed with the teams' agreement
zone: Asia/Seoul
dates:
  - {id: stage-1.decides, at: 2026-01-15T15:00:00+09:00}
  - {id: stage-1.final, after: stage-1.decides, by: P10D, time: "24:00"}
  - {id: stage-2.opens, after: stage-1.final, by: P6M, time: "09:00"}
periods:
  - {id: objections-1, track: reviews, begins: stage-1.decides, ends: stage-1.final}
windows:
  - id: development-2
    length: P5M
    until: stage-2.opens
    entrants:
      - {team: one, begins: stage-1.final}
      - {team: two, begins: stage-1.final, lost_days: 28, reason: leased GPUs ran slow}
```
Source: programme-facts.md, "What went wrong": one slip moved all later dates: dependent schedule with an equal-window
rule.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, StringConstraints, WithJsonSchema

from rules.dates import Span, span_of
from rules.fields import Count, Instant, Line, Rule, Slug, Zone


def _span(value: object) -> Span:
    if isinstance(value, Span):
        return value
    if not isinstance(value, str):
        raise ValueError("a span is text")  # noqa: TRY004 - pydantic makes a violation of a ValueError only
    return span_of(value)


DateName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)?$", max_length=128)
]
AnySpan = Annotated[
    Span,
    PlainValidator(_span),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "format": "duration"}),
]
Wall = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


class PlannedDate(Rule):
    """A date: fixed by `at`, or so long `after` another (`by`), on that day at the wall time `time` where it is given.

    24:00 is the midnight at which the day ends, as the last day to object does.
    """

    id: DateName
    at: Instant | None = None
    after: DateName | None = None
    by: AnySpan | None = None
    time: Wall | None = None


class Period(Rule):
    """From one date until another; periods of one track do not overlap."""

    id: Slug
    track: Slug
    begins: DateName
    ends: DateName


class Entrant(Rule):
    """A team of a development window: when it began, and how many days it lost without being at fault, and why."""

    team: Slug
    begins: DateName
    lost_days: Count = 0
    reason: Line | None = None


class EqualWindow(Rule):
    """The same `length` of development for each entrant, lost days made good, all of it before the date `until`."""

    id: Slug
    length: AnySpan
    until: DateName
    entrants: tuple[Entrant, ...]


class Schedule(Rule):
    """A version of the programme's dates. Dates and team counts are a versioned plan, never constants."""

    format: Literal["dokpamo/schedule/1"]
    id: Slug
    version: Annotated[int, Field(ge=1, le=10_000)]
    reason: Line | None = None
    zone: Zone
    dates: tuple[PlannedDate, ...]
    periods: tuple[Period, ...] = ()
    windows: tuple[EqualWindow, ...] = ()
