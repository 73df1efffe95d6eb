//! `/v1/keeper`: the work of the keeper itself.

use {
    crate::{
        api::{
            access::Operator,
            error::{ApiError, ErrorBody},
            state::{ApiState, AsOf},
        },
        chain::{Node, Stall},
        land::{
            journal,
            lanes::{self, Lane},
        },
        plan::Role,
        store::{StoreError, columns::unsigned},
        values::{Address, LamportAmount, Time, exact},
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

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Most open transactions, lanes and stalls of an answer.
const MOST: usize = 100;
/// States that intents and transactions end in.
const ENDS: [&str; 4] = ["done", "landed", "failed", "dead"];

/// The work of the keeper.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct KeeperStatus {
    /// The keeper's version.
    #[schema(value_type = String, example = "1.0.0")]
    pub(crate) version: &'static str,
    /// The market.
    pub(crate) market: Address,
    /// The key that administers it; none before the market has been read. Anyone can take a market's id, so an id says
    /// nothing about who runs the market.
    pub(crate) market_admin: Option<Address>,
    /// The state of the chain as it was read last; none before the first time.
    pub(crate) as_of: Option<AsOf>,
    /// True while every part can do its work; `/readyz` names the parts that cannot, with the reason.
    pub(crate) is_ready: bool,
    /// Usage reports that plans are made from.
    pub(crate) reports: usize,
    /// Intents by state: all that are open, and those that ended in the last 24 hours (done, failed, dead).
    #[schema(value_type = BTreeMap<String, u64>)]
    pub(crate) intents: BTreeMap<&'static str, u64>,
    /// Transactions by state: all that are open, and those that ended in the last 24 hours (landed, failed, dead).
    #[schema(value_type = BTreeMap<String, u64>)]
    pub(crate) transactions: BTreeMap<&'static str, u64>,
    /// The oldest transactions that are open, up to a hundred.
    pub(crate) open_transactions: Vec<OpenTransaction>,
    /// Spending of each role on the chain's present day, in UTC.
    pub(crate) spending: Vec<Spending>,
    /// Work in quarantine, oldest first, up to a hundred.
    pub(crate) quarantined: Vec<LaneView>,
    /// Lanes of work that have failed and are tried again.
    pub(crate) retrying: u64,
    /// The nodes, in order of preference.
    pub(crate) nodes: Vec<NodeView>,
    /// Times in which the cluster produced no blocks, the latest first, up to a hundred.
    pub(crate) stalls: Vec<StallView>,
}

/// A transaction that may still land.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OpenTransaction {
    /// Its signature.
    pub(crate) signature: String,
    /// The role that pays for it: metering or enforcement.
    pub(crate) role: String,
    /// Its fees if it lands, in lamports.
    pub(crate) lamports: LamportAmount,
    /// Intents that it carries.
    pub(crate) intents: u64,
    /// The time at which it was recorded, before it was sent.
    pub(crate) written_at: Time,
    /// The height of the last block that it can be in.
    pub(crate) last_valid_height: u64,
}

/// Spending of a role.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Spending {
    /// The role: metering or enforcement.
    #[schema(value_type = String, example = "metering")]
    pub(crate) role: &'static str,
    /// Lamports spent, those that transactions in flight may cost included.
    pub(crate) lamports: LamportAmount,
    /// Lamports that it may spend in a day; none without a cap.
    pub(crate) lamports_per_day: Option<LamportAmount>,
}

/// Work that keeps failing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LaneView {
    /// Its name, as `quarantine retry` takes it.
    #[schema(example = "meter/4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM/0")]
    pub(crate) lane: String,
    /// The kind of work.
    pub(crate) kind: String,
    /// The credit or provider.
    pub(crate) subject: Address,
    /// The reason of the latest failure.
    pub(crate) reason: String,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// The time of the first of them.
    pub(crate) since: Time,
    /// The time from which it is tried again; none where an operator has given it up.
    pub(crate) retry_at: Option<Time>,
    /// True where an operator has given it up.
    pub(crate) dropped: bool,
}

/// A node.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NodeView {
    /// Its name in the keeper's settings.
    pub(crate) name: String,
    /// The highest slot it has shown; none before its first answer.
    pub(crate) slot: Option<u64>,
    /// Slots that it is behind the node that has shown most.
    pub(crate) behind: u64,
}

/// A time in which the cluster produced no blocks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StallView {
    /// Its beginning, at the earliest.
    pub(crate) from: Time,
    /// Its end, at the latest.
    pub(crate) until: Time,
    /// Seconds of it by which graces are longer.
    pub(crate) lost_seconds: i64,
}

/// The keeper's work as the store has it.
struct StoredWork {
    intents: BTreeMap<&'static str, u64>,
    transactions: BTreeMap<&'static str, u64>,
    open: Vec<OpenTransaction>,
    spent: BTreeMap<Role, Lamports>,
    quarantined: Vec<Lane>,
    retrying: u64,
}

