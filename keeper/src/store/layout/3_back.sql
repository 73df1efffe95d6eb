-- From layout 3 back to layout 2.

DROP INDEX outbox_by_alert;
DROP INDEX outbox_by_rule;
DROP INDEX outbox_by_sink;
ALTER TABLE outbox DROP COLUMN rule;
ALTER TABLE outbox DROP COLUMN subject;
ALTER TABLE outbox DROP COLUMN rank;
CREATE INDEX outbox_by_sink ON outbox (sink, state, id);
