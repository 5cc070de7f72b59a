-- The last instant at which a score is in time, as the governing rule set says, and whether it is over.
ALTER TABLE stage
    ADD COLUMN closes_at timestamptz,
    ADD COLUMN scoring_closed boolean NOT NULL DEFAULT false;
