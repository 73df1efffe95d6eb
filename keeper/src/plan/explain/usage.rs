//! What reporters say of a credit, and what comes of it.

use {
    super::{StandingView, text},
    crate::{
        ingest::Shelf,
        plan::{
            Kind,
            credit::Obstacle,
            metering::{Inspection, Verdict},
            now::Now,
            quorum::{Consensus, reading_of, report_fault},
            reason::time,
        },
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
        program::state::Credit,
        reports::ReportRecord,
    },
    serde::Serialize,
};

/// What reporters say of a credit. Amounts in credit units; times are the chain's Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsageView {
    /// The credit's chunk at its provider.
    pub chunk: u32,
    /// The credit's bit in the chunk.
    pub bit: u32,
    /// Reporters that must agree.
    pub quorum: u8,
    /// Units used as the chain has them.
    #[serde(serialize_with = "text")]
    pub counted: u64,
    /// Time of the latest reading that the chain has.
    pub counted_at: i64,
    /// The latest report of every reporter on the chunk.
    pub reports: Vec<ReportView>,
    /// How they agree, in words.
    pub agreement: String,
}

/// One reporter's latest report on the chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportView {
    /// The reporter.
    #[serde(serialize_with = "text")]
    pub reporter: Pubkey,
    /// Time of the reading.
    pub reported_at: i64,
    /// Units used, as text; none where the report does not speak of the credit.
    pub cumulative: Option<String>,
    /// Units that running jobs hold, as text.
    pub in_flight: Option<String>,
    /// Whether the chunk is metered by this report.
    pub is_used: bool,
    /// Whether the reading is within tolerance of the median, where there is one.
    pub agrees: Option<bool>,
    /// Why the report does not count, where it does not.
    pub problem: Option<String>,
}

/// Where metering stands on a credit.
pub(super) fn standing(now: &Now, credit: &Credit, look: Option<&Inspection>) -> StandingView {
    let no = |why: String| StandingView::DoesNotApply { why };
    let Some(look) = look else {
        return no("the credit has no place in reports, or its status does not allow it".to_string());
    };
    if let Some(intent) = &look.intent {
        return StandingView::Due { since: intent.due_at.get(), because: intent.reason.to_string() };
    }
    if !now.settings.enabled.contains(&Kind::Meter) {
        return no(Obstacle::Off.to_string());
    }
    if now.is_paused {
        return no(Obstacle::Paused.to_string());
    }
    match look.verdict {
        Verdict::Meterable { is_changed: false, .. } if credit.collateral.remaining() == 0 => {
            no("nothing is left to use".to_string())
        }
        Verdict::Meterable { due_at, .. } if due_at <= now.chain => {
            StandingView::LeftToOthers { until: now.mine_at(due_at).get() }
        }
        Verdict::Meterable { due_at, .. } => StandingView::NotBefore { at: now.mine_at(due_at).get() },
        _ => no(agreement(look)),
    }
}

/// The reports on a credit's chunk, also those that do not count.
pub(super) fn view(now: &Now, shelf: &Shelf, credit: &Credit, look: &Inspection) -> UsageView {
    let on_shelf = shelf.of_provider(look.chunk.address).find(|(chunk, _)| *chunk == look.chunk.number);
    let reports = on_shelf.into_iter().flat_map(|(_, reports)| reports.values());
    UsageView {
        chunk: look.chunk.number,
        bit: look.bit,
        quorum: look.chunk.provider.quorum,
        counted: credit.meter.cumulative,
        counted_at: credit.meter.reported_at,
        reports: reports.map(|report| report_view(now, credit, look, report)).collect(),
        agreement: agreement(look),
    }
}

fn report_view(now: &Now, credit: &Credit, look: &Inspection, report: &ReportRecord) -> ReportView {
    let provider = look.chunk.provider;
    let reading = reading_of(report, look.bit);
    let agrees = heard(&look.verdict).zip(reading).map(|(heard, reading)| {
        let counted = Units(credit.meter.cumulative);
        let at = ChainTime(report.reported_at);
        heard.is_near(now.settings, provider, counted, Units(reading.cumulative), at)
    });
    ReportView {
        reporter: report.reporter,
        reported_at: report.reported_at,
        cumulative: reading.map(|reading| reading.cumulative.to_string()),
        in_flight: reading.map(|reading| reading.in_flight.to_string()),
        is_used: look.reports.iter().any(|used| used.reporter == report.reporter),
        agrees,
        problem: report_fault(now, provider, report).map(|fault| fault.to_string()),
    }
}

fn heard(verdict: &Verdict) -> Option<&Consensus> {
    match verdict {
        Verdict::TooFew => None,
        Verdict::Disagree(heard) | Verdict::Skipped(_, heard) | Verdict::Meterable { reading: heard, .. } => {
            Some(heard)
        }
    }
}

fn agreement(look: &Inspection) -> String {
    let quorum = look.chunk.provider.quorum;
    let says = |heard: &Consensus| {
        let Consensus { reading, reporting, agreeing, .. } = heard;
        format!(
            "{agreeing} of {reporting} reporters agree on {} units used at {}",
            reading.cumulative,
            time(ChainTime(reading.reported_at))
        )
    };
    match &look.verdict {
        Verdict::TooFew => format!("fewer than {quorum} reporters that count speak of it"),
        Verdict::Disagree(heard) => format!("{}, and {quorum} must", says(heard)),
        Verdict::Skipped(skip, heard) => {
            format!("{}; the program would leave it out: {skip:?}", says(heard))
        }
        Verdict::Meterable { reading, is_changed: true, .. } => says(reading),
        Verdict::Meterable { reading, .. } => format!("{}, as the chain has it", says(reading)),
    }
}
