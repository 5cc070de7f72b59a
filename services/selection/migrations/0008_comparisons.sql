-- What evaluation said of comparisons, also of stages that are not known yet.
CREATE TABLE comparison (
    stage_id text NOT NULL,
    source_id text NOT NULL,
    assessor_id text NOT NULL,
    item text NOT NULL,
    -- In order of their names.
    first_team text NOT NULL,
    second_team text NOT NULL,
    -- Empty for a tie.
    winner text NOT NULL,
    provenance text NOT NULL,
    -- When it was handed in, by the clock of who took it.
    given_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, source_id, assessor_id, item, first_team, second_team)
);
