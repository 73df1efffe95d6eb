//! A store from a backup.
//!
//! A backup lacks what came after it: use that was settled, reports that were signed, numbers that were given. So a restored store
//! takes over what others still know of the use, drops holds whose end is not known, and gives no number and signs for no instant
//! that the lost store may have given or signed for.

use {
    super::{
        BackupMark, StoreError,
        backup::{check, publish, read_mark, require_absent, require_version},
        error::file_failed,
        lock_file, lock_present, make_folder, opening_failed,
        owner::require_owner,
        read_u64, read_units, release_hold,
        rows::read_hold,
        settle_hold, to_integer, write_cursor,
    },
    crate::{
        hold::{AtDeadline, Hold, HoldId},
        usage::JobFigures,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
    },
    blockable_service::private_file,
    rusqlite::{Connection, OptionalExtension, TransactionBehavior, params},
    std::{
        fs, io,
        path::{Path, PathBuf},
    },
};

/// Position with the chain's time up to which no report is signed, in seconds since 1970.
pub(crate) const NOT_BEFORE: &str = "reports/not-before";
/// Numbers that are left out, more than a lost store can have given. Of holds they are microseconds: the clock of the lost store's
/// machine may have been ahead by over an hour.
const LEFT_OUT: u64 = 1 << 32;
/// The end of a hold that was open in the backup.
const DROPPED: JobFigures = JobFigures::without_tokens("lost");
/// The end of use that others know of.
const TAKEN_OVER: JobFigures = JobFigures::without_tokens("restored");

/// Use of a credit that is known from the chain or from a signed report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownUse {
    /// The credit.
    pub credit: Pubkey,
    /// Its place in the provider's reports.
    pub index: u32,
    /// Units used since issue.
    pub cumulative: Units,
}

/// A restore as it is asked for.
#[derive(Clone, Debug)]
pub struct RestoreOrder<'a> {
    /// The backup.
    pub backup: &'a Path,
    /// The store that is to be made. It must not exist.
    pub store: &'a Path,
    /// The market that the backup must be of.
    pub market: Pubkey,
    /// The provider that the backup must be of.
    pub provider: Pubkey,
    /// Use that others know of.
    pub known: &'a [KnownUse],
    /// The chain's time up to which the lost store may have signed reports.
    pub not_before: ChainTime,
    /// This machine's clock, in microseconds since 1970.
    pub now_us: i64,
    /// Finds what would change, and leaves no store.
    pub is_dry_run: bool,
}

/// A credit whose use was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaisedMeter {
    /// The credit.
    pub credit: Pubkey,
    /// Its place in the provider's reports.
    pub index: u32,
    /// Units used as the backup has them.
    pub before: Units,
    /// Units used from now on.
    pub after: Units,
}

/// The changes of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The time of the backup, in milliseconds since 1970.
    pub taken_ms: i64,
    /// Credits whose use was taken over.
    pub raised: Vec<RaisedMeter>,
    /// Holds that were open in the backup. Their jobs have ended, and use of theirs that nobody knows of is the provider's loss.
    pub dropped: Vec<Hold>,
}

/// Makes a store from a backup. `before_publishing` is called once, while the place is locked and before the store has its name,
/// for files that the server must find with it; in a dry run it is not called. Errors: [`StoreError`], also of that call, with no
/// store left. A dry run leaves no file and no folder.
pub fn restore(
    order: &RestoreOrder,
    before_publishing: impl FnOnce() -> Result<(), StoreError>,
) -> Result<Restored, StoreError> {
    if !order.is_dry_run {
        require_owner(order.store)?;
    }
    let missing = missing_folders(order.store);
    make_folder(order.store)?;
    let restored = restore_in_folder(order, before_publishing);
    if order.is_dry_run {
        missing.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
    restored
}

/// The folders that a store's file still lacks, the innermost one first.
fn missing_folders(store: &Path) -> Vec<PathBuf> {
    let folders = store.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    folders.take_while(|folder| !folder.exists()).map(Path::to_path_buf).collect()
}

fn restore_in_folder(
    order: &RestoreOrder,
    before_publishing: impl FnOnce() -> Result<(), StoreError>,
) -> Result<Restored, StoreError> {
    // A server that starts meanwhile would make a store of its own. A dry run makes no lock that is not there: one of another
    // user's would keep the server from starting.
    let _lock = match order.is_dry_run {
        true => lock_present(order.store)?,
        false => Some(lock_file(order.store)?),
    };
    // SQLite would apply what is left of the lost store's log to the restored one.
    for end in ["", "-wal", "-journal"] {
        let mut path = order.store.as_os_str().to_os_string();
        path.push(end);
        require_absent(Path::new(&path))?;
    }
    if !order.backup.exists() {
        return Err(StoreError::Missing { path: order.backup.display().to_string() });
    }
    let part = order.store.with_extension(if order.is_dry_run { "dry-run" } else { "part" });
    let made = make(order, &part);
    let published = match (&made, order.is_dry_run) {
        (Ok(_), false) => before_publishing().and_then(|()| publish(&part, order.store)),
        _ => Ok(()),
    };
    let _ = fs::remove_file(&part);
    made.and_then(|restored| published.map(|()| restored))
}

fn make(order: &RestoreOrder, part: &Path) -> Result<Restored, StoreError> {
    // By hand: `fs::copy` copies the permissions too, and a backup may lie open.
    let mut backup = fs::File::open(order.backup).map_err(|error| file_failed(order.backup, &error))?;
    let copied = private_file::create(part).and_then(|mut part| io::copy(&mut backup, &mut part));
    copied.map_err(|error| file_failed(part, &error))?;
    let mut connection = Connection::open(part).map_err(|error| opening_failed(part, error))?;
    require_version(&connection, order.backup).map_err(|error| no_backup(order.backup, error))?;
    check(&connection, order.backup)?;
    let mark = require_mark(&connection, order)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut next_hold = leave_out_numbers(&transaction, order.now_us)?;
    let dropped = drop_holds(&transaction, order.now_us)?;
    let raised = take_over(&transaction, order, &mut next_hold)?;
    set_sequence(&transaction, "holds", next_hold)?;
    write_cursor(&transaction, NOT_BEFORE, order.not_before.get().max(0).cast_unsigned())?;
    transaction.execute("DELETE FROM copies", [])?;
    transaction.commit()?;
    Ok(Restored { taken_ms: mark.taken_ms, raised, dropped })
}

/// The copy lies in a file of this program's own: what SQLite cannot open of it is in the backup.
fn no_backup(backup: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::File { reason, .. } => StoreError::NoBackup {
            path: backup.display().to_string(),
            reason: format!("it is no backup, or damaged ({reason})"),
        },
        error => error,
    }
}

