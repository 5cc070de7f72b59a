-- Rule sets: the document never changes, only its state.
CREATE TABLE rule_set (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- SHA-256 of the canonical document, lower-case hex.
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    stage_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('published', 'frozen', 'superseded')),
    published_at timestamptz NOT NULL,
    frozen_at timestamptz,
    document bytea NOT NULL,
    UNIQUE (id, version),
    CHECK (state <> 'frozen' OR frozen_at IS NOT NULL)
);

CREATE FUNCTION keep_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.sha256, OLD.id, OLD.version, OLD.stage_id, OLD.document) IS DISTINCT FROM
       (NEW.sha256, NEW.id, NEW.version, NEW.stage_id, NEW.document)
       OR (OLD.frozen_at IS NOT NULL AND OLD.frozen_at IS DISTINCT FROM NEW.frozen_at) THEN
        RAISE EXCEPTION 'rule set % never changes', OLD.sha256
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_set_never_changes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rule_set_keeps_document BEFORE UPDATE ON rule_set FOR EACH ROW EXECUTE FUNCTION keep_document();

CREATE TABLE stage (
    position integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text PRIMARY KEY,
    title_ko text NOT NULL,
    title_en text NOT NULL,
    rule_set_sha256 text NOT NULL REFERENCES rule_set,
    -- Teams come from the applicants of this call, or from those that advanced in these stages.
    from_call text NOT NULL,
    from_stages text[] NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    decides_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('planned', 'collecting', 'objection', 'final')),
    waits_for text NOT NULL,
    entrants text[] NOT NULL,
    opened_at timestamptz,
    final_at timestamptz,
    CHECK ((state = 'planned') = (opened_at IS NULL)),
    CHECK ((state IN ('objection', 'final')) = (final_at IS NOT NULL)),
    CHECK ((from_call = '') <> (from_stages = '{}'))
);

-- What intake said of calls that closed.
CREATE TABLE closed_call (
    call_id text PRIMARY KEY,
    team_ids text[] NOT NULL
);

-- What evaluation said, also of stages that are not known yet. Decimals are text: their scale is part of what was given.
CREATE TABLE score (
    stage_id text NOT NULL,
    source_id text NOT NULL,
    -- Empty for a measurement.
    assessor_id text NOT NULL,
    team_id text NOT NULL,
    criterion text NOT NULL,
    value text NOT NULL,
    provenance text NOT NULL,
    PRIMARY KEY (stage_id, source_id, assessor_id, team_id, criterion)
);

CREATE TABLE verdict (
    stage_id text NOT NULL REFERENCES stage,
    gate text NOT NULL,
    team_id text NOT NULL,
    passed boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    evidence text[] NOT NULL,
    judged_by integer NOT NULL,
    provenance text NOT NULL,
    PRIMARY KEY (stage_id, gate, team_id)
);

CREATE TABLE decision (
    stage_id text PRIMARY KEY REFERENCES stage,
    rule_set_sha256 text NOT NULL REFERENCES rule_set,
    inputs_sha256 text NOT NULL,
    inputs bytea NOT NULL,
    sha256 text NOT NULL,
    document bytea NOT NULL,
    decided_at timestamptz NOT NULL
);
