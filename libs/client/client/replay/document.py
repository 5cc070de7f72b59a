"""What ``programme.yaml`` says: calls with their applicants, stages, periods, targets, publications, objections."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads the annotations when it builds the models

from pydantic import AwareDatetime, BaseModel, ConfigDict
from rules import Provenance  # noqa: TC002 - as above

from client.replay.objection_plan import ObjectionPlan  # noqa: TC001 - as above


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Participant(_Document):
    """A member of a consortium; ``students`` counts people."""

    organisation: str
    kind: str
    students: int


class Applicant(_Document):
    """A team that applies."""

    team_id: str
    lead_ko: str
    lead_en: str
    submitted_at: AwareDatetime
    participants: tuple[Participant, ...]
    plan: str
    contribution_plan: str
    target_model: str
    wished_gpus: int
    synthetic: bool


class Call(_Document):
    """A call for applications with those who follow it."""

    call_id: str
    title_ko: str
    title_en: str
    announced_at: AwareDatetime
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    requires_students: bool
    applicants: tuple[Applicant, ...]


class MovedFrom(_Document):
    """The dates of a rule set's first version, which every team agreed to leave at ``agreed_at`` for a reason."""

    published: AwareDatetime
    opens: AwareDatetime
    closes: AwareDatetime
    decides: AwareDatetime
    agreed_at: AwareDatetime
    reason: str


class Trigger(_Document):
    """An event from outside that a stage waits for, brought by an outside pipeline at ``arrives_at`` with evidence."""

    trigger_id: str
    pipeline_id: str
    arrives_at: AwareDatetime
    evidence: tuple[str, ...]


class StageEntry(_Document):
    """Who enters a stage, a call's applicants or the teams that other stages let go on, and what it waits for."""

    stage_id: str
    moved_from: MovedFrom | None = None
    from_call_id: str = ""
    from_stage_ids: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()


class Job(_Document):
    """A training job of a team; ``gpus`` in B200-equivalents."""

    job_id: str
    team_id: str
    model: str
    gpus: int
    max_seconds: int
    own_gpus: bool
    seed: int
    steps: int


class Period(_Document):
    """A development period with its jobs."""

    period_id: str
    title_ko: str
    title_en: str
    starts_at: AwareDatetime
    jobs: tuple[Job, ...]


class Reference(_Document):
    """A model that others are measured against; ``value`` is decimal text on the target's index."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    model_id: str
    organisation: str
    family: str
    open_weights: bool
    released_on: date
    value: str
    source: str
    provenance: Provenance


class Candidate(_Document):
    """A team's value on the target's index, as decimal text."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    team_id: str
    model: str
    value: str
    declared_model_id: str = ""


class TargetPlan(_Document):
    """A moving target to be pinned."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    target_id: str
    stage_id: str
    pinned_at: AwareDatetime
    index: str
    edition: str
    as_of: date
    window_months: int
    release_kind: str
    ratio: str
    references: tuple[Reference, ...]
    candidates: tuple[Candidate, ...]


class PublicationEntry(_Document):
    """A publication that no rule set planned: ``policy`` names a document in ``publications/``."""

    stage_id: str
    policy: str
    at: AwareDatetime
    accept_leaks: tuple[str, ...] = ()
    accept_reason: str = ""


class ProgrammeDocument(_Document):
    """The whole of ``programme.yaml`` that a replay needs."""

    id: str
    title_ko: str
    title_en: str
    calls: tuple[Call, ...]
    stages: tuple[StageEntry, ...]
    periods: tuple[Period, ...]
    targets: tuple[TargetPlan, ...]
    publications: tuple[PublicationEntry, ...] = ()
    objections: tuple[ObjectionPlan, ...] = ()
