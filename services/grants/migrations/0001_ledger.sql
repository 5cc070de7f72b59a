-- What teams may use. An id is made of stage, team, kind and first day, so a decision gives the same ids whenever it is applied.
CREATE TABLE entitlement (
    id text PRIMARY KEY,
    team_id text NOT NULL CHECK (team_id <> ''),
    kind text NOT NULL CHECK (kind IN ('gpu', 'data', 'talent')),
    -- GPUs in B200-equivalents for gpu, whole KRW otherwise.
    amount bigint NOT NULL CHECK (amount > 0),
    valid_from timestamptz NOT NULL,
    -- NULL: without end, as money given.
    valid_to timestamptz CHECK (valid_to > valid_from),
    CHECK (kind <> 'gpu' OR valid_to IS NOT NULL),
    stage_id text NOT NULL,
    decision_sha256 text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'forfeited', 'ended')),
    -- The stage whose decision took it away again; empty where none did.
    lost_in text NOT NULL DEFAULT '',
    CHECK ((state = 'forfeited') = (lost_in <> ''))
);
CREATE INDEX entitlement_team ON entitlement (team_id, kind, valid_from, id);

-- Balances beside the postings they sum up: the rows that concurrent transactions lock. Only the pools may be below zero.
CREATE TABLE account (
    name text NOT NULL,
    unit text NOT NULL CHECK (unit IN ('gpu_seconds', 'krw')),
    balance bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (name, unit),
    CONSTRAINT balance_below_zero CHECK (balance >= 0 OR name = 'POOL' OR name LIKE 'POOL:%')
);

CREATE TABLE ledger_transaction (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- "<kind>/<cause>": there is at most one of a kind for a cause.
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('grant', 'hold', 'charge', 'release', 'forfeit', 'reallocate')),
    unit text NOT NULL CHECK (unit IN ('gpu_seconds', 'krw')),
    team_id text NOT NULL,
    cause_id text NOT NULL,
    entitlement_id text NOT NULL REFERENCES entitlement,
    posted_at timestamptz NOT NULL,
    UNIQUE (id, unit)
);
CREATE INDEX ledger_transaction_team ON ledger_transaction (team_id, position);
CREATE INDEX ledger_transaction_entitlement ON ledger_transaction (entitlement_id);

CREATE TABLE posting (
    transaction_id text NOT NULL,
    account text NOT NULL,
    unit text NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transaction_id, account),
    FOREIGN KEY (transaction_id, unit) REFERENCES ledger_transaction (id, unit),
    FOREIGN KEY (account, unit) REFERENCES account (name, unit)
);
CREATE INDEX posting_account ON posting (account, unit);

-- GPU time set aside for one job; used_gpu_seconds once the job is settled.
CREATE TABLE hold (
    job_id text PRIMARY KEY,
    team_id text NOT NULL,
    entitlement_id text NOT NULL REFERENCES entitlement,
    gpu_seconds bigint NOT NULL CHECK (gpu_seconds > 0),
    used_gpu_seconds bigint CHECK (used_gpu_seconds >= 0)
);
CREATE INDEX hold_open ON hold (entitlement_id) WHERE used_gpu_seconds IS NULL;

-- Decisions whose consequences have been applied: a decision makes an entitlement once.
CREATE TABLE applied_decision (
    stage_id text PRIMARY KEY,
    decision_sha256 text NOT NULL,
    applied_at timestamptz NOT NULL
);

-- A posting moves its account's balance: nothing else does.
CREATE FUNCTION move_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account SET balance = balance + NEW.amount WHERE name = NEW.account AND unit = NEW.unit;
    RETURN NULL;
END $$;
CREATE TRIGGER posting_moves_balance AFTER INSERT ON posting FOR EACH ROW EXECUTE FUNCTION move_balance();

-- Double entry, checked at the commit: two or more postings that sum to zero.
CREATE FUNCTION require_balance(transaction text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lines bigint;
    total numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount), 0) INTO lines, total FROM posting WHERE transaction_id = transaction;
    IF lines < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'transaction % has % postings that sum to %', transaction, lines, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transaction_unbalanced';
    END IF;
END $$;
CREATE FUNCTION require_balance_of_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM require_balance(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION require_balance_of_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM require_balance(NEW.transaction_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transaction_balances AFTER INSERT ON ledger_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance_of_transaction();
CREATE CONSTRAINT TRIGGER posting_balances AFTER INSERT ON posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance_of_posting();

-- What is posted is never changed.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
END $$;
CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_append_only BEFORE UPDATE OR DELETE ON posting
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transaction_no_truncate BEFORE TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_no_truncate BEFORE TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_no_delete BEFORE DELETE ON account
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
