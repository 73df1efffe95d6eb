//! What planning notices about reports, as signals.

use {
    super::{Chunk, Member, Verdict, judge::has_aged},
    crate::{
        alert::{Level, Parties, Rule, Severity, Signal},
        plan::{because::time, now::Now, quorum},
    },
    blockable_sdk::{Pubkey, program::state::Credit, reports::ReportRecord},
    std::collections::BTreeMap,
};

/// What was noticed so far.
#[derive(Default)]
pub(super) struct Findings {
    signals: Vec<Signal>,
    /// By provider, what is wrong with its quorum.
    unheard: BTreeMap<Pubkey, Option<String>>,
    /// By reporter, what is wrong with its reports.
    reporters: BTreeMap<Pubkey, Option<String>>,
}

impl Findings {
    /// Takes in the verdict on a credit.
    pub fn note(&mut self, now: &Now, chunk: &Chunk, address: &Pubkey, credit: &Credit, verdict: &Verdict) {
        let unheard = self.unheard.entry(*chunk.address).or_default();
        match verdict {
            Verdict::Unheard if unheard.is_none() && has_aged(now, credit) => {
                *unheard = Some(format!(
                    "fewer than {} reporters speak of credits in chunk {}, the first of them {address}, metered up to {}",
                    chunk.provider.quorum,
                    chunk.number,
                    time(credit.meter.reported_at)
                ));
            }
            Verdict::Unheard => {}
            Verdict::Disagree(heard) => {
                // Reports that the meter is past no longer matter.
                if heard.reading.reported_at > credit.meter.reported_at {
                    self.signals.push(disagreement(chunk, address, credit, heard));
                }
            }
            Verdict::Skipped(_, heard) | Verdict::Meterable { reading: heard, .. } => {
                // One report has nobody to disagree with.
                if heard.speaking > 1 {
                    self.signals.push(agreement(address, credit));
                }
            }
        }
    }

    /// Takes in what a report says of a chunk's credits: newer than the chain and far below it cannot be right.
    pub fn weigh(&mut self, now: &Now, report: &ReportRecord, members: &[Member]) {
        let below = |member: &&Member| {
            let meter = &member.credit.meter;
            let tolerance = now
                .settings
                .tolerance_units
                .saturating_add(quorum::share(meter.cumulative, now.settings.tolerance_bps));
            report.reported_at > meter.reported_at
                && quorum::reading_of(report, member.bit)
                    .is_some_and(|reading| meter.cumulative.saturating_sub(reading.cumulative) > tolerance)
        };
        let found = members.iter().find(below).map(|member| {
            format!(
                "its report of {} on chunk {} has the credit {} far below the {} units that are on the chain",
                time(report.reported_at),
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

    /// All of it, in the order of credits, then providers, then reporters.
    pub fn signals(self) -> Vec<Signal> {
        let mut signals = self.signals;
        signals.extend(self.unheard.into_iter().map(|(provider, problem)| Signal {
            means: "these credits are not metered; what is used is counted late".to_string(),
            next: "look after the reporters and the keeper's sources of reports".to_string(),
            ..operator(Rule::NoQuorum, provider, problem)
        }));
        signals.extend(self.reporters.into_iter().map(|(reporter, problem)| Signal {
            means: "units used never fall; the reporter has lost count or lies".to_string(),
            next: "have the provider check the reporter, or replace its key".to_string(),
            ..operator(Rule::ReportsBelowChain, reporter, problem)
        }));
        signals
    }
}

fn disagreement(chunk: &Chunk, address: &Pubkey, credit: &Credit, heard: &quorum::Consensus) -> Signal {
    Signal {
        level: Level::Raise,
        happened: format!(
            "{} of {} reporters agree on {} units used, and {} must",
            heard.agreeing, heard.speaking, heard.reading.cumulative, chunk.provider.quorum
        ),
        means: "the credit is not metered until a quorum agrees; its use is counted late".to_string(),
        next: "have the provider compare its reporters".to_string(),
        ..agreement(address, credit)
    }
}

/// Empty texts: an alert that is cleared says nothing new.
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

/// A signal for the operator alone, raised where there is a problem.
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
