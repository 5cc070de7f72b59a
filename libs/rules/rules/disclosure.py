"""The disclosure section of a rule set: who is shown which figures of a decision, how rounded, and from when on.

A policy says it for every audience of one publication. A rule set may hold several; a later one adds to what an earlier
one showed, and says why. What no policy shows stays hidden until the release, when everything is open to everybody, so
that a stranger can compute the decision again. Staff and auditors see all at any time: they run and check the stage.

Source: ministry releases of 2026-01-15, 2026-08-18 and 2026-08-20, which showed three different selections of figures.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from rules.canonical import canonical_document, sha256_hex
from rules.fields import Amount, Digits, Instant, Line, Rule, Slug, Title

TOTAL = "total"
"""The name of the whole in lists of parts."""


class Moment(Rule):
    """An instant: `at`, or as many times 24 hours after the decision was computed or became final."""

    after: Literal["decision", "final"] | None = None
    days: Annotated[int, Field(ge=0, le=3650)] = 0
    at: Instant | None = None


class Winners(Rule):
    """Who goes on, by name: the order is not told."""

    figure: Literal["winners"]


class Order(Rule):
    """Who goes on, best first."""

    figure: Literal["order"]


class Ranks(Rule):
    """The rank of every ranked team."""

    figure: Literal["ranks"]


class Eliminations(Rule):
    """Who leaves, and whether by rank, gate or majority."""

    figure: Literal["eliminations"]


class Gates(Rule):
    """Verdict of every gate on every team that it was applied to, with its reason or without."""

    figure: Literal["gates"]
    reasons: bool = False


class Totals(Rule):
    """Every team's total, rounded half up to `digits` (default: as the rule set rounds)."""

    figure: Literal["totals"]
    digits: Digits | None = None


class Parts(Rule):
    """Every team's points in the parts `of`, or in all."""

    figure: Literal["parts"]
    of: tuple[Slug, ...] = ()
    digits: Digits | None = None


class Best(Rule):
    """The most points that a team has in each of the parts `of` ("total" for the whole), and which teams if `names`."""

    figure: Literal["best"]
    of: tuple[Slug, ...]
    names: bool
    digits: Digits | None = None


class Mean(Rule):
    """The mean of all teams in each of the parts `of`."""

    figure: Literal["mean"]
    of: tuple[Slug, ...]
    digits: Digits | None = None


class Gap(Rule):
    """How far the first and the last team are apart in each of the parts `of`."""

    figure: Literal["gap"]
    of: tuple[Slug, ...]
    digits: Digits | None = None


class Formulas(Rule):
    """How points come about: source and steps of each part, in words of the rule set."""

    figure: Literal["formulas"]


class OwnPoints(Rule):
    """A team's own rank, total and points in every part."""

    figure: Literal["own-points"]
    digits: Digits | None = None


class OwnSheet(Rule):
    """What a team's own panellists and measuring bodies gave it; panellists without names, in order of their scores."""

    figure: Literal["own-sheet"]


class OwnGates(Rule):
    """A team's own verdicts with their reasons."""

    figure: Literal["own-gates"]


class Full(Rule):
    """Everything: rule set, inputs and decision, whole."""

    figure: Literal["full"]


Shown = Annotated[
    Winners
    | Order
    | Ranks
    | Eliminations
    | Gates
    | Totals
    | Parts
    | Best
    | Mean
    | Gap
    | Formulas
    | OwnPoints
    | OwnSheet
    | OwnGates
    | Full,
    Field(discriminator="figure"),
]
PolicyAudience = Literal["public", "team", "panel"]


class Audience(Rule):
    """What one audience is shown; everybody is shown what the public is, each team what `team` says about itself.

    The panel of a stage are those who scored or judged in it, and no other assessors.
    """

    audience: PolicyAudience
    shows: tuple[Shown, ...]


class AcceptedLeak(Rule):
    """Points in `part` may become known although they are not shown; `reason` says why that is accepted."""

    part: Slug
    reason: Line


class Policy(Rule):
    """One publication: what each audience is shown `when`, by the platform itself or by staff.

    A policy that adds to an earlier one names it in `widens` and says why, best in both languages. What can be narrowed
    down from all that an audience has been shown to less than `narrowest` points counts as leaked (0: only what can be
    computed exactly).
    """

    id: Slug
    title: Title
    when: Moment
    by: Literal["date", "staff"] = "date"
    widens: Slug | None = None
    reason: Title | Line | None = None
    audiences: tuple[Audience, ...]
    narrowest: Amount = Decimal(0)
    accepts: tuple[AcceptedLeak, ...] = ()

    def reason_text(self) -> str:
        """Why it shows more than an earlier one, as one text; empty where it is the first."""
        return f"{self.reason.ko} / {self.reason.en}" if isinstance(self.reason, Title) else self.reason or ""

    def shown_to(self, audience: PolicyAudience) -> tuple[Shown, ...]:
        """The figures that this audience is shown beyond those of the public; none where the policy names it not."""
        return tuple(figure for each in self.audiences if each.audience == audience for figure in each.shows)


class Disclosure(Rule):
    """What is published of a stage and when; `profile` is a name for readers.

    `release` is the instant from which on everything is open to everybody. `elsewhere` names parts whose points anybody
    can compute from what others publish, such as an index: no policy can hide them.
    """

    profile: Slug | None = None
    policies: tuple[Policy, ...] | None = None
    release: Moment | None = None
    elsewhere: tuple[Slug, ...] | None = None

    def every_policy(self) -> tuple[Policy, ...]:
        """The policies in document order; none where nothing is published before the release."""
        return self.policies or ()

    def released(self) -> Moment:
        """When everything is open: by default once the decision is final."""
        return self.release or Moment(after="final")


def policy_bytes(policy: Policy) -> bytes:
    """The RFC 8785 form of a policy."""
    return canonical_document(policy.model_dump(mode="json", exclude_none=True))


def policy_sha256(policy: Policy) -> str:
    """The SHA-256 that a publication cites, 64 hexadecimal digits."""
    return sha256_hex(policy_bytes(policy))
