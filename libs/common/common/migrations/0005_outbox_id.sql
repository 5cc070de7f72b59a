-- An id is a random UUID that the transaction makes itself; nothing looks a row up by it. Its index would be written
-- again with every mark of the relay.
ALTER TABLE outbox DROP CONSTRAINT outbox_id_key;
