-- Long work, recorded with its cause and done by a worker that holds a lease.
CREATE TABLE task (
    kind text NOT NULL,
    id text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    -- Due at this instant of the service's clock.
    run_at timestamptz NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    -- The fencing token: each lease has a new one, and only the present holder's word counts.
    fence bigint NOT NULL DEFAULT 0,
    worker text NOT NULL DEFAULT '',
    -- Real time: a dead worker's lease ends although a virtual clock stands still.
    lease_until timestamptz,
    retry_at timestamptz,
    enqueued_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (kind, id),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL))
);
CREATE INDEX task_open ON task (run_at, kind, id) WHERE state IN ('queued', 'running');
