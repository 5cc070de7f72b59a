-- Witnesses and what they signed. Rows are never changed and never deleted.

CREATE TABLE witness (
    number        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text        NOT NULL UNIQUE CHECK (name <> ''),
    public_key    bytea       NOT NULL UNIQUE CHECK (length(public_key) = 32),
    operator      text        NOT NULL CHECK (operator <> ''),
    registered_by text        NOT NULL,
    registered_at timestamptz NOT NULL
);

CREATE TABLE cosignature (
    tree_size   bigint      NOT NULL REFERENCES head (tree_size),
    witness     text        NOT NULL REFERENCES witness (name),
    -- When the witness says that it signed.
    signed_at   timestamptz NOT NULL,
    -- Time and Ed25519 signature, as they stand in the note.
    signature   bytea       NOT NULL CHECK (length(signature) = 72),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (tree_size, witness, signed_at)
);

CREATE TRIGGER witness_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON witness EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER cosignature_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature
    EXECUTE FUNCTION refuse_rewriting();
