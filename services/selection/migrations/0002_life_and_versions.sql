-- The life of rule sets and stages: drafts, changes with consent, reveals, judges of gates, and decisions in versions.

ALTER TABLE rule_set ADD COLUMN superseded_at timestamptz;

-- A draft binds nobody: it may be replaced and thrown away.
CREATE TABLE rule_set_draft (
    id text PRIMARY KEY,
    document text NOT NULL,
    violations text NOT NULL,
    violation_count integer NOT NULL,
    saved_at timestamptz NOT NULL,
    saved_by text NOT NULL
);

-- `waits` takes the place of `waits_for`, which code from before still fills.
ALTER TABLE stage
    ALTER COLUMN waits_for SET DEFAULT '',
    ADD COLUMN sequence integer NOT NULL DEFAULT 0,
    ADD COLUMN waits jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN refused jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN change_id text NOT NULL DEFAULT '',
    ADD COLUMN reopens text NOT NULL DEFAULT '',
    ADD COLUMN decision_version integer NOT NULL DEFAULT 0;

-- Every state that a stage was in, whole: what was known at any instant is the last row up to it.
CREATE TABLE stage_history (
    id text NOT NULL REFERENCES stage,
    sequence integer NOT NULL CHECK (sequence > 0),
    at timestamptz NOT NULL,
    cause text NOT NULL,
    actor text NOT NULL,
    title_ko text NOT NULL,
    title_en text NOT NULL,
    rule_set_sha256 text NOT NULL REFERENCES rule_set,
    from_call text NOT NULL,
    from_stages text[] NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    decides_at timestamptz NOT NULL,
    state text NOT NULL,
    waits jsonb NOT NULL,
    entrants text[] NOT NULL,
    refused jsonb NOT NULL,
    opened_at timestamptz,
    final_at timestamptz,
    change_id text NOT NULL,
    reopens text NOT NULL,
    decision_version integer NOT NULL,
    PRIMARY KEY (id, sequence)
);

CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is history', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_is_history';
END $$;
CREATE TRIGGER stage_history_stays BEFORE UPDATE OR DELETE ON stage_history FOR EACH ROW EXECUTE FUNCTION keep_row();

CREATE TABLE rule_set_change (
    position bigint GENERATED ALWAYS AS IDENTITY,
    id text PRIMARY KEY,
    stage_id text NOT NULL REFERENCES stage,
    old_sha256 text NOT NULL REFERENCES rule_set,
    new_sha256 text NOT NULL REFERENCES rule_set,
    reason text NOT NULL CHECK (reason <> ''),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    consent text NOT NULL,
    asked text[] NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'effective', 'refused', 'withdrawn', 'lapsed')),
    closed_at timestamptz,
    CHECK ((state = 'pending') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX rule_set_change_pending ON rule_set_change (stage_id) WHERE state = 'pending';

CREATE TABLE rule_set_consent (
    change_id text NOT NULL REFERENCES rule_set_change,
    team_id text NOT NULL,
    agreed boolean NOT NULL,
    evidence text[] NOT NULL,
    recorded_by text NOT NULL,
    by_team boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (change_id, team_id),
    CHECK (by_team OR evidence <> '{}')
);

CREATE TABLE late_pick (
    stage_id text NOT NULL REFERENCES stage,
    -- What was committed to; another version of the rule set may commit to the same.
    pick_id text NOT NULL,
    sha256 text NOT NULL,
    salt text NOT NULL,
    content text NOT NULL,
    revealed_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, pick_id, sha256)
);

CREATE TABLE lot_seed (
    stage_id text NOT NULL REFERENCES stage,
    seed_sha256 text NOT NULL,
    seed text NOT NULL,
    revealed_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, seed_sha256)
);

-- When a score was handed in, by the clock of who took it; null from before that was kept.
ALTER TABLE score ADD COLUMN given_at timestamptz;

