"""Publications: who is shown which view of a decision, when a policy is due, and what a caller may see.

Source: design page "Selection and notary", "Stages and gates": disclosure is a policy for each stage and audience,
publication is an event, what was published when can be reproduced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from rules.disclosure import policy_bytes, policy_sha256
from rules.disclosure_reading import PolicyInvalidError, load_policy
from rules.disclosure_showing import disclose

from selection.domain.disclosure_refusal import (
    AcceptanceReasonMissingError,
    AudienceForeignError,
    DecisionOverriddenError,
    LeakUnknownError,
    PolicyOrderError,
    PolicyRefusedError,
    PolicyUnknownError,
    PublicationEarlyError,
    PublicationLeaksError,
    PublicationTakenError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from rules import Decision, Inputs, RuleSet
    from rules.disclosure import Moment, Policy, PolicyAudience
    from rules.disclosure_leaks import AudienceLeak

SEES_ALL: Final = frozenset({"staff", "auditor"})
"""Roles that are shown everything at any time: they run and check the programme."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A stage's decision that counts now, with what it follows from; `finalized_at` is `None` before it is final."""

    stage: str
    rules: RuleSet
    inputs: Inputs
    decision: Decision
    sha256: str
    decided_at: datetime
    finalized_at: datetime | None
    overridden: bool = False
    """Whether officers decided otherwise than was computed."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """An audience: "public", "panel", or "team" with the team."""

    audience: PolicyAudience
    team: str = ""


PUBLIC: Final = Viewer("public")


@dataclass(frozen=True, slots=True)
class Shown:
    """What one audience is shown: the canonical view."""

    viewer: Viewer
    document: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """One policy published for one decision."""

    id: str
    stage: str
    policy: Policy
    rule_set_sha256: str
    decision_sha256: str
    published_at: datetime
    accepted_leaks: tuple[str, ...] = ()
    accept_reason: str = ""

    @property
    def policy_sha256(self) -> str:
        """The hash that it cites."""
        return policy_sha256(self.policy)

    @property
    def policy_json(self) -> bytes:
        """The policy, canonical."""
        return policy_bytes(self.policy)


@dataclass(frozen=True, slots=True)
class ResultsPublished:
    """Results were shown to one audience."""

    publication: Publication
    shown: Shown


@dataclass(frozen=True, slots=True)
class ResultsReleased:
    """Everything about a decision is open to everybody."""

    stage: str
    decision_sha256: str
    released_at: datetime


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Leaks that are accepted by name, and why."""

    leaks: tuple[str, ...] = ()
    reason: str = ""


def instant_of(moment: Moment, decided_at: datetime, finalized_at: datetime | None) -> datetime | None:
    """Return when a moment is (UTC); `None` while it hangs on a final decision that is not there."""
    if moment.at is not None:
        return moment.at
    since = finalized_at if moment.after == "final" else decided_at
    return None if since is None else since + timedelta(days=moment.days)


def viewer_of(roles: Collection[str], team: str | None, *, sat: bool) -> Viewer | None:
    """Return the audience of a stage that a caller belongs to; `None` for one who sees all.

    Its panel are those who scored or judged in it (`sat`), and nobody else who is an assessor somewhere.
    """
    if SEES_ALL & set(roles):
        return None
    if "consortium" in roles and team:
        return Viewer("team", team)
    return Viewer("panel") if "assessor" in roles and sat else PUBLIC


def asked_viewer(own: Viewer | None, audience: str, team: str) -> Viewer:
    """Return the audience that somebody asks for, by default his own. Raises `AudienceForeignError`."""
    if not audience and not team:
        return own or PUBLIC
    wanted: Viewer | None = None
    match audience:
        case "public" | "panel" if not team:
            wanted = Viewer(audience)
        case "team" if team:
            wanted = Viewer("team", team)
    if wanted is None:
        raise AudienceForeignError("audience", audience, 'must be "public", "panel", or "team" with a team')
    if own is not None and wanted not in {own, PUBLIC}:
        raise AudienceForeignError("audience", f"{audience} {team}".strip(), "only staff may ask for another audience")
    return wanted


