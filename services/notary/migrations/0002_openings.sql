-- What opens the sealed values of entries, apart from the log: it may be erased, the log never.

CREATE TABLE opening (
    event_id    uuid        NOT NULL REFERENCES entry (event_id),
    -- JSON pointer to the place of the value in the entry.
    path        text        COLLATE "C" NOT NULL,
    class       text        NOT NULL CHECK (class IN ('blind', 'personal', 'blind-personal')),
    -- What it is under: with its end everyone may read it. Null where staff alone may open it.
    embargo     text        CHECK (embargo IS NULL OR class <> 'personal'),
    salt        bytea       CHECK (length(salt) = 32),
    -- Canonical JSON.
    value       bytea       CHECK (length(value) > 0),
    released_at timestamptz,
    erasure_id  uuid,
    PRIMARY KEY (event_id, path),
    CHECK ((salt IS NULL) = (value IS NULL) AND (salt IS NULL) = (erasure_id IS NOT NULL)),
    CHECK (erasure_id IS NULL OR class <> 'blind')
);

-- Embargoes that have ended, each with the event that ended it.
CREATE TABLE embargo_end (
    embargo  text        PRIMARY KEY,
    event_id uuid        NOT NULL REFERENCES entry (event_id),
    ended_at timestamptz NOT NULL
);

CREATE TABLE erasure (
    number       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erasure_id   uuid        NOT NULL UNIQUE,
    event_id     uuid        NOT NULL REFERENCES entry (event_id),
    paths        text[]      NOT NULL CHECK (cardinality(paths) > 0),
    reason       text        NOT NULL CHECK (reason <> ''),
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL,
    confirmed_by text        CHECK (confirmed_by <> requested_by),
    confirmed_at timestamptz,
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);
ALTER TABLE opening ADD FOREIGN KEY (erasure_id) REFERENCES erasure (erasure_id);

-- An opening may change twice: when it is released, and when it is erased, which only a confirmed erasure may do.
CREATE FUNCTION guard_opening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.event_id, NEW.path, NEW.class) IS DISTINCT FROM (OLD.event_id, OLD.path, OLD.class)
       OR NEW.embargo IS DISTINCT FROM OLD.embargo
       OR OLD.salt IS NULL
       OR (OLD.released_at IS NOT NULL AND NEW.released_at IS DISTINCT FROM OLD.released_at)
       OR (NEW.salt IS NOT NULL AND (NEW.salt, NEW.value) IS DISTINCT FROM (OLD.salt, OLD.value)) THEN
        RAISE EXCEPTION 'an opening is released or erased, never rewritten: % of %', TG_OP, TG_TABLE_NAME;
    END IF;
    IF NEW.salt IS NULL AND NOT EXISTS (
        SELECT FROM erasure
        WHERE erasure_id = NEW.erasure_id AND confirmed_by IS NOT NULL
          AND event_id = NEW.event_id AND NEW.path = ANY (paths)
    ) THEN
        RAISE EXCEPTION 'an opening is erased by two people: % of %', TG_OP, TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER opening_stays BEFORE UPDATE ON opening FOR EACH ROW EXECUTE FUNCTION guard_opening();
CREATE TRIGGER opening_is_kept BEFORE DELETE OR TRUNCATE ON opening EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER embargo_end_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON embargo_end
    EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER erasure_is_kept BEFORE DELETE OR TRUNCATE ON erasure EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER erasure_stays BEFORE UPDATE ON erasure FOR EACH ROW
    WHEN (OLD.confirmed_by IS NOT NULL
          OR (NEW.erasure_id, NEW.event_id, NEW.paths, NEW.reason, NEW.requested_by, NEW.requested_at)
             IS DISTINCT FROM
             (OLD.erasure_id, OLD.event_id, OLD.paths, OLD.reason, OLD.requested_by, OLD.requested_at))
    EXECUTE FUNCTION refuse_rewriting();
