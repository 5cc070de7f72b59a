-- Public keys by which teams sign what they commit. None is ever removed or changed, but for its retirement, once.
CREATE TABLE team_keys (
    position       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    key_id         text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{64}$'),
    team_id        text NOT NULL,
    public_key     bytea NOT NULL CHECK (octet_length(public_key) = 32),
    registered_at  timestamptz NOT NULL,
    registered_by  text NOT NULL,
    retired_at     timestamptz,
    retired_by     text,
    retired_reason text,
    CHECK ((retired_at IS NULL) = (retired_by IS NULL) AND (retired_at IS NULL) = (retired_reason IS NULL))
);
CREATE INDEX team_keys_of_team ON team_keys (team_id, position);

CREATE FUNCTION refuse_change_of_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.retired_at IS NOT NULL
        OR (NEW.position, NEW.key_id, NEW.team_id, NEW.public_key, NEW.registered_at, NEW.registered_by)
            IS DISTINCT FROM
            (OLD.position, OLD.key_id, OLD.team_id, OLD.public_key, OLD.registered_at, OLD.registered_by)
    THEN
        RAISE EXCEPTION 'a key is immutable but for its retirement';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER team_keys_retired_once BEFORE UPDATE ON team_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_key();
CREATE TRIGGER team_keys_immutable BEFORE DELETE OR TRUNCATE ON team_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
