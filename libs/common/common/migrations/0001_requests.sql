-- Every write that came by a call: who asked for what, and the answer that a repetition gets.
CREATE TABLE request_log (
    request_id uuid PRIMARY KEY,
    -- Full name of the RPC, for example dokpamo.intake.v1.IntakeService/SubmitApplication.
    method text NOT NULL,
    -- Subject of the caller's token.
    actor text NOT NULL,
    -- SHA-256 of the request without its request_id, lower-case hex.
    request_digest text NOT NULL,
    -- The response, serialised.
    response bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX request_log_at ON request_log (at);
