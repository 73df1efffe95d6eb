//! The reasons for which something is due on a credit, or is not: for operators, and for parties who ask why they were
//! marked. `explain` and `/v1/credits/{address}` show them.

mod display;
mod usage;

pub(crate) use usage::{ReportView, UsageView};

use {
    crate::{
        alerts::Text,
        finding::{Fact, Rule},
        ingest::Shelf,
        plan::{
            Kind, causes,
            credit::{self, Timing},
            metering,
            now::Now,
            reason::Reason,
            rights,
        },
        values::{Address, Time},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime},
        program::state::Credit,
    },
    blockable_service::text,
    serde::Serialize,
    utoipa::ToSchema,
};

/// The keeper's plan for one credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CreditPlan {
    /// The next action and its reason, as a sentence.
    #[schema(
        example = "mark_delinquent at 2027-02-19 08:00 UTC at the earliest, if nothing changes until then"
    )]
    pub(crate) next: String,
    /// Seconds by which graces are longer while something is in arrears: those of the keeper's settings, and those in which
    /// the cluster produced no blocks.
    pub(crate) extra_grace_seconds: i64,
    /// Every action, in the order in which they are taken.
    pub(crate) actions: Vec<ActionView>,
    /// Acts and proposals of the payment token's issuer, the provider, and the market's admin or guardian.
    pub(crate) causes: Vec<CauseView>,
    /// Rights that a party has now, and that nobody exercises for it.
    pub(crate) rights: Vec<CauseView>,
    /// Usage reports on the credit; none for a credit that cannot be metered.
    pub(crate) usage: Option<UsageView>,
}

/// An act or a proposal of others, which holds actions up or announces a change; or a right of a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CauseView {
    /// The rule whose alert names it.
    #[schema(value_type = String, example = "vault_frozen")]
    pub(crate) rule: Rule,
    /// The credit, provider or market that it is on.
    pub(crate) subject: Address,
    /// The event.
    pub(crate) happened: String,
    /// Its meaning.
    pub(crate) meaning: String,
}

/// An action on a credit, and whether it is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActionView {
    /// The action.
    #[schema(value_type = String, example = "mark_delinquent")]
    pub(crate) kind: Kind,
    /// Its state.
    pub(crate) state: ActionState,
    /// The time since which it is due, until which it is left to other keepers, or before which it is not due.
    pub(crate) at: Option<Time>,
    /// The reason for which it is due, or does not apply.
    pub(crate) why: Option<String>,
}

/// The state of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionState {
    /// It is due.
    Due,
    /// It is due, and this keeper is a backup that leaves it to other keepers for a time.
    LeftToOthers,
    /// It will be due if nothing changes until then.
    NotBefore,
    /// It does not apply.
    DoesNotApply,
}

impl ActionView {
    pub(super) fn due(kind: Kind, since: ChainTime, why: String) -> ActionView {
        ActionView { kind, state: ActionState::Due, at: Some(since.into()), why: Some(why) }
    }

    pub(super) fn left_to_others(kind: Kind, until: ChainTime) -> ActionView {
        ActionView { kind, state: ActionState::LeftToOthers, at: Some(until.into()), why: None }
    }

    pub(super) fn not_before(kind: Kind, at: ChainTime) -> ActionView {
        ActionView { kind, state: ActionState::NotBefore, at: Some(at.into()), why: None }
    }

    pub(super) fn does_not_apply(kind: Kind, why: String) -> ActionView {
        ActionView { kind, state: ActionState::DoesNotApply, at: None, why: Some(why) }
    }
}

pub(super) fn explain(now: &Now, shelf: &Shelf, address: &Pubkey, credit: &Credit) -> CreditPlan {
    let since = now.snapshot.accrued(credit).debt.arrears_since;
    let stalled = if since == 0 { 0 } else { now.stalled_since(credit, MarketTime(since)) };
    let inspection = metering::inspect(now, shelf, address, credit);
    let actions = credit::PRECEDENCE.into_iter().map(|kind| action(now, address, credit, kind));
    let metering = usage::action(now, credit, inspection.as_ref());
    let actions: Vec<ActionView> = actions.chain([metering]).collect();
    CreditPlan {
        next: next(now, address, credit, &actions),
        extra_grace_seconds: now.settings.extra_grace_seconds.saturating_add(stalled),
        actions,
        causes: causes::of_credit(now, address, credit).iter().map(cause).collect(),
        rights: rights::of_credit(now, address, credit)
            .into_iter()
            .map(|fact| cause(&(*address, fact)))
            .collect(),
        usage: inspection.map(|inspection| usage::view(now, shelf, credit, &inspection)),
    }
}

/// Describes a cause in the words of its alert.
fn cause((subject, fact): &(Pubkey, Fact)) -> CauseView {
    let Text { happened, meaning, next_step: _ } = Text::from_fact(subject, fact);
    CauseView { rule: fact.rule(), subject: Address(*subject), happened, meaning }
}

fn action(now: &Now, address: &Pubkey, credit: &Credit, kind: Kind) -> ActionView {
    match credit::timing(now, address, credit, kind) {
        Ok(Timing::Due(at)) if !now.is_mine(at) => ActionView::left_to_others(kind, now.mine_at(at)),
        Ok(Timing::Due(since)) => {
            let reason = Reason::for_credit(now, credit, kind);
            ActionView::due(kind, since, reason.map_or_else(String::new, |reason| reason.to_string()))
        }
        Ok(Timing::NotBefore(at)) => ActionView::not_before(kind, now.mine_at(at)),
        Err(obstacle) => ActionView::does_not_apply(kind, obstacle.to_string()),
    }
}

/// Describes the next action: one that is planned now, else the earliest that will be due.
fn next(now: &Now, address: &Pubkey, credit: &Credit, actions: &[ActionView]) -> String {
    if let Some(intent) = credit::plan(now, address, credit) {
        return format!("{} now: {}", intent.kind(), intent.reason);
    }
    let start = |action: &ActionView| match (action.state, &action.at) {
        (ActionState::Due, _) => Some(now.chain),
        (ActionState::LeftToOthers | ActionState::NotBefore, Some(at)) => Some(ChainTime(at.unix)),
        _ => None,
    };
    let later = actions.iter().filter_map(|action| Some((start(action)?, action)));
    match later.min_by_key(|(at, action)| (*at, action.kind)) {
        Some((_, ActionView { kind, state: ActionState::Due, why, .. })) => {
            format!("{kind} now: {}", why.as_deref().unwrap_or_default())
        }
        Some((at, action)) => {
            let at = text::time(at);
            format!("{} at {at} at the earliest, if nothing changes until then", action.kind)
        }
        None => "nothing, while nothing changes".to_string(),
    }
}
