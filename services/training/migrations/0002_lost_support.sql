-- Jobs end with the support that their GPU time is held of.
ALTER TABLE jobs
    -- Empty on the team's own GPUs. Also for what was admitted before holds named it: that goes on to its end, which is
    -- less than an hour away.
    ADD COLUMN entitlement_id text NOT NULL DEFAULT '',
    -- Why the end is wished; empty where somebody asked for it.
    ADD COLUMN cancel_reason text NOT NULL DEFAULT '';
CREATE INDEX jobs_entitlement ON jobs (entitlement_id) WHERE entitlement_id <> '';

-- Entitlements that final decisions took: news of a hold may come after news of the loss.
CREATE TABLE lost_support (
    entitlement_id text PRIMARY KEY,
    team_id        text NOT NULL,
    stage_id       text NOT NULL,
    noted_at       timestamptz NOT NULL
);