-- What evaluation says it has for a stage that closed: the decision waits until all of it has come.
CREATE TABLE scoring_close (
    stage_id text NOT NULL,
    closes_at timestamptz NOT NULL,
    -- Number of sheets, or of measured values, by source.
    handed_in jsonb NOT NULL,
    PRIMARY KEY (stage_id, closes_at)
);

CREATE TABLE gate_judge (
    stage_id text NOT NULL REFERENCES stage,
    gate text NOT NULL,
    judge_id text NOT NULL,
    PRIMARY KEY (stage_id, gate, judge_id)
);

CREATE TABLE gate_conflict (
    stage_id text NOT NULL REFERENCES stage,
    judge_id text NOT NULL,
    team_id text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, judge_id, team_id)
);

CREATE TABLE gate_judgement (
    stage_id text NOT NULL,
    gate text NOT NULL,
    team_id text NOT NULL,
    judge_id text NOT NULL,
    passed boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    evidence text[] NOT NULL,
    provenance text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, gate, team_id, judge_id),
    FOREIGN KEY (stage_id, gate, judge_id) REFERENCES gate_judge
);

-- Decisions are superseded, never overwritten.
ALTER TABLE decision
    ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN cause text NOT NULL DEFAULT 'computed',
    ADD COLUMN cause_id text NOT NULL DEFAULT '',
    -- Canonical JSON: what differs from the version before, and the override that stands beside the document.
    ADD COLUMN difference bytea,
    ADD COLUMN override bytea,
    -- When it became final.
    ADD COLUMN finalized_at timestamptz;
ALTER TABLE decision DROP CONSTRAINT decision_pkey, ADD PRIMARY KEY (stage_id, version);

CREATE FUNCTION keep_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.finalized_at IS NOT NULL
       OR to_jsonb(OLD) - 'finalized_at' IS DISTINCT FROM to_jsonb(NEW) - 'finalized_at' THEN
        RAISE EXCEPTION 'decision %/% never changes', OLD.stage_id, OLD.version
            USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_never_changes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decision_stays BEFORE UPDATE OR DELETE ON decision FOR EACH ROW EXECUTE FUNCTION keep_decision();

-- What a version and those after it read otherwise than it was handed in; no value: withdrawn.
CREATE TABLE score_change (
    stage_id text NOT NULL,
    version integer NOT NULL,
    source_id text NOT NULL,
    assessor_id text NOT NULL,
    team_id text NOT NULL,
    criterion text NOT NULL,
    value text,
    provenance text NOT NULL,
    PRIMARY KEY (stage_id, version, source_id, assessor_id, team_id, criterion),
    FOREIGN KEY (stage_id, version) REFERENCES decision (stage_id, version)
);

CREATE TABLE verdict_change (
    stage_id text NOT NULL,
    version integer NOT NULL,
    gate text NOT NULL,
    team_id text NOT NULL,
    passed boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    evidence text[] NOT NULL,
    judged_by integer NOT NULL,
    provenance text NOT NULL,
    PRIMARY KEY (stage_id, version, gate, team_id),
    FOREIGN KEY (stage_id, version) REFERENCES decision (stage_id, version)
);

CREATE TABLE decision_override (
    id text PRIMARY KEY,
    stage_id text NOT NULL,
    version integer NOT NULL,
    advanced text[] NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    evidence text[] NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'confirmed', 'expired', 'withdrawn')),
    confirmed_by text NOT NULL DEFAULT '',
    -- Two officers, whatever the code says.
    CHECK (confirmed_by <> proposed_by AND (state = 'confirmed') = (confirmed_by <> '')),
    FOREIGN KEY (stage_id, version) REFERENCES decision (stage_id, version)
);
CREATE UNIQUE INDEX decision_override_pending ON decision_override (stage_id) WHERE state = 'pending';

CREATE TABLE objection_waiver (
    stage_id text NOT NULL,
    version integer NOT NULL,
    team_id text NOT NULL,
    waived_by text NOT NULL,
    waived_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, version, team_id),
    FOREIGN KEY (stage_id, version) REFERENCES decision (stage_id, version)
);
