CREATE TABLE jobs (
    position          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    job_id            text PRIMARY KEY,
    team_id           text NOT NULL,
    period            text NOT NULL,
    model             text NOT NULL,
    gpus              integer NOT NULL CHECK (gpus > 0),
    max_seconds       integer NOT NULL CHECK (max_seconds > 0),
    gpu_source        text NOT NULL CHECK (gpu_source IN ('granted', 'own')),
    -- Unsigned 64 bits do not fit a bigint.
    seed              numeric(20) NOT NULL,
    steps             integer NOT NULL CHECK (steps > 0),
    hidden_units      integer NOT NULL CHECK (hidden_units >= 0),
    parent_checkpoint text NOT NULL,
    state             text NOT NULL
        CHECK (state IN ('submitted', 'admitted', 'running', 'succeeded', 'failed', 'cancelled', 'refused')),
    reason            text NOT NULL,
    submitted_at      timestamptz NOT NULL,
    gpu_seconds       bigint NOT NULL DEFAULT 0 CHECK (gpu_seconds >= 0),
    checkpoint_digest text NOT NULL DEFAULT '',
    loss              text NOT NULL DEFAULT '',
    attempt           integer NOT NULL DEFAULT 0,
    cancel_wished     boolean NOT NULL DEFAULT false,
    failure_class     text CHECK (failure_class IN ('infrastructure', 'workload')),
    -- Nothing has succeeded without a committed checkpoint.
    CHECK (state <> 'succeeded' OR checkpoint_digest <> '')
);
CREATE INDEX jobs_team ON jobs (team_id, position);

-- Starts of a job on the cluster; instants are the cluster's, on the wall clock.
CREATE TABLE runs (
    job_id     text NOT NULL REFERENCES jobs,
    attempt    integer NOT NULL CHECK (attempt >= 1),
    started_at timestamptz,
    ended_at   timestamptz,
    ended      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (job_id, attempt)
);
