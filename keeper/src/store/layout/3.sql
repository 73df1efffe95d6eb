-- Layout 3: outbox entries have what delivery goes by.

-- alerts: entries are delivered by rank of severity, then in order for each subject, or together with others of their rule.
ALTER TABLE outbox ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN subject BLOB NOT NULL DEFAULT x'';
ALTER TABLE outbox ADD COLUMN rule TEXT NOT NULL DEFAULT '';
UPDATE outbox SET (rank, subject, rule) = (
    SELECT CASE severity WHEN 'critical' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END, subject, rule
    FROM alerts WHERE alerts.id = outbox.alert
);
DROP INDEX outbox_by_sink;
CREATE INDEX outbox_by_sink ON outbox (sink, state, rank, subject, id);
CREATE INDEX outbox_by_rule ON outbox (sink, rule, written_at);
CREATE INDEX outbox_by_alert ON outbox (alert);
