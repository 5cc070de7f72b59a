-- Of a known model that checkpoints are examined against no more; what was examined against it stays.
CREATE TABLE reference_withdrawals (
    reference_id text PRIMARY KEY REFERENCES reference_models,
    reason       text NOT NULL CHECK (reason <> ''),
    withdrawn_at timestamptz NOT NULL,
    withdrawn_by text NOT NULL
);
CREATE TRIGGER reference_withdrawals_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON reference_withdrawals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
