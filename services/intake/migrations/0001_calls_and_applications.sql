-- Calls. The state is moved at the two instants; whether an application is accepted is decided by the instants themselves.
CREATE TABLE call (
    call_id text PRIMARY KEY,
    title_ko text NOT NULL,
    title_en text NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL CHECK (closes_at > opens_at),
    requires_students boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('announced', 'open', 'closed')),
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE
);

-- Every version of every application with its receipt; nothing here is ever updated.
CREATE TABLE application (
    application_id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    call_id text NOT NULL REFERENCES call,
    team_id text NOT NULL,
    application_json bytea NOT NULL,
    application_sha256 text NOT NULL,
    received_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    PRIMARY KEY (application_id, version)
);
CREATE INDEX application_by_team ON application (call_id, team_id, version DESC);
CREATE INDEX application_by_receipt ON application (call_id, position);

-- Officers' confirmations of named checks on one version; a later one on the same check counts, the earlier stays.
CREATE TABLE eligibility (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id text NOT NULL,
    version integer NOT NULL,
    check_name text NOT NULL,
    passed boolean NOT NULL,
    evidence text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    FOREIGN KEY (application_id, version) REFERENCES application
);
CREATE INDEX eligibility_by_application ON eligibility (application_id, version, check_name, position DESC);
