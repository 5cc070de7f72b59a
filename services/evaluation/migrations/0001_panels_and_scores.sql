-- What selection says of a stage: a projection of its events.
CREATE TABLE stage (
    stage_id text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('planned', 'open', 'decided')),
    rule_set_sha256 text NOT NULL,
    team_ids text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE score_source (
    stage_id text NOT NULL REFERENCES stage,
    source_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('sheets', 'measurement')),
    criteria text[] NOT NULL,
    minimum numeric NOT NULL,
    maximum numeric NOT NULL,
    panel_size integer NOT NULL CHECK (panel_size >= 0),
    PRIMARY KEY (stage_id, source_id)
);

-- Assessors seated for a source. A panel is seated once.
CREATE TABLE seat (
    stage_id text NOT NULL,
    source_id text NOT NULL,
    assessor_id text NOT NULL,
    PRIMARY KEY (stage_id, source_id, assessor_id),
    FOREIGN KEY (stage_id, source_id) REFERENCES score_source
);

-- Sheets are final: one for each seat, never updated.
CREATE TABLE score_sheet (
    stage_id text NOT NULL,
    source_id text NOT NULL,
    assessor_id text NOT NULL,
    provenance text NOT NULL CHECK (provenance IN ('recorded', 'published', 'reconstructed', 'synthetic')),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, source_id, assessor_id),
    FOREIGN KEY (stage_id, source_id, assessor_id) REFERENCES seat
);

CREATE TABLE sheet_score (
    stage_id text NOT NULL,
    source_id text NOT NULL,
    assessor_id text NOT NULL,
    team_id text NOT NULL,
    criterion text NOT NULL,
    value numeric NOT NULL CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity')),
    PRIMARY KEY (stage_id, source_id, assessor_id, team_id, criterion),
    FOREIGN KEY (stage_id, source_id, assessor_id) REFERENCES score_sheet
);

-- A measured value is recorded once.
CREATE TABLE measurement (
    stage_id text NOT NULL,
    source_id text NOT NULL,
    team_id text NOT NULL,
    criterion text NOT NULL,
    value numeric NOT NULL CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity')),
    origin text NOT NULL,
    provenance text NOT NULL CHECK (provenance IN ('recorded', 'published', 'reconstructed', 'synthetic')),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (stage_id, source_id, team_id, criterion),
    FOREIGN KEY (stage_id, source_id) REFERENCES score_source
);