fn require_mark(connection: &Connection, order: &RestoreOrder) -> Result<BackupMark, StoreError> {
    let refused = |reason: &str| StoreError::NoBackup {
        path: order.backup.display().to_string(),
        reason: reason.to_string(),
    };
    let mark = read_mark(connection)?.ok_or_else(|| refused("it is a store and no backup"))?;
    match (mark.market, mark.provider) == (order.market, order.provider) {
        true => Ok(mark),
        false => Err(refused("it is of another market or provider")),
    }
}

/// Leaves out the numbers of holds, reports and notices that the lost store may have given: clients, readers and receivers know
/// things by them. Returns the last number of a hold that is left out.
fn leave_out_numbers(connection: &Connection, now_us: i64) -> rusqlite::Result<u64> {
    let mut last_hold = 0;
    for table in ["holds", "reports", "notices"] {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
        let last = connection.query_row(sql, [table], |row| read_u64(row, 0)).optional()?.unwrap_or(0);
        let is_of_holds = table == "holds";
        let last = if is_of_holds { last.max(now_us.max(0).unsigned_abs()) } else { last };
        let next = last.saturating_add(LEFT_OUT);
        set_sequence(connection, table, next)?;
        if is_of_holds {
            last_hold = next;
        }
    }
    Ok(last_hold)
}

fn set_sequence(connection: &Connection, table: &str, last: u64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
    connection.execute("INSERT INTO sqlite_sequence VALUES (?1, ?2)", params![table, to_integer(last)])?;
    Ok(())
}

/// Ends the holds of the backup without use. Their jobs ended in the lost store, and their use is part of what others know of: to
/// settle them again would count it twice.
fn drop_holds(connection: &Connection, now_us: i64) -> rusqlite::Result<Vec<Hold>> {
    let mut statement = connection.prepare(
        "SELECT id, credit, credit_index, units, reference, admitted_ms, deadline_ms, at_deadline, model, api_key
         FROM holds",
    )?;
    let holds = statement.query_map([], read_hold)?.collect::<rusqlite::Result<Vec<Hold>>>()?;
    for hold in &holds {
        release_hold(connection, hold, DROPPED, now_us)?;
    }
    Ok(holds)
}

/// Raises each meter to the use that others know of, with a record in the usage log for the difference.
fn take_over(
    connection: &Connection,
    order: &RestoreOrder,
    last_hold: &mut u64,
) -> rusqlite::Result<Vec<RaisedMeter>> {
    let mut raised: Vec<RaisedMeter> = Vec::new();
    for known in order.known {
        let before = counted(connection, known)?;
        let missing = known.cumulative.saturating_sub(before);
        if missing.is_zero() {
            continue;
        }
        *last_hold = last_hold.saturating_add(1);
        let hold = Hold {
            id: HoldId(*last_hold),
            credit: known.credit,
            index: known.index,
            units: missing,
            reference: format!("restore/{}", order.now_us),
            admitted_ms: order.now_us / 1_000,
            deadline_ms: order.now_us / 1_000,
            at_deadline: AtDeadline::Return,
            labels: Default::default(),
        };
        settle_hold(connection, &hold, missing, TAKEN_OVER, before, order.now_us)?;
        let (credit, index) = (known.credit, known.index);
        match raised.iter_mut().find(|meter| (meter.credit, meter.index) == (credit, index)) {
            Some(meter) => meter.after = known.cumulative,
            None => raised.push(RaisedMeter { credit, index, before, after: known.cumulative }),
        }
    }
    Ok(raised)
}

/// Units used by the store's own count: settled, or reported.
fn counted(connection: &Connection, known: &KnownUse) -> rusqlite::Result<Units> {
    let sql = "SELECT cumulative FROM meters WHERE credit = ?1 AND credit_index = ?2
               UNION ALL SELECT cumulative FROM reported WHERE credit = ?1 AND credit_index = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![known.credit.as_ref(), known.index], |row| read_units(row, 0))?;
    rows.into_iter().try_fold(Units::ZERO, |most, units| Ok(most.max(units?)))
}
