-- From layout 5 back to layout 4, once no record is left in an archive.

DROP INDEX alerts_by_end;

ALTER TABLE digests RENAME TO new_digests;
CREATE TABLE digests (
    reporter BLOB NOT NULL, provider BLOB NOT NULL, epoch INTEGER NOT NULL, chunk INTEGER NOT NULL,
    reported_at INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (reporter, provider, epoch, chunk, reported_at)
) WITHOUT ROWID;
CREATE INDEX digests_by_time ON digests (reported_at);
INSERT INTO digests
    SELECT reporter, provider, epoch, chunk, reported_at, digest FROM streams JOIN new_digests ON new_digests.stream = streams.id;
DROP TABLE new_digests;
DROP TABLE streams;

ALTER TABLE samples RENAME TO new_samples;
CREATE TABLE samples (
    credit BLOB NOT NULL, resolution INTEGER NOT NULL, at INTEGER NOT NULL, consumed INTEGER NOT NULL,
    available INTEGER NOT NULL, frozen INTEGER NOT NULL, lien INTEGER NOT NULL, debt INTEGER NOT NULL,
    arrears INTEGER NOT NULL, status INTEGER NOT NULL,
    PRIMARY KEY (credit, resolution, at)
) WITHOUT ROWID;
INSERT INTO samples
    SELECT addresses.address, resolution, at, consumed, available, frozen, lien, debt, arrears, status
    FROM addresses JOIN new_samples ON new_samples.credit = addresses.id;
DROP TABLE new_samples;

ALTER TABLE events RENAME TO new_events;
CREATE TABLE events (
    credit BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, record BLOB NOT NULL,
    hash BLOB NOT NULL, signature BLOB NOT NULL, slot INTEGER NOT NULL,
    PRIMARY KEY (credit, seq)
) WITHOUT ROWID;
INSERT INTO events
    SELECT addresses.address, seq, at, kind, record, hash, signature, slot
    FROM addresses JOIN new_events ON new_events.credit = addresses.id;
DROP TABLE new_events;
CREATE INDEX events_by_time ON events (at, credit, seq, kind);
DROP TABLE archived;
DROP TABLE archives;
DROP TABLE logs;
DROP TABLE addresses;
