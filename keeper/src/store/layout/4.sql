-- Layout 4: sums over loans, and events across credits.

-- watch: sums over the loans of a lender, and over all loans under the market's address.
CREATE TABLE totals (
    lender BLOB NOT NULL, resolution INTEGER NOT NULL, at INTEGER NOT NULL, loans INTEGER NOT NULL,
    principal INTEGER NOT NULL, debt INTEGER NOT NULL, arrears INTEGER NOT NULL, lien_value INTEGER NOT NULL,
    covered INTEGER NOT NULL, PRIMARY KEY (lender, resolution, at)
) WITHOUT ROWID;
-- history: events across credits, newest first.
CREATE INDEX events_by_time ON events (at, credit, seq, kind);
