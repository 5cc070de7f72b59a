-- Bytes are verified for what they must hold: as a text file they may be anything, as weights they may not.
-- What was verified before this was told counts as bytes alone, so that it is inspected again as what it is listed as.
ALTER TABLE blobs ADD COLUMN content text NOT NULL DEFAULT 'other'
    CHECK (content IN ('weights', 'configuration', 'other'));
ALTER TABLE blobs ALTER COLUMN content DROP DEFAULT;
ALTER TABLE blobs DROP CONSTRAINT blobs_pkey, ADD PRIMARY KEY (team_id, sha256, content);

-- A job makes one checkpoint, of its own team: another team that names it takes nothing away from it.
DROP INDEX checkpoints_job;
CREATE UNIQUE INDEX checkpoints_job ON checkpoints (job_id, team_id) WHERE job_id <> '';
