-- Many checkpoints examined again. A round goes through the checkpoints that were committed when it was asked for, in
-- their order: up to reached_position each has its turn behind it.
CREATE TABLE examination_rounds (
    position         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    round_id         uuid PRIMARY KEY,
    team_id          text NOT NULL,
    model            text NOT NULL,
    not_against      text NOT NULL,
    asked_at         timestamptz NOT NULL,
    asked_by         text NOT NULL,
    reached_position bigint NOT NULL,
    until_position   bigint NOT NULL
);

CREATE TABLE examination_round_members (
    round_id          uuid NOT NULL REFERENCES examination_rounds,
    checkpoint_digest text NOT NULL,
    number            integer NOT NULL,
    PRIMARY KEY (round_id, checkpoint_digest),
    FOREIGN KEY (checkpoint_digest, number) REFERENCES examinations
);
CREATE INDEX examination_round_members_of ON examination_round_members (checkpoint_digest, number);
