-- Decisions of different stages become known in any order: what one takes depends on when each became final.

-- When the decision that gave it became final.
ALTER TABLE entitlement ADD COLUMN granted_at timestamptz;
UPDATE entitlement e SET granted_at = d.applied_at FROM applied_decision d WHERE d.stage_id = e.stage_id;
ALTER TABLE entitlement ALTER COLUMN granted_at SET NOT NULL;

-- Who left by which decision, and the kinds of support lost with it: also what an earlier decision gave and that is told later.
CREATE TABLE elimination (
    stage_id text NOT NULL,
    team_id text NOT NULL,
    forfeits text[] NOT NULL,
    -- When that decision became final.
    final_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, team_id)
);
CREATE INDEX elimination_team ON elimination (team_id, final_at);
