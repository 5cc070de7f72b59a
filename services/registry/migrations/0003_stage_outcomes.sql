-- How stages ended, kept with the versions that they were about. MLflow shows it by names and tags that follow this.

-- The last instant for scores of a stage under each rule set that has governed it: a decision names its rule set.
CREATE TABLE stage_closes (
    stage_id        text NOT NULL,
    rule_set_sha256 text NOT NULL CHECK (rule_set_sha256 ~ '^[0-9a-f]{64}$'),
    closes_at       timestamptz NOT NULL,
    PRIMARY KEY (stage_id, rule_set_sha256)
);

-- The version of each stage's final decision that counts.
CREATE TABLE stage_decisions (
    stage_id text PRIMARY KEY,
    version  integer NOT NULL CHECK (version >= 1)
);

-- Of each team of a stage that had committed a version when the stage closed: which one, and how the stage ended for it.
CREATE TABLE stage_outcomes (
    stage_id          text NOT NULL,
    team_id           text NOT NULL,
    checkpoint_digest text NOT NULL REFERENCES checkpoints,
    outcome           text NOT NULL CHECK (outcome IN ('advanced', 'eliminated')),
    decision_version  integer NOT NULL CHECK (decision_version >= 1),
    kept_at           timestamptz NOT NULL,
    PRIMARY KEY (stage_id, team_id)
);
CREATE INDEX stage_outcomes_checkpoint ON stage_outcomes (checkpoint_digest);
CREATE INDEX checkpoints_of_team ON checkpoints (team_id, committed_at);
