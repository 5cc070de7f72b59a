-- A stage that is decided again, finally, has its consequences corrected: what its later version does not give is withdrawn
-- by reversing entries, what it gives is granted. Nothing that is posted changes.

ALTER TABLE applied_decision ADD COLUMN version integer NOT NULL DEFAULT 1;

ALTER TABLE entitlement
    -- Version of the decision that gave it.
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    -- The entitlement whose rest it gives back; empty where it is the decision's own.
    ADD COLUMN restores text NOT NULL DEFAULT '',
    DROP CONSTRAINT entitlement_state_check,
    ADD CONSTRAINT entitlement_state_check CHECK (state IN ('active', 'forfeited', 'ended', 'withdrawn')),
    DROP CONSTRAINT entitlement_check2,
    ADD CONSTRAINT entitlement_lost_in_a_stage CHECK ((state IN ('forfeited', 'withdrawn')) = (lost_in <> ''));

ALTER TABLE ledger_transaction
    DROP CONSTRAINT ledger_transaction_kind_check,
    ADD CONSTRAINT ledger_transaction_kind_check
        CHECK (kind IN ('grant', 'hold', 'charge', 'release', 'forfeit', 'reallocate', 'reverse'));
