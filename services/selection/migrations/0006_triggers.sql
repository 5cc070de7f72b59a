-- Planned stages wait for events from outside, and may be cancelled before they open.

ALTER TABLE stage
    ADD COLUMN triggers jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN cancel_reason text NOT NULL DEFAULT '',
    DROP CONSTRAINT stage_state_check,
    DROP CONSTRAINT stage_check,
    ADD CONSTRAINT stage_state_check CHECK (state IN ('planned', 'collecting', 'objection', 'final', 'cancelled')),
    ADD CONSTRAINT stage_check CHECK ((state IN ('planned', 'cancelled')) = (opened_at IS NULL)),
    ADD CONSTRAINT stage_cancelled_for_a_reason CHECK ((state = 'cancelled') = (cancel_reason <> ''));

ALTER TABLE stage_history
    ADD COLUMN triggers jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN cancel_reason text NOT NULL DEFAULT '';
