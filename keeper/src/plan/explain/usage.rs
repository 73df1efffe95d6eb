//! The usage reports on a credit, and whether they agree.

use {
    super::ActionView,
    crate::{
        ingest::Shelf,
        plan::{
            Kind,
            credit::Obstacle,
            metering::{Inspection, Verdict},
            now::Now,
            quorum::{Consensus, reading_of, report_fault},
        },
        values::{Address, Time, UnitCount},
    },
    blockable_sdk::{
        amounts::{ChainTime, Units},
        program::state::Credit,
        reports::ReportRecord,
    },
    blockable_service::text,
    serde::Serialize,
    utoipa::ToSchema,
};

/// Usage reports on a credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// Reporters that must agree.
    pub(crate) quorum: u8,
    /// The agreement among reporters, as a sentence.
    #[schema(example = "2 of 3 reporters agree on 5,000 units used at 2027-01-15 08:01 UTC")]
    pub(crate) agreement: String,
    /// The latest report of every reporter on the credit's chunk.
    pub(crate) reports: Vec<ReportView>,
}

/// A reporter's latest report on the chunk of a credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReportView {
    /// The reporter.
    pub(crate) reporter: Address,
    /// Time of the reading.
    pub(crate) reported_at: Time,
    /// Units used; none where the report has no reading of the credit.
    pub(crate) cumulative: Option<UnitCount>,
    /// Units that running jobs hold; none where the report has no reading of the credit.
    pub(crate) in_flight: Option<UnitCount>,
    /// True where the chunk is metered by this report.
    pub(crate) is_used: bool,
    /// True where the reading is within tolerance of the median; none without a median.
    pub(crate) agrees: Option<bool>,
    /// The reason for which the report does not count; none where it counts.
    pub(crate) problem: Option<String>,
}

/// Describes metering as an action on a credit.
pub(super) fn action(now: &Now, credit: &Credit, inspection: Option<&Inspection>) -> ActionView {
    let no = |why: String| ActionView::does_not_apply(Kind::Meter, why);
    let Some(inspection) = inspection else {
        return no("the credit has no place in reports, or its status does not allow it".to_string());
    };
    if let Some(intent) = &inspection.intent {
        return ActionView::due(Kind::Meter, intent.due_at, intent.reason.to_string());
    }
    if !now.settings.enabled.contains(&Kind::Meter) {
        return no(Obstacle::Off.to_string());
    }
    if now.clock.is_paused {
        return no(Obstacle::Paused.to_string());
    }
    match inspection.verdict {
        Verdict::Meterable { is_changed: false, .. } if credit.collateral.remaining() == 0 => {
            no("no unit is left to use".to_string())
        }
        Verdict::Meterable { due_at, .. } if due_at <= now.chain => {
            ActionView::left_to_others(Kind::Meter, now.mine_at(due_at))
        }
        Verdict::Meterable { due_at, .. } => ActionView::not_before(Kind::Meter, now.mine_at(due_at)),
        _ => no(agreement(inspection)),
    }
}

/// Lists the reports on a credit's chunk, also those that do not count.
pub(super) fn view(now: &Now, shelf: &Shelf, credit: &Credit, inspection: &Inspection) -> UsageView {
    let on_shelf =
        shelf.of_provider(inspection.chunk.address).find(|(chunk, _)| *chunk == inspection.chunk.number);
    let reports = on_shelf.into_iter().flat_map(|(_, reports)| reports.values());
    UsageView {
        quorum: inspection.chunk.provider.settings.quorum,
        agreement: agreement(inspection),
        reports: reports.map(|report| report_view(now, credit, inspection, report)).collect(),
    }
}

fn report_view(now: &Now, credit: &Credit, inspection: &Inspection, report: &ReportRecord) -> ReportView {
    let provider = inspection.chunk.provider;
    let reading = reading_of(report, inspection.bit);
    let agrees = consensus(&inspection.verdict).zip(reading).map(|(consensus, reading)| {
        let at = ChainTime(report.reported_at);
        consensus.is_near(now.settings, credit, Units(reading.cumulative), at)
    });
    ReportView {
        reporter: Address(report.reporter),
        reported_at: Time::from(ChainTime(report.reported_at)),
        cumulative: reading.map(|reading| UnitCount(Units(reading.cumulative))),
        in_flight: reading.map(|reading| UnitCount(Units(reading.in_flight))),
        is_used: inspection.reports.iter().any(|used| used.reporter == report.reporter),
        agrees,
        problem: report_fault(now, provider, report).map(|fault| fault.to_string()),
    }
}

fn consensus(verdict: &Verdict) -> Option<&Consensus> {
    match verdict {
        Verdict::TooFew => None,
        Verdict::Undecided(consensus)
        | Verdict::Disagree(consensus)
        | Verdict::Skipped(_, consensus)
        | Verdict::Meterable { reading: consensus, .. } => Some(consensus),
    }
}

fn agreement(inspection: &Inspection) -> String {
    let quorum = inspection.chunk.provider.settings.quorum;
    let describe = |consensus: &Consensus| {
        let Consensus { reading, reporting, agreeing, .. } = consensus;
        let (used, at) = (text::units(Units(reading.cumulative)), text::time(ChainTime(reading.reported_at)));
        format!("{agreeing} of {reporting} reporters agree on {used} used at {at}")
    };
    match &inspection.verdict {
        Verdict::TooFew => format!("fewer than {quorum} reports that count have a reading of it"),
        Verdict::Undecided(consensus) => {
            format!("{}, and {quorum} must; others are late", describe(consensus))
        }
        Verdict::Disagree(consensus) => format!("{}, and {quorum} must", describe(consensus)),
        Verdict::Skipped(skip, consensus) => {
            format!("{}; the program would leave it out: {skip:?}", describe(consensus))
        }
        Verdict::Meterable { reading, is_changed: true, .. } => describe(reading),
        Verdict::Meterable { reading, .. } => format!("{}, as the chain has it", describe(reading)),
    }
}
