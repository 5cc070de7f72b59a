-- Process managers: what waits for what, until when, and who must act.
CREATE TABLE process (
    kind text NOT NULL,
    id text NOT NULL,
    state text NOT NULL,
    owner text NOT NULL,
    -- Instants of the service's clock.
    wake_at timestamptz,
    deadline timestamptz,
    -- Failed tries of the present state's wake-up, the last reason, and when (real time) it is tried again.
    attempt integer NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    retry_at timestamptz,
    data jsonb NOT NULL,
    -- When ProcessOverdue was raised for the present state.
    alarmed_at timestamptz,
    finished_at timestamptz,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (kind, id),
    CHECK (finished_at IS NULL OR (wake_at IS NULL AND deadline IS NULL))
);
CREATE INDEX process_wake ON process (wake_at, kind, id) WHERE wake_at IS NOT NULL;
CREATE INDEX process_deadline ON process (deadline) WHERE deadline IS NOT NULL AND alarmed_at IS NULL;
