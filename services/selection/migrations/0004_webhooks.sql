-- How far the outbox, whose numbers are in the order of commit, has become deliveries: one row.
CREATE TABLE webhook_feed (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- Of the outbox: everything up to here is recorded for every webhook that hears it.
    position bigint NOT NULL
);
INSERT INTO webhook_feed SELECT true, coalesce(max(seq), 0) FROM outbox;

CREATE TABLE webhook (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id uuid PRIMARY KEY,
    url text NOT NULL,
    -- Full protobuf names; empty for all.
    event_types text[] NOT NULL,
    description text NOT NULL,
    -- It hears what comes behind this place of the outbox.
    after bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused', 'disabled', 'deleted')),
    reason text NOT NULL,
    -- Instants of the service's clock.
    failing_since timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CHECK ((state = 'active') = (reason = ''))
);

-- Secrets are derived from the service's key when they are used: no row holds one.
CREATE TABLE webhook_key (
    webhook_id uuid NOT NULL REFERENCES webhook,
    generation integer NOT NULL CHECK (generation > 0),
    -- Tells from which key of the service.
    root text NOT NULL,
    -- NULL: it has no end yet.
    valid_until timestamptz,
    PRIMARY KEY (webhook_id, generation)
);

CREATE TABLE webhook_delivery (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- The header webhook-id of every attempt.
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhook,
    -- Place of the event in the outbox; 0 for a test.
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    -- Deliveries of a webhook with the same lane are made one after the other.
    lane text NOT NULL,
    -- Which replay asked for it; empty for none.
    replay text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'given up')),
    turn integer NOT NULL,
    tries integer NOT NULL,
    attempts integer NOT NULL,
    last_status integer NOT NULL,
    last_error text NOT NULL,
    next_try_at timestamptz,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    -- Each event once for each webhook and replay.
    UNIQUE (webhook_id, event_id, replay),
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
    CHECK (state = 'waiting' OR next_try_at IS NULL)
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (webhook_id, lane, position) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_position ON webhook_delivery (webhook_id, position);
