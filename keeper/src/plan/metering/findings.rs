//! Findings of planning about reports.

use {
    super::{Chunk, Member, Verdict, evaluate::has_aged},
    crate::{
        alert::{Level, Parties, Rule, Severity, Signal},
        plan::{now::Now, quorum},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
        program::state::Credit,
        reports::ReportRecord,
    },
    blockable_service::text::time,
    std::collections::BTreeMap,
};

/// The findings of one plan.
#[derive(Default)]
pub(super) struct Findings {
    signals: Vec<Signal>,
    /// By provider, the problem with its quorum.
    too_few: BTreeMap<Pubkey, Option<String>>,
    /// By reporter, the problem with its reports.
    reporters: BTreeMap<Pubkey, Option<String>>,
}

impl Findings {
    /// Notes the verdict on a credit.
    pub fn note_verdict(
        &mut self,
        now: &Now,
        chunk: &Chunk,
        address: &Pubkey,
        credit: &Credit,
        verdict: &Verdict,
    ) {
        let too_few = self.too_few.entry(*chunk.address).or_default();
        match verdict {
            Verdict::TooFew if too_few.is_none() && has_aged(now, credit) => {
                *too_few = Some(format!(
                    "fewer than {} reporters report on credits in chunk {}, the first of them {address}, metered up to {}",
                    chunk.provider.quorum,
                    chunk.number,
                    time(ChainTime(credit.meter.reported_at))
                ));
            }
            Verdict::TooFew => {}
            Verdict::Disagree(found) => {
                // Reports that the meter is past no longer matter.
                if found.reading.reported_at > credit.meter.reported_at {
                    self.signals.push(disagreement(chunk, address, credit, found));
                }
            }
            Verdict::Skipped(_, found) | Verdict::Meterable { reading: found, .. } => {
                // One report has nobody to disagree with.
                if found.reporting > 1 {
                    self.signals.push(agreement(address, credit));
                }
            }
        }
    }

    /// Notes a report that is newer than the chain and far below it, which cannot be right.
    pub fn note_report(&mut self, now: &Now, report: &ReportRecord, members: &[Member]) {
        let below = |member: &&Member| {
            let meter = &member.credit.meter;
            let tolerance = now
                .settings
                .tolerance_units
                .saturating_add(quorum::share(Units(meter.cumulative), now.settings.tolerance_bps));
            report.reported_at > meter.reported_at
                && quorum::reading_of(report, member.bit).is_some_and(|reading| {
                    Units(meter.cumulative.saturating_sub(reading.cumulative)) > tolerance
                })
        };
        let found = members.iter().find(below).map(|member| {
            format!(
                "its report of {} on chunk {} has the credit {} far below the {} units that are on the chain",
                time(ChainTime(report.reported_at)),
                report.chunk,
                member.address,
                member.credit.meter.cumulative
            )
        });
        let known = self.reporters.entry(report.reporter).or_default();
        if known.is_none() {
            *known = found;
        }
    }

    /// Returns the findings in the order of credits, then providers, then reporters.
    pub fn signals(self) -> Vec<Signal> {
        let mut signals = self.signals;
        signals.extend(self.too_few.into_iter().map(|(provider, problem)| Signal {
            means: "these credits are not metered; what is used is counted late".to_string(),
            next: "check the reporters and the keeper's sources of reports".to_string(),
            ..operator(Rule::NoQuorum, provider, problem)
        }));
        signals.extend(self.reporters.into_iter().map(|(reporter, problem)| Signal {
            means:
                "units used never fall; the reporter has lost count, or reports what is not true".to_string(),
            next: "have the provider check the reporter, or replace its key".to_string(),
            ..operator(Rule::ReportsBelowChain, reporter, problem)
        }));
        signals
    }
}

fn disagreement(chunk: &Chunk, address: &Pubkey, credit: &Credit, found: &quorum::Consensus) -> Signal {
    Signal {
        level: Level::Raise,
        happened: format!(
            "{} of {} reporters agree on {} units used, and {} must",
            found.agreeing, found.reporting, found.reading.cumulative, chunk.provider.quorum
        ),
        means: "the credit is not metered until a quorum agrees; its use is counted late".to_string(),
        next: "have the provider compare its reporters".to_string(),
        ..agreement(address, credit)
    }
}

/// The end of a disagreement. Its texts are empty: the end of an alert needs none.
fn agreement(address: &Pubkey, credit: &Credit) -> Signal {
    Signal {
        rule: Rule::ReportersDisagree,
        subject: *address,
        level: Level::Clear,
        severity: Severity::Warning,
        parties: Some(Parties { lender: credit.lender, borrower: credit.borrower }),
        happened: String::new(),
        means: String::new(),
        next: String::new(),
    }
}

/// A finding for the operator alone, raised where there is a problem.
fn operator(rule: Rule, subject: Pubkey, problem: Option<String>) -> Signal {
    Signal {
        rule,
        subject,
        level: if problem.is_some() { Level::Raise } else { Level::Clear },
        severity: Severity::Warning,
        parties: None,
        happened: problem.unwrap_or_default(),
        means: String::new(),
        next: String::new(),
    }
}
