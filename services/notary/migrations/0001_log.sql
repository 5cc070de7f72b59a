-- The log. Rows of entry, node and head are never changed and never deleted: the triggers below see to it.

CREATE TABLE entry (
    -- Order of arrival; places in the tree are given in this order.
    sequence   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id   uuid   NOT NULL UNIQUE,
    -- The leaf: canonical JSON of the whole event.
    leaf       bytea  NOT NULL CHECK (length(leaf) > 0),
    -- Place in the tree from 0; null until the sequencer gives it.
    leaf_index bigint UNIQUE CHECK (leaf_index >= 0)
);
CREATE INDEX entry_pending ON entry (sequence) WHERE leaf_index IS NULL;

-- Complete nodes only: node (level, position) covers leaves [position * 2^level, (position + 1) * 2^level).
CREATE TABLE node (
    level    smallint NOT NULL CHECK (level >= 0),
    position bigint   NOT NULL CHECK (position >= 0),
    hash     bytea    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
);

-- One row. Whoever appends locks it first: that is what makes the log have one writer.
CREATE TABLE tree (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    size  bigint  NOT NULL CHECK (size >= 0),
    -- Roots of the complete subtrees at the right edge, largest first.
    peaks bytea[] NOT NULL
);
INSERT INTO tree (size, peaks) VALUES (0, '{}');

CREATE TABLE head (
    tree_size bigint      PRIMARY KEY CHECK (tree_size > 0),
    log_id    text        NOT NULL CHECK (log_id ~ '^[0-9a-f]{64}$'),
    root_hash bytea       NOT NULL CHECK (length(root_hash) = 32),
    signed_at timestamptz NOT NULL,
    signature bytea       NOT NULL CHECK (length(signature) = 64)
);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END
$$;

-- An entry may change once: when it gets its place.
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry FOR EACH ROW
    WHEN (OLD.leaf_index IS NOT NULL OR NEW.leaf_index IS NULL OR OLD.sequence <> NEW.sequence
          OR OLD.event_id <> NEW.event_id OR OLD.leaf <> NEW.leaf)
    EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER entry_is_kept BEFORE DELETE OR TRUNCATE ON entry EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER node_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON node EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER head_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON head EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER tree_is_kept BEFORE DELETE OR TRUNCATE ON tree EXECUTE FUNCTION refuse_rewriting();
