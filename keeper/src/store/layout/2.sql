-- Layout 2, the first that was released.

CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- ingest: the latest report of each reporter on each chunk with those shortly before it, and the digests of the last days.
CREATE TABLE reports (
    provider BLOB NOT NULL, chunk INTEGER NOT NULL, reporter BLOB NOT NULL, epoch INTEGER NOT NULL,
    reported_at INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (provider, chunk, reporter, epoch, reported_at)
) WITHOUT ROWID;
CREATE TABLE digests (
    reporter BLOB NOT NULL, provider BLOB NOT NULL, epoch INTEGER NOT NULL, chunk INTEGER NOT NULL,
    reported_at INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (reporter, provider, epoch, chunk, reported_at)
) WITHOUT ROWID;
CREATE INDEX digests_by_time ON digests (reported_at);
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, provider BLOB NOT NULL, reporter BLOB NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL
);

-- land: intents, the transactions that carry them, and spending by day.
CREATE TABLE intents (
    id BLOB PRIMARY KEY, kind TEXT NOT NULL, subject BLOB NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, failure TEXT, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX intents_by_state ON intents (state, changed_at);
CREATE INDEX intents_by_subject ON intents (subject, changed_at);
-- Recurring work that has failed: a lane is a kind of intent on one subject.
CREATE TABLE lanes (
    lane TEXT PRIMARY KEY, kind TEXT NOT NULL, subject BLOB NOT NULL, reason TEXT NOT NULL, failures INTEGER NOT NULL,
    since INTEGER NOT NULL, retry_at INTEGER NOT NULL, dropped INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE transactions (
    signature BLOB PRIMARY KEY, role TEXT NOT NULL, bytes BLOB NOT NULL, last_valid_height INTEGER NOT NULL,
    lamports INTEGER NOT NULL, compute_units INTEGER NOT NULL, state TEXT NOT NULL, failure TEXT, slot INTEGER,
    written_at INTEGER NOT NULL, day INTEGER NOT NULL, ended_at INTEGER
) WITHOUT ROWID;
CREATE INDEX transactions_by_state ON transactions (state, written_at);
CREATE TABLE carried (
    signature BLOB NOT NULL REFERENCES transactions ON DELETE CASCADE, place INTEGER NOT NULL, intent BLOB NOT NULL,
    lane TEXT NOT NULL, PRIMARY KEY (signature, place)
) WITHOUT ROWID;
CREATE INDEX carried_by_intent ON carried (intent);
CREATE TABLE spending (role TEXT NOT NULL, day INTEGER NOT NULL, lamports INTEGER NOT NULL, PRIMARY KEY (role, day))
    WITHOUT ROWID;
-- chain: the stalls of the cluster, and the last reading of its clock.
CREATE TABLE stalls (began INTEGER PRIMARY KEY, ended INTEGER NOT NULL, lost INTEGER NOT NULL);
CREATE TABLE last_reading (one INTEGER PRIMARY KEY CHECK (one = 1), slot INTEGER NOT NULL, clock INTEGER NOT NULL);

-- watch: one row per credit and time; `resolution` in seconds, coarser with age.
CREATE TABLE samples (
    credit BLOB NOT NULL, resolution INTEGER NOT NULL, at INTEGER NOT NULL, consumed INTEGER NOT NULL,
    available INTEGER NOT NULL, frozen INTEGER NOT NULL, lien INTEGER NOT NULL, debt INTEGER NOT NULL,
    arrears INTEGER NOT NULL, status INTEGER NOT NULL,
    PRIMARY KEY (credit, resolution, at)
) WITHOUT ROWID;
CREATE TABLE burns (credit BLOB PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;

-- alerts: what was raised, and what is to be delivered to which sink.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, subject BLOB NOT NULL, severity TEXT NOT NULL,
    lender BLOB, borrower BLOB, happened TEXT NOT NULL, meaning TEXT NOT NULL, next_step TEXT NOT NULL,
    raised_at INTEGER NOT NULL, cleared_at INTEGER, occurrence INTEGER
);
CREATE UNIQUE INDEX one_open_alert ON alerts (rule, subject) WHERE cleared_at IS NULL;
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, alert INTEGER NOT NULL REFERENCES alerts ON DELETE CASCADE,
    sink TEXT NOT NULL, phase TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL,
    written_at INTEGER NOT NULL, reason TEXT, UNIQUE (alert, sink, phase)
);
CREATE INDEX outbox_by_sink ON outbox (sink, state, id);

-- history: every record of every credit, proven by its hash chain.
CREATE TABLE events (
    credit BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, record BLOB NOT NULL,
    hash BLOB NOT NULL, signature BLOB NOT NULL, slot INTEGER NOT NULL,
    PRIMARY KEY (credit, seq)
) WITHOUT ROWID;
