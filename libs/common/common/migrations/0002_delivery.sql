-- What this service says to others. Columns as Debezium's outbox router names them, then what the relay adds.
-- Never deleted before it is archived: it is the publish audit.
CREATE TABLE outbox (
    -- Order of commit: given out under a lock that is held until the commit.
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    aggregatetype text NOT NULL,
    -- The Kafka key.
    aggregateid text NOT NULL,
    -- Full protobuf name.
    type text NOT NULL,
    payload bytea NOT NULL,
    topic text NOT NULL,
    -- Kafka headers by name, as sent.
    headers jsonb NOT NULL,
    -- Instants of the service's clock.
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    partition integer,
    kafka_offset bigint,
    CHECK ((published_at IS NULL) = (kafka_offset IS NULL))
);
CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL;

-- Every event that was applied or parked here, which is why a second delivery has no effect.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

-- Counts that survive a restart, each row written by one writer at a time: the relay ("published") and each partition's
-- consumer ("consumed:<topic>:<partition>").
CREATE TABLE delivery_total (
    name text PRIMARY KEY,
    value bigint NOT NULL
);

-- Messages that could not be applied, whole, until staff redrive or dismiss them. Rows stay: they are the record.
CREATE TABLE parked (
    id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    -- Empty where it could not be read.
    event_id text NOT NULL,
    event_type text NOT NULL,
    key bytea,
    -- [[name, base64 of the value], ...] in the order of arrival; a value may be null.
    headers jsonb NOT NULL,
    -- NULL: the message had none (a tombstone).
    payload bytea,
    -- Kafka's timestamp of the message.
    sent_at timestamptz NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    facts jsonb NOT NULL,
    attempts integer NOT NULL,
    -- Instant of the service's clock.
    parked_at timestamptz NOT NULL,
    -- Real time, for the limit that stops the line.
    arrived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'redriven', 'dismissed')),
    -- Who closed it, why, when (the service's clock).
    closed_by text,
    closed_reason text,
    closed_at timestamptz,
    UNIQUE (consumer, topic, partition, kafka_offset),
    CHECK ((state = 'parked') = (closed_at IS NULL))
);
CREATE INDEX parked_position ON parked (position);
CREATE INDEX parked_open ON parked (position) WHERE state = 'parked';
CREATE INDEX parked_arrived ON parked (consumer, arrived_at);

-- Whether a consumer has stopped because too much was parked (real time).
CREATE TABLE line (
    consumer text PRIMARY KEY,
    stopped_at timestamptz,
    reason text NOT NULL DEFAULT '',
    reopened_at timestamptz NOT NULL DEFAULT '-infinity'
);
