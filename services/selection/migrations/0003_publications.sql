-- Publications: what was shown to whom and when. Nothing here ever changes: what was shown was shown.
CREATE TABLE publication (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- "<stage>/<number>", numbered from 1 within the stage.
    id text PRIMARY KEY,
    stage_id text NOT NULL REFERENCES stage,
    policy_id text NOT NULL,
    policy_sha256 text NOT NULL,
    -- Canonical.
    policy bytea NOT NULL,
    rule_set_sha256 text NOT NULL REFERENCES rule_set,
    decision_sha256 text NOT NULL,
    published_at timestamptz NOT NULL,
    -- Why more is shown than by an earlier policy; empty where this is the first.
    reason text NOT NULL,
    accepted_leaks text[] NOT NULL,
    accept_reason text NOT NULL,
    -- Exactly once.
    UNIQUE (stage_id, decision_sha256, policy_sha256),
    CHECK (accepted_leaks = '{}' OR accept_reason <> '')
);
CREATE INDEX publication_by_stage ON publication (stage_id, published_at);

CREATE TABLE publication_view (
    publication_id text NOT NULL REFERENCES publication,
    audience text NOT NULL CHECK (audience IN ('public', 'team', 'panel')),
    -- Empty unless the audience is a team.
    team_id text NOT NULL,
    -- Canonical.
    document bytea NOT NULL,
    PRIMARY KEY (publication_id, audience, team_id),
    CHECK ((audience = 'team') = (team_id <> ''))
);

-- From when on everything about a decision is open to everybody.
CREATE TABLE decision_release (
    stage_id text NOT NULL REFERENCES stage,
    decision_sha256 text NOT NULL,
    released_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, decision_sha256)
);

CREATE FUNCTION keep_publication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was published was published: % never changes', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_never_changes';
END $$;
CREATE TRIGGER publication_stays BEFORE UPDATE OR DELETE ON publication
    FOR EACH ROW EXECUTE FUNCTION keep_publication();
CREATE TRIGGER publication_view_stays BEFORE UPDATE OR DELETE ON publication_view
    FOR EACH ROW EXECUTE FUNCTION keep_publication();
CREATE TRIGGER decision_release_stays BEFORE UPDATE OR DELETE ON decision_release
    FOR EACH ROW EXECUTE FUNCTION keep_publication();
