-- Checkpoints that are given to everybody. What is asked for from outside is looked for here and nowhere else, so that
-- neither an answer nor its time tells whether something is there that is not released.
CREATE TABLE releases (
    position          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    checkpoint_digest text PRIMARY KEY REFERENCES checkpoints,
    team_id           text NOT NULL,
    model             text NOT NULL,
    version           integer NOT NULL CHECK (version >= 1),
    gated             boolean NOT NULL,
    licence           text NOT NULL,
    licence_path      text NOT NULL,
    licence_sha256    text NOT NULL CHECK (licence_sha256 ~ '^([0-9a-f]{64})?$'),
    file_count        integer NOT NULL,
    size_bytes        bigint NOT NULL,
    released_at       timestamptz NOT NULL,
    released_by       text NOT NULL,
    UNIQUE (team_id, model, version),
    -- What is accepted must be there to read.
    CHECK (licence_sha256 <> '' OR NOT gated)
);

-- Of a release whose bytes are given out no more.
CREATE TABLE withdrawals (
    checkpoint_digest text PRIMARY KEY REFERENCES releases,
    reason            text NOT NULL CHECK (reason <> ''),
    withdrawn_at      timestamptz NOT NULL,
    withdrawn_by      text NOT NULL
);

-- Who accepted which licence of whose model, and when.
CREATE TABLE acceptances (
    subject        text NOT NULL,
    team_id        text NOT NULL,
    model          text NOT NULL,
    licence_sha256 text NOT NULL CHECK (licence_sha256 ~ '^[0-9a-f]{64}$'),
    accepted_at    timestamptz NOT NULL,
    PRIMARY KEY (subject, team_id, model, licence_sha256)
);

CREATE TRIGGER releases_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON releases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withdrawals_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON withdrawals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER acceptances_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON acceptances
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
