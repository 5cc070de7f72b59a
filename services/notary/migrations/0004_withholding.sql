-- Requests to withhold an entry's content or to give it back, asked for by one person and done once another confirms.

CREATE TABLE withholding (
    number       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    act_id       uuid        NOT NULL UNIQUE,
    kind         text        NOT NULL CHECK (kind IN ('withhold', 'restore')),
    event_id     uuid        NOT NULL REFERENCES entry (event_id),
    leaf_index   bigint      NOT NULL CHECK (leaf_index >= 0),
    reason       text        NOT NULL CHECK (reason <> ''),
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL,
    confirmed_by text        CHECK (confirmed_by <> requested_by),
    confirmed_at timestamptz,
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);
CREATE INDEX withholding_done ON withholding (leaf_index, confirmed_at) WHERE confirmed_at IS NOT NULL;

-- Entries whose content is withheld now: the act that was confirmed last was to withhold it.
CREATE VIEW withheld AS
    SELECT * FROM (
        SELECT DISTINCT ON (leaf_index) * FROM withholding WHERE confirmed_at IS NOT NULL
        ORDER BY leaf_index, confirmed_at DESC, number DESC
    ) AS newest WHERE kind = 'withhold';

CREATE TRIGGER withholding_is_kept BEFORE DELETE OR TRUNCATE ON withholding EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER withholding_stays BEFORE UPDATE ON withholding FOR EACH ROW
    WHEN (OLD.confirmed_by IS NOT NULL
          OR (NEW.number, NEW.act_id, NEW.kind, NEW.event_id, NEW.leaf_index, NEW.reason, NEW.requested_by,
              NEW.requested_at)
             IS DISTINCT FROM
             (OLD.number, OLD.act_id, OLD.kind, OLD.event_id, OLD.leaf_index, OLD.reason, OLD.requested_by,
              OLD.requested_at))
    EXECUTE FUNCTION refuse_rewriting();
