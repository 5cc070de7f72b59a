-- Fingerprints of committed checkpoints: enough of their weights to be compared, and no weights.
CREATE TABLE fingerprints (
    checkpoint_digest text PRIMARY KEY REFERENCES checkpoints,
    object_key        text NOT NULL,
    sha256            text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes        bigint NOT NULL CHECK (size_bytes >= 1),
    made_at           timestamptz NOT NULL
);

-- The catalogue of models that checkpoints are examined against.
CREATE TABLE reference_models (
    position          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    reference_id      text PRIMARY KEY,
    title             text NOT NULL,
    source            text NOT NULL,
    licence           text NOT NULL,
    object_key        text NOT NULL,
    sha256            text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes        bigint NOT NULL CHECK (size_bytes >= 1),
    checkpoint_digest text REFERENCES checkpoints,
    confirmed         boolean NOT NULL,
    added_by          text NOT NULL,
    added_at          timestamptz NOT NULL
);

CREATE TABLE examinations (
    checkpoint_digest text NOT NULL REFERENCES checkpoints,
    number            integer NOT NULL CHECK (number >= 1),
    state             text NOT NULL CHECK (state IN ('queued', 'done', 'not-made')),
    reason            text NOT NULL,
    -- A number of 64 bits without a sign.
    seed              numeric(20) NOT NULL,
    asked_at          timestamptz NOT NULL,
    done_at           timestamptz,
    PRIMARY KEY (checkpoint_digest, number)
);

CREATE TABLE examination_reports (
    checkpoint_digest text NOT NULL,
    number            integer NOT NULL,
    ordinal           integer NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('own-parent', 'reference')),
    against           text NOT NULL,
    findings          jsonb NOT NULL,
    sha256            text NOT NULL,
    report            bytea NOT NULL,
    PRIMARY KEY (checkpoint_digest, number, ordinal),
    UNIQUE (checkpoint_digest, number, against),
    FOREIGN KEY (checkpoint_digest, number) REFERENCES examinations
);
CREATE TRIGGER examination_reports_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON examination_reports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
