-- Objections and cases: what was filed, said and found stays; a proceeding moves, its steps are history.
CREATE TABLE proceeding (
    position integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('objection', 'case')),
    stage_id text NOT NULL REFERENCES stage,
    number integer NOT NULL CHECK (number > 0),
    ground text NOT NULL,
    team_id text NOT NULL,
    -- Of the decision; 0 where the stage was not decided.
    version integer NOT NULL,
    statement text NOT NULL CHECK (statement <> ''),
    filed_by text NOT NULL,
    filed_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('filed', 'reply', 'seating', 'hearing', 'found', 'rescoring', 'closed')),
    due timestamptz,
    admitted_by text NOT NULL,
    admission_reason text NOT NULL,
    reply_by timestamptz,
    reply text NOT NULL,
    replied_by text NOT NULL,
    silent boolean NOT NULL,
    -- The panel that sits, and those who sat before.
    round integer NOT NULL,
    members text[] NOT NULL,
    former text[] NOT NULL,
    quorum integer NOT NULL,
    remedy text,
    remedy_reason text NOT NULL,
    -- What was ordered, with what was read before.
    corrections jsonb,
    before jsonb NOT NULL,
    waits jsonb NOT NULL,
    outcome text,
    withdrawal_reason text NOT NULL,
    closed_at timestamptz,
    result_version integer NOT NULL,
    difference bytea NOT NULL,
    sequence integer NOT NULL,
    UNIQUE (stage_id, kind, number),
    -- Silence is no reply, and a panel has nobody who sat before, whatever the code says.
    CHECK (NOT silent OR reply = ''),
    CHECK (NOT members && former),
    CHECK ((state = 'closed') = (outcome IS NOT NULL) AND (state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((state = 'closed') = (due IS NULL))
);
CREATE INDEX proceeding_open ON proceeding (stage_id) WHERE state <> 'closed';

CREATE FUNCTION keep_proceeding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'closed'
       OR (OLD.id, OLD.kind, OLD.stage_id, OLD.number, OLD.ground, OLD.team_id, OLD.version, OLD.statement, OLD.filed_by,
           OLD.filed_at) IS DISTINCT FROM
          (NEW.id, NEW.kind, NEW.stage_id, NEW.number, NEW.ground, NEW.team_id, NEW.version, NEW.statement, NEW.filed_by,
           NEW.filed_at) THEN
        RAISE EXCEPTION 'proceeding % keeps what was filed, and its end', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'proceeding_keeps_what_was_filed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proceeding_stays BEFORE UPDATE OR DELETE ON proceeding FOR EACH ROW EXECUTE FUNCTION keep_proceeding();

CREATE TABLE proceeding_step (
    proceeding_id text NOT NULL REFERENCES proceeding,
    sequence integer NOT NULL CHECK (sequence > 0),
    step text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    due timestamptz,
    PRIMARY KEY (proceeding_id, sequence)
);

CREATE TABLE proceeding_evidence (
    proceeding_id text NOT NULL REFERENCES proceeding,
    number integer NOT NULL CHECK (number > 0),
    party text NOT NULL CHECK (party IN ('applicant', 'respondent')),
    reference text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    description text NOT NULL,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (proceeding_id, number)
);

CREATE TABLE proceeding_finding (
    position bigint GENERATED ALWAYS AS IDENTITY,
    proceeding_id text NOT NULL REFERENCES proceeding,
    round integer NOT NULL,
    member_id text NOT NULL,
    remedy text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    found_at timestamptz NOT NULL,
    PRIMARY KEY (proceeding_id, round, member_id)
);

-- What is scored again: a source or a gate, the other one empty.
CREATE TABLE proceeding_fresh (
    position bigint GENERATED ALWAYS AS IDENTITY,
    proceeding_id text NOT NULL REFERENCES proceeding,
    source_id text NOT NULL,
    gate text NOT NULL,
    scorers text[] NOT NULL,
    PRIMARY KEY (proceeding_id, source_id, gate),
    CHECK ((source_id = '') <> (gate = ''))
);

CREATE TABLE proceeding_fresh_sheet (
    position bigint GENERATED ALWAYS AS IDENTITY,
    proceeding_id text NOT NULL,
    source_id text NOT NULL,
    gate text NOT NULL,
    scorer_id text NOT NULL,
    -- Team, criterion and value as decimal text; or team, verdict and reason.
    given jsonb NOT NULL,
    judgements jsonb NOT NULL,
    provenance text NOT NULL,
    PRIMARY KEY (proceeding_id, source_id, gate, scorer_id),
    FOREIGN KEY (proceeding_id, source_id, gate) REFERENCES proceeding_fresh
);

-- Who stood behind a source of measurements, or a gate's minute.
CREATE TABLE original_assessor (
    stage_id text NOT NULL REFERENCES stage,
    source_id text NOT NULL,
    person_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, source_id, person_id)
);

CREATE TRIGGER proceeding_step_stays BEFORE UPDATE OR DELETE ON proceeding_step FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER proceeding_evidence_stays BEFORE UPDATE OR DELETE ON proceeding_evidence
    FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER proceeding_finding_stays BEFORE UPDATE OR DELETE ON proceeding_finding
    FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER proceeding_fresh_stays BEFORE UPDATE OR DELETE ON proceeding_fresh FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER proceeding_fresh_sheet_stays BEFORE UPDATE OR DELETE ON proceeding_fresh_sheet
    FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER original_assessor_stays BEFORE UPDATE OR DELETE ON original_assessor
    FOR EACH ROW EXECUTE FUNCTION keep_row();
