"""Stages that were decided, and the versions that they were about, in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from common.errors import NotFoundError

from registry.domain.checkpoint import Digest, TeamId
from registry.domain.outcome import Outcome, StageOutcome
from registry.handlers import ALIASING, MARKING, NamedOutcome, NotNamedYetError, OutcomeChangedError

if TYPE_CHECKING:
    from datetime import datetime

    from common.database import Transaction

_OWNER: Final = "service:registry"
_SHOWN_WITHIN: Final = timedelta(hours=1)


class OutcomeStore:
    """The handlers' `Outcomes` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def note_close(self, stage_id: str, rule_set_sha256: str, closes_at: datetime) -> None:
        """Note the last instant for scores of a stage under a rule set; what is told last counts."""
        await self._tx.execute(
            """
            INSERT INTO stage_closes (stage_id, rule_set_sha256, closes_at) VALUES ($1, $2, $3)
            ON CONFLICT (stage_id, rule_set_sha256) DO UPDATE SET closes_at = excluded.closes_at
            """,
            stage_id,
            rule_set_sha256,
            closes_at,
        )

    async def closes_at(self, stage_id: str, rule_set_sha256: str) -> datetime | None:
        """Return the last instant for scores of a stage under a rule set; `None` where it is not told."""
        instant: datetime | None = await self._tx.fetchval(
            "SELECT closes_at FROM stage_closes WHERE stage_id = $1 AND rule_set_sha256 = $2", stage_id, rule_set_sha256
        )
        return instant

    async def note_decision(self, stage_id: str, version: int) -> bool:
        """Note a version of a stage's decision, locked; `False` where it or a later one is known."""
        noted = await self._tx.fetchval(
            """
            INSERT INTO stage_decisions AS known (stage_id, version) VALUES ($1, $2)
            ON CONFLICT (stage_id) DO UPDATE SET version = excluded.version WHERE known.version < excluded.version
            RETURNING true
            """,
            stage_id,
            version,
        )
        return bool(noted)

    async def last_committed(self, team_id: TeamId, by: datetime) -> Digest | None:
        """Return the version that a team had committed last at the instant `by`; `None` where it had none."""
        digest: str | None = await self._tx.fetchval(
            "SELECT checkpoint_digest FROM checkpoints WHERE team_id = $1 AND committed_at <= $2 "
            "ORDER BY committed_at DESC, position DESC LIMIT 1",
            team_id,
            by,
        )
        return None if digest is None else Digest(digest)

    async def keep(self, team_id: TeamId, digest: Digest, outcome: StageOutcome) -> None:
        """Keep the outcome with a version, or with the one it is kept with already, and have it shown."""
        await self._tx.execute(
            """
            INSERT INTO stage_outcomes (stage_id, team_id, checkpoint_digest, outcome, decision_version, kept_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (stage_id, team_id)
            DO UPDATE SET outcome = excluded.outcome, decision_version = excluded.decision_version
            """,
            outcome.stage_id,
            team_id,
            digest,
            outcome.outcome.value,
            outcome.decision_version,
            self._tx.now,
        )
        key = _key(outcome.stage_id, team_id, outcome.decision_version)
        payload = {
            "stage_id": outcome.stage_id,
            "team_id": team_id,
            "decision_version": outcome.decision_version,
        }
        await self._tx.enqueue(MARKING, key, payload)
        for row in await self._tx.fetch("SELECT DISTINCT model FROM checkpoints WHERE team_id = $1", team_id):
            to_move = {"team_id": team_id, "model": row["model"]}
            await self._tx.enqueue(ALIASING, f"{team_id}.{row['model']}/{key}", to_move)
        deadline = self._tx.now + _SHOWN_WITHIN
        await self._tx.processes.start(MARKING, key, "marking", owner=_OWNER, deadline=deadline)

    async def named(self, stage_id: str, team_id: TeamId) -> NamedOutcome:
        """Return an outcome that is kept, and where it is shown. Raises `NotFoundError` and `NotNamedYetError`."""
        row = await self._tx.fetchrow(
            "SELECT * FROM stage_outcomes LEFT JOIN names USING (checkpoint_digest) "
            "WHERE stage_id = $1 AND team_id = $2",
            stage_id,
            team_id,
        )
        if row is None:
            raise NotFoundError("stage_id, team_id", f"{stage_id}, {team_id}")
        if row["mlflow_version"] is None:
            raise NotNamedYetError(Digest(row["checkpoint_digest"]))
        outcome = StageOutcome(stage_id, Outcome(row["outcome"]), row["decision_version"])
        return NamedOutcome(outcome, row["mlflow_model"], row["mlflow_version"])

    async def note_shown(self, team_id: TeamId, shown: StageOutcome, decision_version: int) -> None:
        """Note that `decision_version` is shown by `shown`. Raises `OutcomeChangedError` where that is not kept now."""
        kept = await self._tx.fetchval(
            "SELECT decision_version FROM stage_outcomes WHERE stage_id = $1 AND team_id = $2 FOR UPDATE",
            shown.stage_id,
            team_id,
        )
        if kept != shown.decision_version:
            raise OutcomeChangedError(shown.stage_id, team_id)
        process = await self._tx.processes.get(MARKING, _key(shown.stage_id, team_id, decision_version))
        if process is not None:
            await self._tx.processes.finish(process, "marked")


def _key(stage_id: str, team_id: TeamId, decision_version: int) -> str:
    return f"{stage_id}/{team_id}/{decision_version}"
