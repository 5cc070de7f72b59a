-- One run of a suite on a committed checkpoint. The job on the cluster has the same id.
CREATE TABLE benchmark_run (
    run_id text PRIMARY KEY,
    checkpoint_digest text NOT NULL,
    team_id text NOT NULL,
    period text NOT NULL,
    suite text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    items integer NOT NULL DEFAULT 0,
    accuracy text NOT NULL DEFAULT '',
    bits_per_byte text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    UNIQUE (checkpoint_digest, suite)
);
