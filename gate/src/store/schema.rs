//! The tables of the store.
//!
//! The key of `usage` is the time of a record, so that it and the index on credits are both in the order of time. `views` has each
//! credit as its last notice described it. `copies` has a row in a backup alone: such a file is not served from.

/// The layout this code reads and writes. Earlier ones were written before the first release.
pub(super) const VERSION: i64 = 4;

pub(super) const SCHEMA: &str = "
    CREATE TABLE meters (
        credit BLOB NOT NULL, credit_index INTEGER NOT NULL, cumulative INTEGER NOT NULL,
        PRIMARY KEY (credit, credit_index)
    ) WITHOUT ROWID;
    CREATE TABLE holds (
        id INTEGER PRIMARY KEY AUTOINCREMENT, credit BLOB NOT NULL, credit_index INTEGER NOT NULL, units INTEGER NOT NULL,
        reference TEXT NOT NULL, admitted_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,
        at_deadline INTEGER NOT NULL, model TEXT NOT NULL, api_key TEXT NOT NULL
    );
    CREATE TABLE usage (
        at_us INTEGER PRIMARY KEY, hold INTEGER NOT NULL UNIQUE, credit BLOB NOT NULL, credit_index INTEGER NOT NULL,
        reference TEXT NOT NULL, model TEXT NOT NULL, api_key TEXT NOT NULL, units INTEGER NOT NULL,
        held INTEGER NOT NULL, took_ms INTEGER NOT NULL, prompt INTEGER NOT NULL, cached INTEGER NOT NULL,
        generated INTEGER NOT NULL, reasoning INTEGER NOT NULL, ended TEXT NOT NULL, settled INTEGER NOT NULL
    );
    CREATE INDEX usage_by_credit ON usage (credit);
    CREATE TABLE usage_totals (
        credit BLOB NOT NULL, day INTEGER NOT NULL, model TEXT NOT NULL, api_key TEXT NOT NULL, jobs INTEGER NOT NULL,
        units INTEGER NOT NULL, prompt INTEGER NOT NULL, cached INTEGER NOT NULL, generated INTEGER NOT NULL,
        reasoning INTEGER NOT NULL,
        PRIMARY KEY (credit, day, model, api_key)
    ) WITHOUT ROWID;
    CREATE INDEX usage_totals_by_day ON usage_totals (day);
    CREATE TABLE answers (
        credit BLOB NOT NULL, caller TEXT NOT NULL, name TEXT NOT NULL, kept_ms INTEGER NOT NULL, request BLOB NOT NULL,
        status INTEGER NOT NULL, head TEXT NOT NULL, body BLOB, bytes INTEGER NOT NULL, UNIQUE (credit, caller, name)
    );
    CREATE INDEX answers_by_time ON answers (kept_ms);
    CREATE INDEX bodies_by_credit ON answers (credit, kept_ms) WHERE bytes > 0;
    CREATE INDEX bodies_by_time ON answers (kept_ms) WHERE bytes > 0;
    -- Bytes of all bodies of a credit; those of all credits under the empty key.
    CREATE TABLE kept_bytes (credit BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO kept_bytes VALUES (x'', 0);
    CREATE TRIGGER body_kept AFTER INSERT ON answers WHEN new.bytes > 0 BEGIN
        INSERT INTO kept_bytes VALUES (new.credit, new.bytes), (x'', new.bytes)
        ON CONFLICT (credit) DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER body_dropped AFTER UPDATE OF bytes ON answers WHEN old.bytes > 0 BEGIN
        UPDATE kept_bytes SET bytes = bytes + new.bytes - old.bytes WHERE credit IN (old.credit, x'');
    END;
    CREATE TRIGGER answer_removed AFTER DELETE ON answers WHEN old.bytes > 0 BEGIN
        UPDATE kept_bytes SET bytes = bytes - old.bytes WHERE credit IN (old.credit, x'');
    END;
    CREATE TABLE texts (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE freezes (
        signature BLOB PRIMARY KEY, credit BLOB NOT NULL, transaction_bytes BLOB NOT NULL, lender BLOB NOT NULL, borrower BLOB NOT NULL,
        frozen INTEGER NOT NULL, last_valid_height INTEGER NOT NULL, received_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL, state TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX freezes_by_credit ON freezes (credit);
    CREATE TABLE reports (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, reporter BLOB NOT NULL, epoch INTEGER NOT NULL,
        chunk INTEGER NOT NULL, reported_at INTEGER NOT NULL, digest BLOB NOT NULL, body TEXT NOT NULL,
        signature BLOB,
        UNIQUE (reporter, epoch, chunk, reported_at)
    );
    CREATE TABLE reported (
        credit BLOB NOT NULL, credit_index INTEGER NOT NULL, cumulative INTEGER NOT NULL,
        PRIMARY KEY (credit, credit_index)
    ) WITHOUT ROWID;
    CREATE TABLE notices (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, credit BLOB NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX notices_by_credit ON notices (credit);
    CREATE TABLE views (credit BLOB PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE api_keys (
        credit BLOB NOT NULL, owner BLOB NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, budget INTEGER, period TEXT,
        requests_per_minute INTEGER, units_per_minute INTEGER, created_ms INTEGER NOT NULL, expires_ms INTEGER,
        is_revoked INTEGER NOT NULL, generation INTEGER NOT NULL, revision INTEGER NOT NULL,
        PRIMARY KEY (credit, owner, name)
    ) WITHOUT ROWID;
    CREATE TABLE key_generations (credit BLOB PRIMARY KEY, lowest INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE copies (taken_ms INTEGER NOT NULL, market BLOB NOT NULL, provider BLOB NOT NULL);
    CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";
