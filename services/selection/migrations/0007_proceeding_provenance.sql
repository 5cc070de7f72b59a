-- A proceeding that a replay made up says so, as scores do.
ALTER TABLE proceeding ADD COLUMN provenance text NOT NULL DEFAULT 'recorded'
    CHECK (provenance IN ('recorded', 'published', 'reconstructed', 'synthetic'));

CREATE OR REPLACE FUNCTION keep_proceeding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'closed'
       OR (OLD.id, OLD.kind, OLD.stage_id, OLD.number, OLD.ground, OLD.team_id, OLD.version, OLD.statement, OLD.filed_by,
           OLD.filed_at, OLD.provenance) IS DISTINCT FROM
          (NEW.id, NEW.kind, NEW.stage_id, NEW.number, NEW.ground, NEW.team_id, NEW.version, NEW.statement, NEW.filed_by,
           NEW.filed_at, NEW.provenance) THEN
        RAISE EXCEPTION 'proceeding % keeps what was filed, and its end', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'proceeding_keeps_what_was_filed';
    END IF;
    RETURN NEW;
END $$;
