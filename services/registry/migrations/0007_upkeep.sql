-- What the registry does to its bytes by itself: it sweeps what nobody needs and reads back what is kept.
-- All of it goes by the machine's clock: bytes age whatever the programme's date.

-- When the parts of an upload that nothing else rests on had been removed.
ALTER TABLE uploads ADD COLUMN swept_at timestamptz;
CREATE INDEX uploads_unswept ON uploads (touched_at) WHERE swept_at IS NULL;

CREATE TABLE part_reads (
    team_id       text NOT NULL,
    sha256        text NOT NULL,
    read_at       timestamptz NOT NULL,
    -- Somebody wants it read soon.
    asked_at      timestamptz,
    -- Somebody reads it now, and it is taken from nobody before this.
    claimed_until timestamptz,
    PRIMARY KEY (team_id, sha256),
    FOREIGN KEY (team_id, sha256) REFERENCES parts
);
CREATE INDEX part_reads_by_age ON part_reads (read_at);
CREATE INDEX part_reads_asked ON part_reads (asked_at) WHERE asked_at IS NOT NULL;
INSERT INTO part_reads SELECT team_id, sha256, clock_timestamp() FROM parts;

CREATE TABLE damages (
    position  bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    damage_id uuid PRIMARY KEY,
    team_id   text NOT NULL,
    sha256    text NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('differs', 'missing', 'unreadable')),
    problem   text NOT NULL,
    found_at  timestamptz NOT NULL,
    healed_at timestamptz,
    FOREIGN KEY (team_id, sha256) REFERENCES parts
);
-- In which checkpoints the bytes of a part stand.
CREATE INDEX checkpoint_files_of ON checkpoint_files (sha256);
CREATE UNIQUE INDEX damages_open ON damages (team_id, sha256) WHERE healed_at IS NULL;

-- Checks of everything at once: of the names against MLflow, of the parts against the list of objects.
CREATE TABLE checks (
    name     text PRIMARY KEY CHECK (name IN ('names', 'objects')),
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    checked  bigint NOT NULL DEFAULT 0
);

-- What a check found otherwise than the tables have it.
CREATE TABLE differences (
    position      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    difference_id uuid PRIMARY KEY,
    name          text NOT NULL REFERENCES checks,
    kind          text NOT NULL,
    -- Empty where it is about no team.
    team_id       text NOT NULL,
    -- What it is about: a registered model with or without a version, or the key of an object; and what of it.
    subject       text NOT NULL,
    field         text NOT NULL,
    expected      text NOT NULL,
    found         text NOT NULL,
    repaired      boolean NOT NULL,
    found_at      timestamptz NOT NULL,
    -- When a check did not find it any more.
    gone_at       timestamptz
);
CREATE UNIQUE INDEX differences_open ON differences (name, kind, subject, field) WHERE gone_at IS NULL;
