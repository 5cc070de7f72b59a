-- The run in MLflow that says how a version was made; empty where it was named before there were runs.
ALTER TABLE names ADD COLUMN run_id text NOT NULL DEFAULT '';
-- Where MLflow says that the version lies; null where it was named before that was kept.
ALTER TABLE names ADD COLUMN source text;
-- Parts in the order in which an object store lists them.
CREATE INDEX parts_by_key ON parts ((team_id || '/' || sha256) COLLATE "C");

-- Until when the store itself lets nobody remove the part; null where it was never locked.
ALTER TABLE part_reads ADD COLUMN locked_until timestamptz;
CREATE INDEX part_reads_locked ON part_reads (locked_until NULLS FIRST);
