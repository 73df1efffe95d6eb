//! Why something is due on a credit, or is not: for operators, and for parties who ask why they were marked.

mod usage;
mod words;

pub use usage::{ReportView, UsageView};

use {
    crate::{
        ingest::Shelf,
        plan::{
            Kind,
            credit::{self, Timing, next_due_date},
            metering,
            now::Now,
            reason::{Reason, money, time},
        },
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime},
        program::{state::Credit, transitions::Status},
    },
    serde::{Serialize, Serializer},
};

/// Where a credit stands, and what the keeper makes of it. Money in micro-USDC, use in credit units; amounts and addresses
/// are text in JSON, because JavaScript rounds numbers above 2^53. Times are the chain's Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The credit.
    #[serde(serialize_with = "text")]
    pub credit: Pubkey,
    /// The lender.
    #[serde(serialize_with = "text")]
    pub lender: Pubkey,
    /// The borrower.
    #[serde(serialize_with = "text")]
    pub borrower: Pubkey,
    /// The provider.
    #[serde(serialize_with = "text")]
    pub provider: Pubkey,
    /// The status, in lower case.
    pub status: String,
    /// The slot that all of this is as of.
    pub slot: u64,
    /// The chain's clock.
    pub clock: i64,
    /// The market's clock, which stands still in pauses.
    pub market_time: i64,
    /// Whether the market is paused.
    pub is_paused: bool,
    /// All that is owed now.
    #[serde(serialize_with = "text")]
    pub debt: u64,
    /// What must be paid to be current.
    #[serde(serialize_with = "text")]
    pub arrears: u64,
    /// Due date of the oldest unpaid instalment.
    pub arrears_since: Option<i64>,
    /// The next instalment.
    pub next_due: Option<NextDue>,
    /// Cash in the borrower's reserve.
    #[serde(serialize_with = "text")]
    pub reserve: u64,
    /// Units that secure the debt.
    #[serde(serialize_with = "text")]
    pub lien: u64,
    /// Units of the lien that are frozen.
    #[serde(serialize_with = "text")]
    pub frozen: u64,
    /// Units that new jobs may draw on.
    #[serde(serialize_with = "text")]
    pub available: u64,
    /// Seconds that graces are longer by, where something is in arrears: the keeper's own and those the cluster stood still.
    pub extra_grace_seconds: i64,
    /// Every action, in the order in which they are taken.
    pub actions: Vec<ActionView>,
    /// What reporters say, for a credit that can be metered.
    pub usage: Option<UsageView>,
    /// What the keeper will do next.
    pub next: String,
}

/// An instalment that is not due yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextDue {
    /// Its due date, if the market is not paused until then.
    pub at: i64,
    /// Principal that falls due, in micro-USDC; interest comes on top.
    #[serde(serialize_with = "text")]
    pub principal: u64,
}

/// An action, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionView {
    /// The action.
    pub kind: Kind,
    /// Where it stands.
    #[serde(flatten)]
    pub standing: StandingView,
}

/// Where an action stands. Times are the chain's Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum StandingView {
    /// It is due.
    Due {
        /// Since when.
        since: i64,
        /// Why.
        because: String,
    },
    /// It is due, and this keeper is a backup that leaves it to others for a time.
    LeftToOthers {
        /// Until when.
        until: i64,
    },
    /// It will be due if nothing changes.
    NotBefore {
        /// From when on.
        at: i64,
    },
    /// It does not apply.
    DoesNotApply {
        /// Why.
        why: String,
    },
}

/// Serialises as text.
fn text<T: std::fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn explain(now: &Now, shelf: &Shelf, address: &Pubkey, credit: &Credit) -> Explanation {
    let then = now.snapshot.accrued(credit);
    let usage = metering::inspect(now, shelf, address, credit);
    let mut actions: Vec<ActionView> = credit::PRECEDENCE
        .into_iter()
        .map(|kind| ActionView { kind, standing: standing(now, address, credit, kind) })
        .collect();
    actions.push(ActionView { kind: Kind::Meter, standing: usage::standing(now, credit, usage.as_ref()) });
    let since = then.debt.arrears_since;
    let lost = if since == 0 { 0 } else { now.stalled_since(credit, MarketTime(since)) };
    Explanation {
        credit: *address,
        lender: credit.lender,
        borrower: credit.borrower,
        provider: credit.provider,
        status: status(credit),
        slot: now.snapshot.slot,
        clock: now.chain.get(),
        market_time: now.market.get(),
        is_paused: now.is_paused,
        debt: then.debt.total(),
        arrears: then.arrears(),
        arrears_since: (since != 0).then(|| now.chain_time(MarketTime(since)).get()),
        next_due: next_due(now, &then),
        reserve: then.reserve_held,
        lien: then.collateral.lien(),
        frozen: then.collateral.frozen,
        available: then.collateral.available(),
        extra_grace_seconds: now.settings.extra_grace_seconds.saturating_add(lost),
        next: next(now, address, credit, &actions),
        actions,
        usage: usage.map(|look| usage::view(now, shelf, credit, &look)),
    }
}

fn status(credit: &Credit) -> String {
    match Status::from_byte(credit.status) {
        Some(status) => format!("{status:?}").to_lowercase(),
        None => format!("unknown ({})", credit.status),
    }
}

fn next_due(now: &Now, accrued: &Credit) -> Option<NextDue> {
    let at = next_due_date(accrued)?;
    let (schedule, billed) = (accrued.schedule(), accrued.debt.instalments_billed);
    let through = schedule.principal_due(billed.saturating_add(1));
    let principal = through.saturating_sub(schedule.principal_due(billed));
    let is_live = Status::from_byte(accrued.status).is_some_and(Status::is_secured);
    is_live.then(|| NextDue { at: now.chain_time(at).get(), principal })
}

fn standing(now: &Now, address: &Pubkey, credit: &Credit, kind: Kind) -> StandingView {
    match credit::timing(now, address, credit, kind) {
        Ok(Timing::Due(at)) if !now.is_mine(at) => {
            StandingView::LeftToOthers { until: now.mine_at(at).get() }
        }
        Ok(Timing::Due(since)) => {
            let reason = Reason::for_credit(now, credit, kind);
            let because = reason.map_or_else(String::new, |reason| reason.to_string());
            StandingView::Due { since: since.get(), because }
        }
        Ok(Timing::NotBefore(at)) => StandingView::NotBefore { at: now.mine_at(at).get() },
        Err(obstacle) => StandingView::DoesNotApply { why: obstacle.to_string() },
    }
}

/// What comes first: what is planned now, else the earliest of what will be due.
fn next(now: &Now, address: &Pubkey, credit: &Credit, actions: &[ActionView]) -> String {
    if let Some(intent) = credit::plan(now, address, credit) {
        return format!("{} now: {}", intent.kind(), intent.reason);
    }
    let later = actions.iter().filter_map(|action| match &action.standing {
        StandingView::Due { because, .. } => Some((now.chain.get(), action.kind, Some(because))),
        StandingView::LeftToOthers { until: at } | StandingView::NotBefore { at } => {
            Some((*at, action.kind, None))
        }
        StandingView::DoesNotApply { .. } => None,
    });
    match later.min_by_key(|(at, kind, _)| (*at, *kind)) {
        Some((_, kind, Some(because))) => format!("{kind} now: {because}"),
        Some((at, kind, None)) => {
            format!("{kind} at {} at the earliest, if nothing changes until then", time(ChainTime(at)))
        }
        None => "nothing, while nothing changes".to_string(),
    }
}
