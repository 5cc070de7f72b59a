-- Comparisons of two teams, and who the rule set names for a source.
ALTER TABLE score_source
    DROP CONSTRAINT score_source_kind_check,
    ADD CONSTRAINT score_source_kind_check CHECK (kind IN ('sheets', 'measurement', 'comparisons')),
    -- Empty where it was not told.
    ADD COLUMN provider text NOT NULL DEFAULT '',
    ADD COLUMN ties_allowed boolean NOT NULL DEFAULT false,
    ADD COLUMN per_pair integer NOT NULL DEFAULT 0;

-- Final, once for two teams and an item by one assessor. No one preferred: a tie.
CREATE TABLE comparison (
    stage_id text NOT NULL,
    source_id text NOT NULL,
    assessor_id text NOT NULL,
    item text NOT NULL,
    first_team text NOT NULL,
    second_team text NOT NULL,
    preferred text CHECK (preferred IN (first_team, second_team)),
    provenance text NOT NULL CHECK (provenance IN ('recorded', 'published', 'reconstructed', 'synthetic')),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, source_id, assessor_id, item, first_team, second_team),
    FOREIGN KEY (stage_id, source_id, assessor_id) REFERENCES seat,
    CHECK (first_team <> second_team)
);
