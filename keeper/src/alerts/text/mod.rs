//! The texts of alerts, one function per rule: the event, its meaning, the next step.
//!
//! They are for lenders, borrowers and operators who know their loan and not this program: plain sentences, with amounts in
//! dollars and times in UTC.

mod changes;
mod credit;
mod keeper;
mod losses;
mod reporter;
mod rights;
mod waiting;

use {crate::finding::Fact, blockable_sdk::Pubkey};

/// The three parts of an alert's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// The event.
    pub(crate) happened: String,
    /// Its meaning.
    pub(crate) meaning: String,
    /// The next step.
    pub(crate) next_step: String,
}

impl Text {
    fn new(happened: impl Into<String>, meaning: impl Into<String>, next_step: impl Into<String>) -> Text {
        Text { happened: happened.into(), meaning: meaning.into(), next_step: next_step.into() }
    }

    /// The text of a fact on a subject.
    pub(crate) fn from_fact(subject: &Pubkey, fact: &Fact) -> Text {
        match fact {
            Fact::BurnRate { ratio, rate, long_rate, usable, exhausted_at } => {
                credit::burn_rate(*ratio, *rate, *long_rate, *usable, *exhausted_at)
            }
            Fact::Exhaustion { exhausted_at, usable, granted, rate, debt, seconds_left: _ } => {
                credit::exhaustion(*exhausted_at, *usable, *granted, *rate, *debt)
            }
            Fact::Idle { seconds, used_at, reported_at } => credit::idle(*seconds, *used_at, *reported_at),
            Fact::ProviderSwitch { seconds, credit, provider } => {
                credit::provider_switch(*seconds, credit, provider)
            }
            Fact::Coverage { coverage, lien, lien_value, debt } => {
                credit::coverage(*coverage, *lien, *lien_value, *debt)
            }
            Fact::PaymentDue { due_at, amounts, seconds_left: _, due_market_time: _ } => {
                credit::payment_due(*due_at, amounts)
            }
            Fact::PaymentMissed { missed, arrears, since, next_mark } => {
                credit::payment_missed(*missed, *arrears, *since, *next_mark)
            }
            Fact::ActAhead { act, at, seconds_left, arrears } => {
                credit::act_ahead(*act, *at, *seconds_left, *arrears)
            }
            Fact::Delinquent { arrears, default_from } => credit::delinquent(*arrears, *default_from),
            Fact::Defaulted { debt, arrears, cure_ends_at, lien, covered } => {
                credit::defaulted(*debt, *arrears, *cure_ends_at, *lien, *covered)
            }
            Fact::Frozen { frozen, lien, available, arrears } => {
                credit::frozen(*frozen, *lien, *available, *arrears)
            }
            Fact::CovenantLow(covenant) => credit::covenant_low(covenant),
            Fact::CovenantHigh(covenant) => credit::covenant_high(covenant),
            Fact::Overrun { recent, total } => credit::overrun(*recent, *total),
            Fact::LenderCancel { units, pays, anybody_from } => {
                rights::lender_cancel(*units, *pays, *anybody_from)
            }
            Fact::JointCancel { provider, since, units, pays } => {
                rights::joint_cancel(provider, *since, *units, *pays)
            }
            Fact::CrossDefault { other, freezable } => rights::cross_default(other, *freezable),
            Fact::ReserveShort { held, agreed, since, freezable } => {
                rights::reserve_short(*held, *agreed, *since, *freezable)
            }
            Fact::VaultFrozen { debt, arrears } => waiting::vault_frozen(*debt, *arrears),
            Fact::OfferVoid { provider, fault, principal } => {
                waiting::offer_void(provider, *fault, *principal)
            }
            Fact::BorrowerHandOver(offer) => waiting::borrower_hand_over(offer),
            Fact::ProviderChangeProposed(change) => waiting::provider_change(subject, change),
            Fact::ProviderHandOver(offer) => waiting::provider_hand_over(subject, offer),
            Fact::ProviderSuspended { by_itself, by_admin } => {
                waiting::provider_suspended(subject, *by_itself, *by_admin)
            }
            Fact::MarketHalted { since, ends_at, since_market_time: _ } => {
                waiting::market_halted(subject, *since, *ends_at)
            }
            Fact::MarketChangeProposed(change) => waiting::market_change(subject, change),
            Fact::MarketHandOver(offer) => waiting::market_hand_over(subject, offer),
            Fact::ReporterSilent { provider, chunk, seconds } => {
                reporter::silent(subject, provider, *chunk, *seconds)
            }
            Fact::ReportersDisagree { agreeing, reporting, quorum, units } => {
                reporter::disagree(*agreeing, *reporting, *quorum, *units)
            }
            Fact::Equivocation { provider, chunk, reported_at } => {
                reporter::equivocation(subject, provider, *chunk, *reported_at)
            }
            Fact::BadReports { provider, chunk, bit, from, to } => {
                reporter::bad_reports(subject, provider, *chunk, *bit, *from, *to)
            }
            Fact::ReportsBelowChain { chunk, credit, reported_at, on_chain } => {
                reporter::below_chain(subject, *chunk, credit, *reported_at, *on_chain)
            }
            Fact::NoQuorum { quorum, chunk, credit, metered_to } => {
                reporter::no_quorum(subject, *quorum, *chunk, credit, *metered_to)
            }
            Fact::Funds { role, lamports, fault } => {
                keeper::funds(subject, role, *lamports, fault.as_deref())
            }
            Fact::Quarantine { lanes } => keeper::quarantine(lanes),
            Fact::Rpc { cycles, reasons } => keeper::rpc(*cycles, reasons),
            Fact::Stall { seconds } => keeper::stall(*seconds),
            Fact::ChainLost(loss) => losses::chain(loss),
            Fact::StoreLost(loss) => losses::store(loss),
            Fact::ReportersLost(loss) => losses::reporters(loss),
            Fact::Unwatched(loss) => losses::unwatched(loss),
            Fact::LogMismatch { node, records } => keeper::log_mismatch(node, *records),
            Fact::RecordsLost { node, credits, examples } => keeper::records_lost(node, *credits, examples),
        }
    }
}
