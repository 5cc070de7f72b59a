-- Requests to retire a witness, asked for by one person and done once another confirms.

CREATE TABLE witness_retirement (
    number       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    act_id       uuid        NOT NULL UNIQUE,
    witness      text        NOT NULL REFERENCES witness (name),
    reason       text        NOT NULL CHECK (reason <> ''),
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL,
    confirmed_by text        CHECK (confirmed_by <> requested_by),
    confirmed_at timestamptz,
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);
-- For ever, and once.
CREATE UNIQUE INDEX witness_retired ON witness_retirement (witness) WHERE confirmed_at IS NOT NULL;

CREATE TRIGGER witness_retirement_is_kept BEFORE DELETE OR TRUNCATE ON witness_retirement
    EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER witness_retirement_stays BEFORE UPDATE ON witness_retirement FOR EACH ROW
    WHEN (OLD.confirmed_by IS NOT NULL
          OR (NEW.number, NEW.act_id, NEW.witness, NEW.reason, NEW.requested_by, NEW.requested_at)
             IS DISTINCT FROM
             (OLD.number, OLD.act_id, OLD.witness, OLD.reason, OLD.requested_by, OLD.requested_at))
    EXECUTE FUNCTION refuse_rewriting();
