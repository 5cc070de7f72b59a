-- An upload that was begun; it becomes one checkpoint or none.
CREATE TABLE uploads (
    upload_id         uuid PRIMARY KEY,
    team_id           text NOT NULL,
    model             text NOT NULL,
    files             jsonb NOT NULL,
    begun_at          timestamptz NOT NULL,
    checkpoint_digest text
);

-- Bytes that were read back and hold. Their object is never written again.
CREATE TABLE blobs (
    team_id     text NOT NULL,
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes  bigint NOT NULL CHECK (size_bytes >= 0),
    parameters  bigint NOT NULL CHECK (parameters >= 0),
    verified_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, sha256)
);

CREATE TABLE checkpoints (
    position          bigint GENERATED ALWAYS AS IDENTITY,
    checkpoint_digest text PRIMARY KEY CHECK (checkpoint_digest ~ '^[0-9a-f]{64}$'),
    team_id           text NOT NULL,
    model             text NOT NULL,
    version           integer NOT NULL CHECK (version >= 1),
    upload_id         uuid NOT NULL UNIQUE REFERENCES uploads,
    job_id            text NOT NULL,
    files             jsonb NOT NULL,
    declaration       jsonb NOT NULL,
    committed_at      timestamptz NOT NULL,
    manifest          bytea NOT NULL,
    UNIQUE (team_id, model, version)
);
CREATE UNIQUE INDEX checkpoints_position ON checkpoints (position);
-- A job makes one checkpoint.
CREATE UNIQUE INDEX checkpoints_job ON checkpoints (job_id) WHERE job_id <> '';

-- The name of a checkpoint in MLflow, once it has one.
CREATE TABLE names (
    checkpoint_digest text PRIMARY KEY REFERENCES checkpoints,
    mlflow_model      text NOT NULL,
    mlflow_version    text NOT NULL,
    named_at          timestamptz NOT NULL
);

-- Committed is committed: also a mistake in our own code cannot change it.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is immutable', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER blobs_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON blobs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoints_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
