-- Files are stored in parts, each an object under its SHA-256; what was one object is one part now, under the same key.

-- Bytes that belong to a checkpoint. Their object is never written again and never removed.
CREATE TABLE parts (
    team_id    text NOT NULL,
    sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 1),
    stored_at  timestamptz NOT NULL,
    PRIMARY KEY (team_id, sha256)
);
INSERT INTO parts SELECT team_id, sha256, min(size_bytes), min(verified_at) FROM blobs WHERE size_bytes > 0
    GROUP BY team_id, sha256;

-- What the bytes of a file are made of.
CREATE TABLE blob_parts (
    team_id      text NOT NULL,
    blob_sha256  text NOT NULL,
    offset_bytes bigint NOT NULL CHECK (offset_bytes >= 0),
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 1),
    sha256       text NOT NULL,
    PRIMARY KEY (team_id, blob_sha256, offset_bytes),
    FOREIGN KEY (team_id, sha256) REFERENCES parts
);
CREATE INDEX blob_parts_of ON blob_parts (team_id, sha256);
INSERT INTO blob_parts SELECT team_id, sha256, 0, size_bytes, sha256 FROM parts;

-- What was noticed in a file and is no ground for refusal.
ALTER TABLE blobs ADD COLUMN findings jsonb NOT NULL DEFAULT '[]';

CREATE TABLE checkpoint_files (
    checkpoint_digest text NOT NULL REFERENCES checkpoints,
    number            integer NOT NULL CHECK (number >= 1),
    path              text NOT NULL,
    size_bytes        bigint NOT NULL CHECK (size_bytes >= 0),
    sha256            text NOT NULL,
    PRIMARY KEY (checkpoint_digest, number),
    UNIQUE (checkpoint_digest, path)
);
INSERT INTO checkpoint_files
    SELECT c.checkpoint_digest, f.number, f.file ->> 'path', (f.file ->> 'size_bytes')::bigint, f.file ->> 'sha256'
    FROM checkpoints c, jsonb_array_elements(c.files) WITH ORDINALITY AS f (file, number);
ALTER TABLE checkpoints
    ADD COLUMN file_count integer NOT NULL DEFAULT 0,
    ADD COLUMN size_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN signature jsonb,
    ADD COLUMN findings jsonb NOT NULL DEFAULT '[]';
ALTER TABLE checkpoints DISABLE TRIGGER checkpoints_immutable;
UPDATE checkpoints c SET (file_count, size_bytes) =
    (SELECT count(*), sum(f.size_bytes) FROM checkpoint_files f WHERE f.checkpoint_digest = c.checkpoint_digest);
ALTER TABLE checkpoints ENABLE TRIGGER checkpoints_immutable;
ALTER TABLE checkpoints
    ALTER COLUMN file_count DROP DEFAULT, ALTER COLUMN size_bytes DROP DEFAULT, DROP COLUMN files;

CREATE TRIGGER parts_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blob_parts_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON blob_parts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_files_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint_files
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An upload that was begun in the old way has no parts and is begun anew.
ALTER TABLE uploads
    ADD COLUMN state text NOT NULL DEFAULT 'abandoned'
        CHECK (state IN ('open', 'verifying', 'committed', 'refused', 'abandoned')),
    ADD COLUMN asked jsonb,
    ADD COLUMN refusal jsonb,
    -- Of the machine's clock: whether somebody goes on with an upload has nothing to do with the programme's dates.
    ADD COLUMN touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    DROP COLUMN files;
UPDATE uploads SET state = 'committed' WHERE checkpoint_digest IS NOT NULL;
ALTER TABLE uploads ALTER COLUMN state DROP DEFAULT;
-- Several uploads of one job's bytes become one checkpoint.
ALTER TABLE checkpoints DROP COLUMN upload_id;
CREATE INDEX uploads_of_team ON uploads (team_id, state);

CREATE TABLE upload_parts (
    upload_id    uuid NOT NULL REFERENCES uploads,
    path         text NOT NULL,
    offset_bytes bigint NOT NULL CHECK (offset_bytes >= 0),
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 1),
    sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (upload_id, path, offset_bytes)
);
CREATE INDEX upload_parts_of ON upload_parts (sha256);

CREATE TABLE upload_files (
    upload_id  uuid NOT NULL REFERENCES uploads,
    path       text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    -- What was found when it was read back; null until then.
    verified   jsonb,
    PRIMARY KEY (upload_id, path)
);
