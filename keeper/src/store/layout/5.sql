-- Layout 5: tables with a row per credit and time name addresses by a number, digests are found by the stream that they are of,
-- and old records of metering may lie in archives.

CREATE TABLE addresses (id INTEGER PRIMARY KEY, address BLOB NOT NULL UNIQUE);
INSERT INTO addresses (address) SELECT credit FROM events UNION SELECT credit FROM samples;

-- history: the number of proven records of each credit, and that of those in archives.
CREATE TABLE logs (
    credit INTEGER PRIMARY KEY REFERENCES addresses, proven INTEGER NOT NULL, archived INTEGER NOT NULL
);
ALTER TABLE events RENAME TO old_events;
CREATE TABLE events (
    credit INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, record BLOB NOT NULL,
    hash BLOB NOT NULL, signature BLOB NOT NULL, slot INTEGER NOT NULL,
    PRIMARY KEY (credit, seq)
) WITHOUT ROWID;
INSERT INTO events
    SELECT addresses.id, seq, at, kind, record, hash, signature, slot
    FROM addresses JOIN old_events ON old_events.credit = addresses.address ORDER BY addresses.id, seq;
DROP TABLE old_events;
CREATE INDEX events_by_time ON events (at, credit, seq, kind);
-- The numbers of proven records are cursors with addresses as text, which follow outside of SQL.
INSERT INTO logs SELECT DISTINCT credit, 0, 0 FROM events;

-- history: the files with old records, and the runs of records in them, with the hash chain before and after each run.
CREATE TABLE archives (id INTEGER PRIMARY KEY AUTOINCREMENT, bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, written_at INTEGER NOT NULL);
CREATE TABLE archived (
    credit INTEGER NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL, start_hash BLOB NOT NULL, end_hash BLOB NOT NULL,
    archive INTEGER NOT NULL REFERENCES archives, place INTEGER NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (credit, first)
) WITHOUT ROWID;
CREATE INDEX archived_by_archive ON archived (archive);

-- watch
ALTER TABLE samples RENAME TO old_samples;
CREATE TABLE samples (
    credit INTEGER NOT NULL, resolution INTEGER NOT NULL, at INTEGER NOT NULL, consumed INTEGER NOT NULL,
    available INTEGER NOT NULL, frozen INTEGER NOT NULL, lien INTEGER NOT NULL, debt INTEGER NOT NULL,
    arrears INTEGER NOT NULL, status INTEGER NOT NULL,
    PRIMARY KEY (credit, resolution, at)
) WITHOUT ROWID;
INSERT INTO samples
    SELECT addresses.id, resolution, at, consumed, available, frozen, lien, debt, arrears, status
    FROM addresses JOIN old_samples ON old_samples.credit = addresses.address ORDER BY addresses.id, resolution, at;
DROP TABLE old_samples;

-- ingest: a stream is what one reporter signs for one provider in one epoch.
CREATE TABLE streams (
    id INTEGER PRIMARY KEY, reporter BLOB NOT NULL, provider BLOB NOT NULL, epoch INTEGER NOT NULL,
    UNIQUE (reporter, provider, epoch)
);
ALTER TABLE digests RENAME TO old_digests;
DROP INDEX digests_by_time;
CREATE TABLE digests (
    stream INTEGER NOT NULL, chunk INTEGER NOT NULL, reported_at INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (stream, chunk, reported_at)
) WITHOUT ROWID;
INSERT INTO streams (reporter, provider, epoch) SELECT DISTINCT reporter, provider, epoch FROM old_digests;
INSERT INTO digests
    SELECT streams.id, chunk, reported_at, digest FROM streams JOIN old_digests USING (reporter, provider, epoch)
    ORDER BY streams.id, chunk, reported_at;
DROP TABLE old_digests;

-- What pruning looks for.
CREATE INDEX alerts_by_end ON alerts (cleared_at) WHERE cleared_at IS NOT NULL;