def policy_of(rules: RuleSet, policy_id: str, document: str) -> Policy:
    """Return the policy of the rule set, or that of a document which adds to one of the rule set's.

    Raises `PolicyUnknownError` and `PolicyRefusedError`.
    """
    known = {policy.id: policy for policy in rules.disclosure.every_policy()}
    if bool(policy_id) == bool(document):
        raise PolicyUnknownError("policy_id", policy_id, "either a policy of the rule set or a document is named")
    if policy_id:
        if policy_id not in known:
            raise PolicyUnknownError("policy_id", policy_id, f"the rule set has {', '.join(known) or 'no policy'}")
        return known[policy_id]
    try:
        policy = load_policy(document, rules)
    except PolicyInvalidError as error:
        field = f"policy_document.{error.field}".rstrip(".")
        raise PolicyRefusedError(field, error.value, f"{error.rule} ({error.code})") from error
    if policy.id in known:
        raise PolicyRefusedError("policy_document.id", policy.id, "the rule set's policy of this id is frozen")
    if policy.widens is None:
        rule = "a policy that is not in the rule set widens one that was published, and says why"
        raise PolicyRefusedError("policy_document.widens", "none", rule)
    return policy


def require_due(decided: Decided, policy: Policy, before: Sequence[Publication], now: datetime) -> None:
    """Raise unless the policy may be published now: once, after the one that it widens, at its instant or later.

    Raises `DecisionOverriddenError`, `PublicationTakenError`, `PolicyOrderError` and `PublicationEarlyError`.
    """
    if decided.overridden:
        rule = (
            "was decided by officers otherwise than computed: what a policy shows of the computed one would mislead;"
            " who goes on is told with the final decision, and all of it with the release"
        )
        raise DecisionOverriddenError("stage_id", decided.stage, rule)
    if any(each.policy_sha256 == policy_sha256(policy) for each in before):
        raise PublicationTakenError("policy_id", policy.id, "the decision was published under this policy")
    if policy.widens is not None and policy.widens not in {each.policy.id for each in before}:
        raise PolicyOrderError("policy_id", policy.id, f"widens {policy.widens}, which must be published before")
    due = instant_of(policy.when, decided.decided_at, decided.finalized_at)
    if due is None or due > now:
        when = due.isoformat() if due else "the final decision"
        raise PublicationEarlyError("policy_id", policy.id, f"must not be published before {when}")


def views_of(decided: Decided, policy: Policy) -> tuple[Shown, ...]:
    """Return what each audience that the policy names is shown, teams by id."""
    viewers: list[Viewer] = []
    if policy.shown_to("public"):
        viewers.append(PUBLIC)
    if policy.shown_to("panel"):
        viewers.append(Viewer("panel"))
    if policy.shown_to("team"):
        viewers += [Viewer("team", team) for team in decided.decision.entered]

    def view(viewer: Viewer) -> bytes:
        shown = disclose(decided.decision, decided.inputs, decided.rules, policy, viewer.audience, viewer.team)
        return shown.canonical_bytes()

    return tuple(Shown(viewer, view(viewer)) for viewer in viewers)


def leaks_of(decided: Decided, policy: Policy, before: Sequence[Publication]) -> tuple[AudienceLeak, ...]:
    """Return what audiences could find out from this publication together with those `before`. Takes its time."""
    # It brings in scipy, half of all that a selection would load before it serves.
    from rules.disclosure_leaks import audience_leaks

    together = [*(each.policy for each in before), policy]
    return audience_leaks(decided.decision, decided.inputs, decided.rules, together, narrowest=policy.narrowest)


def accept(
    found: Sequence[AudienceLeak], policy: Policy, before: Sequence[Publication], given: Acceptance
) -> Acceptance:
    """Return what is accepted with this publication: each leak by name, now or before, or for its part by the policy.

    Raises `LeakUnknownError`, `AcceptanceReasonMissingError` and `PublicationLeaksError`.
    """
    names = {leak.name for leak in found}
    for number, name in enumerate(given.leaks):
        if name not in names:
            rule = "must be a leak of this publication, as PreviewPublication names it"
            raise LeakUnknownError(f"accept_leaks[{number}]", name, rule)
    if given.leaks and not given.reason.strip():
        raise AcceptanceReasonMissingError("accept_reason", given.reason, "says why the leaks are accepted")
    by_part = {each.part: each.reason for each in policy.accepts}
    earlier = {name for each in before for name in each.accepted_leaks}
    now = [leak for leak in found if leak.name in given.leaks or leak.leak.part in by_part]
    left = [leak.name for leak in found if leak not in now and leak.name not in earlier]
    if left:
        raise PublicationLeaksError(left)
    said = [given.reason] if given.leaks else []
    said += [by_part[leak.leak.part] for leak in now if leak.name not in given.leaks]
    return Acceptance(tuple(leak.name for leak in now), "; ".join(dict.fromkeys(said)))
