-- The catalogue: facts are added with their source and the instant they became known here, and never changed.
CREATE TABLE reference_model (
    model_id text COLLATE "C" PRIMARY KEY,
    organisation text NOT NULL,
    family text NOT NULL,
    open_weights boolean NOT NULL,
    provenance text NOT NULL CHECK (provenance IN ('recorded', 'published', 'reconstructed', 'synthetic')),
    known_at timestamptz NOT NULL
);

CREATE TABLE reference_release (
    model_id text COLLATE "C" NOT NULL REFERENCES reference_model,
    kind text NOT NULL CHECK (kind IN ('announced', 'preview', 'api', 'weights')),
    released_on date NOT NULL,
    source text NOT NULL,
    known_at timestamptz NOT NULL,
    PRIMARY KEY (model_id, kind, source)
);

CREATE TABLE reference_score (
    model_id text COLLATE "C" NOT NULL REFERENCES reference_model,
    index_name text NOT NULL,
    edition text NOT NULL,
    value text NOT NULL,
    source text NOT NULL,
    known_at timestamptz NOT NULL,
    PRIMARY KEY (model_id, index_name, edition, source)
);

-- Pinned targets: what was computed, with the snapshot it was computed from. Never changed.
CREATE TABLE target (
    target_id text PRIMARY KEY,
    stage_id text NOT NULL REFERENCES stage,
    index_name text NOT NULL,
    edition text NOT NULL,
    window_from date NOT NULL,
    window_to date NOT NULL,
    best_model_id text NOT NULL,
    best_value text NOT NULL,
    ratio text NOT NULL,
    threshold text NOT NULL,
    candidates jsonb NOT NULL,
    snapshot_json bytea NOT NULL,
    snapshot_sha256 text NOT NULL,
    pinned_at timestamptz NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE
);
