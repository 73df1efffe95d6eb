//! `/v1/keeper`: what the keeper itself is doing.

use {
    crate::{
        api::{
            error::{ApiError, ErrorBody},
            state::{ApiState, AsOf},
            values::{Address, Amount, Time, exact},
        },
        land::lanes::{self, Lane},
        plan::Role,
        store::{StoreError, columns::unsigned},
    },
    axum::{Json, extract::State},
    blockable_sdk::{
        Signature,
        amounts::{ChainTime, Lamports},
    },
    rusqlite::{Connection, params},
    serde::Serialize,
    std::{collections::BTreeMap, sync::Arc},
    utoipa::ToSchema,
};

const DAY: i64 = 86_400;
/// Most open transactions, lanes and stalls that are named.
const NAMED: usize = 100;
/// What becomes of intents and transactions.
const ENDS: [&str; 4] = ["done", "landed", "failed", "dead"];

/// What the keeper is doing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeeperStatus {
    /// The keeper's version.
    #[schema(value_type = String, example = "1.0.0")]
    pub version: &'static str,
    /// The market.
    pub market: Address,
    /// The chain as it was read last; none before the first time.
    pub as_of: Option<AsOf>,
    /// Whether every part can do its work; `/readyz` says which cannot and why.
    pub is_ready: bool,
    /// Usage reports that planning knows of.
    pub reports: usize,
    /// Intents: all that are open, and how those of the last 24 hours ended (done, failed, dead).
    #[schema(value_type = BTreeMap<String, u64>)]
    pub intents: BTreeMap<&'static str, u64>,
    /// Transactions: all that are open, and how those of the last 24 hours ended (landed, failed, dead).
    #[schema(value_type = BTreeMap<String, u64>)]
    pub transactions: BTreeMap<&'static str, u64>,
    /// The oldest transactions whose end is not known, up to a hundred.
    pub open_transactions: Vec<OpenTransaction>,
    /// What each role has spent on the chain's present day, in UTC.
    pub spending: Vec<Spending>,
    /// Work that was put aside, oldest first, up to a hundred.
    pub quarantined: Vec<LaneView>,
    /// Kinds of work that have failed and are tried again.
    pub retrying: u64,
    /// The nodes, in order of preference.
    pub nodes: Vec<NodeView>,
    /// When the cluster stood still, the latest first, up to a hundred.
    pub stalls: Vec<StallView>,
}

/// A transaction whose end is not known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpenTransaction {
    /// Its signature.
    pub signature: String,
    /// What it pays for: metering or enforcement.
    pub role: String,
    /// What it costs where it lands, in lamports.
    pub lamports: Amount,
    /// Intents that it carries.
    pub intents: u64,
    /// When it was written down.
    pub written_at: Time,
    /// The last block that it can be in.
    pub last_valid_height: u64,
}

/// What a role has spent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Spending {
    /// The role: metering or enforcement.
    #[schema(value_type = String, example = "metering")]
    pub role: &'static str,
    /// Lamports spent, or that what is in flight may cost.
    pub lamports: Amount,
    /// Lamports that it may spend in a day; none where no bound is set.
    pub lamports_per_day: Option<Amount>,
}

/// Work that keeps failing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LaneView {
    /// Its name, as `quarantine retry` takes it.
    #[schema(example = "meter/4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM/0")]
    pub lane: String,
    /// The kind of work.
    pub kind: String,
    /// The credit or provider.
    pub subject: Address,
    /// The latest failure.
    pub reason: String,
    /// Failures in a row.
    pub failures: u32,
    /// When the first of them was.
    pub since: Time,
    /// Before when it is not tried again; none where an operator has given it up.
    pub retry_at: Option<Time>,
    /// Whether an operator has given it up.
    pub dropped: bool,
}

/// A node.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NodeView {
    /// Its name in the keeper's settings.
    pub name: String,
    /// The highest slot it has shown; none before its first answer.
    pub slot: Option<u64>,
    /// Slots that it is behind the node that has shown most.
    pub behind: u64,
}

/// A time at which the cluster stood still.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StallView {
    /// Not before this.
    pub from: Time,
    /// Over by this.
    pub until: Time,
    /// Seconds of it that no slots account for; graces are longer by them.
    pub lost_seconds: i64,
}

/// What the store knows of the keeper's work.
struct Work {
    intents: BTreeMap<&'static str, u64>,
    transactions: BTreeMap<&'static str, u64>,
    open: Vec<OpenTransaction>,
    spent: BTreeMap<Role, Lamports>,
    quarantined: Vec<Lane>,
    retrying: u64,
}

