//! Findings of planning about reports.

use {
    super::{Chunk, Member, Verdict, evaluate::has_aged},
    crate::{
        finding::{Fact, Finding, Parties, Rule},
        plan::{now::Now, quorum},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
        program::{metering::Skip, state::Credit},
        reports::ReportRecord,
    },
    std::collections::BTreeMap,
};

/// The findings of one plan.
#[derive(Default)]
pub(super) struct Findings {
    disputes: Vec<Finding>,
    /// By provider, the first credit that lacks a quorum.
    without_quorum: BTreeMap<Pubkey, Option<Fact>>,
    /// By reporter, the first count below the chain's.
    below_chain: BTreeMap<Pubkey, Option<Fact>>,
}

impl Findings {
    /// Notes the verdict on a credit.
    pub(super) fn note_verdict(
        &mut self,
        now: &Now,
        chunk: &Chunk,
        address: &Pubkey,
        credit: &Credit,
        verdict: &Verdict,
    ) {
        let without_quorum = self.without_quorum.entry(*chunk.address).or_default();
        match verdict {
            Verdict::TooFew if without_quorum.is_none() && has_aged(now, credit) => {
                *without_quorum = Some(Fact::NoQuorum {
                    quorum: chunk.provider.settings.quorum,
                    chunk: chunk.number,
                    credit: *address,
                    metered_to: ChainTime(credit.meter.reported_at),
                });
            }
            Verdict::TooFew => {}
            Verdict::Disagree(found) => {
                // Reports that the meter is past no longer matter.
                if found.reading.reported_at > credit.meter.reported_at {
                    self.disputes.push(disagreement(chunk, address, credit, found));
                }
            }
            // An alert on every moment in which a reporter is late would be raised and cleared again and again.
            Verdict::Undecided(_) | Verdict::Skipped(Skip::Stale, _) => {}
            Verdict::Skipped(_, found) | Verdict::Meterable { reading: found, .. } => {
                // One report has nobody to disagree with.
                if found.reporting > 1 {
                    self.disputes.push(agreement(address, credit));
                }
            }
        }
    }

    /// Notes a report that is newer than the chain and far below it, which cannot be right.
    pub(super) fn note_report(&mut self, now: &Now, report: &ReportRecord, members: &[Member]) {
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
        let found = members.iter().find(below).map(|member| Fact::ReportsBelowChain {
            chunk: report.chunk,
            credit: *member.address,
            reported_at: ChainTime(report.reported_at),
            on_chain: Units(member.credit.meter.cumulative),
        });
        let known = self.below_chain.entry(report.reporter).or_default();
        if known.is_none() {
            *known = found;
        }
    }

    /// Returns the findings in the order of credits, then providers, then reporters.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        let by_subject = |rule: Rule, found: BTreeMap<Pubkey, Option<Fact>>| {
            found.into_iter().map(move |(subject, fact)| match fact {
                Some(fact) => Finding::is(subject, fact),
                None => Finding::over(rule, subject),
            })
        };
        let mut findings = self.disputes;
        findings.extend(by_subject(Rule::NoQuorum, self.without_quorum));
        findings.extend(by_subject(Rule::ReportsBelowChain, self.below_chain));
        findings
    }
}

fn disagreement(chunk: &Chunk, address: &Pubkey, credit: &Credit, found: &quorum::Consensus) -> Finding {
    let fact = Fact::ReportersDisagree {
        agreeing: found.agreeing,
        reporting: found.reporting,
        quorum: chunk.provider.settings.quorum,
        units: Units(found.reading.cumulative),
    };
    Finding::is(*address, fact).between(parties(credit))
}

fn agreement(address: &Pubkey, credit: &Credit) -> Finding {
    Finding::over(Rule::ReportersDisagree, *address).between(parties(credit))
}

fn parties(credit: &Credit) -> Parties {
    Parties { lender: credit.lender, borrower: credit.borrower }
}