impl StoredWork {
    fn read(
        connection: &Connection,
        now: ChainTime,
        quarantine_after: u32,
    ) -> Result<StoredWork, StoreError> {
        let mut spent = BTreeMap::new();
        for role in Role::ALL {
            spent.insert(role, journal::spent(connection, role, now)?);
        }
        let (quarantined, retrying): (Vec<Lane>, Vec<Lane>) = lanes::list(connection, 1)?
            .into_iter()
            .partition(|lane| lane.failures >= quarantine_after || lane.dropped);
        Ok(StoredWork {
            intents: counts(connection, "intents", "changed_at", now)?,
            transactions: counts(connection, "transactions", "written_at", now)?,
            open: open(connection)?,
            spent,
            quarantined,
            retrying: u64::try_from(retrying.len()).unwrap_or(u64::MAX),
        })
    }
}

/// Counts rows by state: all that are open, and those of other states of the last day, for which there is an index.
fn counts(
    connection: &Connection,
    table: &'static str,
    time: &'static str,
    now: ChainTime,
) -> Result<BTreeMap<&'static str, u64>, StoreError> {
    let sql = format!("SELECT count(*) FROM {table} WHERE state = ?1 AND {time} >= ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut counts = BTreeMap::new();
    let since = now.plus_seconds(-DAY).get();
    for (state, since) in [("open", i64::MIN)].into_iter().chain(ENDS.map(|state| (state, since))) {
        let count = statement.query_row(params![state, since], |row| unsigned(row, 0))?;
        // Each table has final states of its own.
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
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let rows = statement.query_map([most], |row| {
        let signature: [u8; 64] = row.get(0)?;
        Ok(OpenTransaction {
            signature: Signature::from(signature).to_string(),
            role: row.get(1)?,
            lamports: LamportAmount(Lamports(unsigned(row, 2)?)),
            written_at: Time::from(ChainTime(row.get(3)?)),
            last_valid_height: exact(unsigned(row, 4)?),
            intents: unsigned(row, 5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl LaneView {
    fn new(lane: Lane) -> LaneView {
        LaneView {
            lane: lane.lane,
            kind: lane.kind,
            subject: Address(lane.subject),
            reason: lane.reason,
            failures: lane.failures,
            since: lane.since.into(),
            retry_at: (!lane.dropped).then(|| lane.retry_at.into()),
            dropped: lane.dropped,
        }
    }
}

impl StallView {
    fn new(stall: &Stall) -> StallView {
        StallView { from: stall.from.into(), until: stall.until.into(), lost_seconds: stall.lost }
    }
}

fn nodes(state: &ApiState) -> Vec<NodeView> {
    let highest = state.nodes.highest_slot();
    let view = |node: &Node| {
        let slot = node.highest_slot();
        NodeView {
            name: node.name().to_string(),
            slot: Some(slot).filter(|slot| *slot > 0),
            behind: highest.saturating_sub(slot),
        }
    };
    state.nodes.all().iter().map(view).collect()
}

/// Describes the work of the keeper; also before it has read the market.
#[utoipa::path(
    get, path = "/v1/keeper", tag = "keeper", security(("token" = [])),
    responses(
        (status = 200, body = KeeperStatus), (status = 401, body = ErrorBody),
        (status = 403, description = "The token is not the operator's", body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody)
    )
)]
pub(super) async fn keeper(
    _: Operator,
    State(state): State<Arc<ApiState>>,
) -> Result<Json<KeeperStatus>, ApiError> {
    let snapshot = state.latest_snapshot();
    // Spending is booked by the chain's day.
    let machine_time = || ChainTime(jiff::Timestamp::now().as_second());
    let now = snapshot.as_ref().map_or_else(machine_time, |snapshot| snapshot.clock);
    let quarantine_after = state.quarantine_after;
    let work =
        state.store.read(move |connection| StoredWork::read(connection, now, quarantine_after)).await?;
    let stalls = snapshot.iter().flat_map(|snapshot| snapshot.stalls.0.iter().rev().take(MOST));
    let spending = work.spent.iter().map(|(role, lamports)| Spending {
        role: role.name(),
        lamports: LamportAmount(*lamports),
        lamports_per_day: state.lamports_per_day.get(role).map(|cap| LamportAmount(*cap)),
    });
    Ok(Json(KeeperStatus {
        version: env!("CARGO_PKG_VERSION"),
        market: Address(state.market),
        market_admin: snapshot.as_ref().map(|snapshot| Address(snapshot.market.admin)),
        as_of: snapshot.as_deref().map(AsOf::new),
        is_ready: state.health.is_ready() && snapshot.is_some(),
        reports: state.ingest.shelf().len(),
        intents: work.intents,
        transactions: work.transactions,
        open_transactions: work.open,
        spending: spending.collect(),
        quarantined: work.quarantined.into_iter().take(MOST).map(LaneView::new).collect(),
        retrying: work.retrying,
        nodes: nodes(&state),
        stalls: stalls.map(StallView::new).collect(),
    }))
}