impl Work {
    fn read(connection: &Connection, now: i64, quarantine_after: u32) -> Result<Work, StoreError> {
        let mut spent = BTreeMap::new();
        for role in Role::ALL {
            spent.insert(role, crate::land::journal::spent(connection, role, ChainTime(now))?);
        }
        let (quarantined, retrying): (Vec<Lane>, Vec<Lane>) = lanes::list(connection, 1)?
            .into_iter()
            .partition(|lane| lane.failures >= quarantine_after || lane.dropped);
        Ok(Work {
            intents: counts(connection, "intents", "changed_at", now)?,
            transactions: counts(connection, "transactions", "written_at", now)?,
            open: open(connection)?,
            spent,
            quarantined,
            retrying: u64::try_from(retrying.len()).unwrap_or(u64::MAX),
        })
    }
}

/// Counts rows by state: all that are open, of others those of the last day, for which there is an index.
fn counts(
    connection: &Connection,
    table: &'static str,
    time: &'static str,
    now: i64,
) -> Result<BTreeMap<&'static str, u64>, StoreError> {
    let sql = format!("SELECT count(*) FROM {table} WHERE state = ?1 AND {time} >= ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut counts = BTreeMap::new();
    let since = now.saturating_sub(DAY);
    for (state, since) in [("open", i64::MIN)].into_iter().chain(ENDS.map(|end| (end, since))) {
        let count = statement.query_row(params![state, since], |row| unsigned(row, 0))?;
        // Each table has ends of its own.
        if count > 0 || state == "open" {
            counts.insert(state, count);
        }
    }
    Ok(counts)
}

fn open(connection: &Connection) -> Result<Vec<OpenTransaction>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT signature, role, lamports, written_at, last_valid_height,
             (SELECT count(*) FROM carried WHERE carried.signature = transactions.signature)
         FROM transactions WHERE state = 'open' ORDER BY written_at, signature LIMIT ?1",
    )?;
    let most = i64::try_from(NAMED).unwrap_or(i64::MAX);
    let rows = statement.query_map([most], |row| {
        let signature: [u8; 64] = row.get(0)?;
        Ok(OpenTransaction {
            signature: Signature::from(signature).to_string(),
            role: row.get(1)?,
            lamports: Amount(unsigned(row, 2)?),
            written_at: Time::of(row.get(3)?),
            last_valid_height: exact(unsigned(row, 4)?),
            intents: unsigned(row, 5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl LaneView {
    fn of(lane: Lane) -> LaneView {
        LaneView {
            lane: lane.lane,
            kind: lane.kind,
            subject: Address(lane.subject),
            reason: lane.reason,
            failures: lane.failures,
            since: Time::of(lane.since.get()),
            retry_at: (!lane.dropped).then(|| Time::of(lane.retry_at.get())),
            dropped: lane.dropped,
        }
    }
}

fn nodes(state: &ApiState) -> Vec<NodeView> {
    let highest = state.nodes.highest_slot();
    let view = |node: &crate::chain::Node| {
        let slot = node.highest_slot();
        NodeView {
            name: node.name().to_string(),
            slot: Some(slot).filter(|slot| *slot > 0),
            behind: highest.saturating_sub(slot),
        }
    };
    state.nodes.all().iter().map(view).collect()
}

/// Says what the keeper is doing; also before it has read the market.
#[utoipa::path(
    get, path = "/v1/keeper", tag = "keeper", security(("token" = [])),
    responses((status = 200, body = KeeperStatus), (status = 401, body = ErrorBody))
)]
pub(super) async fn keeper(State(state): State<Arc<ApiState>>) -> Result<Json<KeeperStatus>, ApiError> {
    let snapshot = state.latest();
    // Spending is booked by the chain's day.
    let now =
        snapshot.as_ref().map_or_else(|| jiff::Timestamp::now().as_second(), |snapshot| snapshot.clock.get());
    let quarantine_after = state.quarantine_after;
    let work = state.store.read(move |connection| Work::read(connection, now, quarantine_after)).await?;
    let stalls = snapshot.iter().flat_map(|snapshot| snapshot.stalls.0.iter().rev().take(NAMED));
    let spending = work.spent.iter().map(|(role, lamports)| Spending {
        role: role.name(),
        lamports: Amount(lamports.get()),
        lamports_per_day: state.lamports_per_day.get(role).map(|lamports| Amount(lamports.get())),
    });
    Ok(Json(KeeperStatus {
        version: env!("CARGO_PKG_VERSION"),
        market: Address(state.market),
        as_of: snapshot.as_deref().map(AsOf::of),
        is_ready: state.health.is_ready() && snapshot.is_some(),
        reports: state.ingest.shelf().len(),
        intents: work.intents,
        transactions: work.transactions,
        open_transactions: work.open,
        spending: spending.collect(),
        quarantined: work.quarantined.into_iter().take(NAMED).map(LaneView::of).collect(),
        retrying: work.retrying,
        nodes: nodes(&state),
        stalls: stalls
            .map(|stall| StallView {
                from: Time::of(stall.from.get()),
                until: Time::of(stall.until.get()),
                lost_seconds: stall.lost,
            })
            .collect(),
    }))
}
