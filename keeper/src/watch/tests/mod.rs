//! Tests of the watch, by one file for each part.

mod burn;
mod findings;
mod measure;
mod passes;
mod settings;

use {
    super::{Measure, WatchSettings, findings as finding_out, measure as measuring, track::Track},
    crate::{
        alerts::{Level, Rules, Severity, Text, tests::evaluated},
        chain::{Snapshot, Stalls},
        finding::{Fact, Finding, Parties, Rule},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, MarketTime, MicroUsd, Units},
        program::{
            state::{Collateral, Credit, Instalment, Market},
            transitions::Status,
        },
    },
    bytemuck::Zeroable,
    std::{collections::BTreeMap, sync::Arc},
};

pub(crate) const DAY: i64 = 86_400;
/// The time of issue of the loans in these tests: the beginning of a UTC day.
pub(crate) const START: i64 = 1_800_057_600;
pub(crate) const USDC: u64 = 1_000_000;

pub(crate) fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

/// $12,000 for 1,200,000 units at 12 %, repaid in 12 instalments 30 days apart.
pub(crate) fn credit() -> Credit {
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    credit.lender = key(1);
    credit.borrower = key(2);
    credit.provider = key(3);
    credit.terms.principal = 12_000 * USDC;
    credit.terms.units = 1_200_000;
    credit.terms.apr_bps = 1_200;
    credit.terms.late_fee = 10 * USDC;
    credit.terms.delinquency_grace = 5 * DAY as u32;
    credit.terms.default_grace = 10 * DAY as u32;
    credit.terms.cure_period = 7 * DAY as u32;
    credit.collateral = Collateral { granted: 1_200_000, ..Collateral::default() };
    credit.issued_at = START;
    credit.debt.principal = credit.terms.principal;
    credit.debt.accrued_at = START;
    let instalment =
        |number: u32| Instalment { due_after: number * 30 * DAY as u32, principal: 1_000 * USDC };
    credit.set_schedule(&(1..=12).map(instalment).collect::<Vec<_>>()).unwrap();
    credit
}

pub(crate) fn with(change: impl FnOnce(&mut Credit)) -> Credit {
    let mut credit = credit();
    change(&mut credit);
    credit
}

pub(crate) fn snapshot<'a>(
    clock: i64,
    credits: impl IntoIterator<Item = (Pubkey, &'a Credit)>,
) -> Arc<Snapshot> {
    Arc::new(Snapshot {
        slot: 1,
        clock: ChainTime(clock),
        market_key: key(9),
        market: Market::zeroed(),
        providers: BTreeMap::new(),
        credits: credits.into_iter().map(|(key, credit)| (key, Arc::new(*credit))).collect(),
        frozen_vaults: Arc::default(),
        cross_credits: Arc::default(),
        stalls: Stalls::default(),
    })
}

/// A credit as a watch measures it that sees it for the first time.
fn measured(credit: &Credit, clock: i64) -> Measure {
    let snapshot = snapshot(clock, [(key(7), credit)]);
    let settings = WatchSettings::default();
    let track = Track::begin(credit, &snapshot, settings.half_lives);
    measuring::measure(&key(7), credit, &snapshot, &track, &settings)
}

fn all_findings(measures: &[&Measure], settings: &WatchSettings) -> Vec<Finding> {
    let measures = measures.iter().map(|measure| (measure.credit, (*measure).clone())).collect();
    let market = finding_out::MarketState { key: key(9), lost_seconds: 0 };
    finding_out::findings(&measures, &market, settings.covenant_margin_bps)
}

fn find(findings: &[Finding], rule: Rule, subject: Pubkey) -> Finding {
    let of = |finding: &&Finding| finding.rule() == rule && finding.subject() == subject;
    let found: Vec<&Finding> = findings.iter().filter(of).collect();
    assert_eq!(found.len(), 1, "one finding per rule and subject");
    found[0].clone()
}

/// The finding of a rule on one credit alone.
fn found(rule: Rule, measure: &Measure) -> Finding {
    find(&all_findings(&[measure], &WatchSettings::default()), rule, measure.credit)
}

fn level_of(finding: Finding) -> Level {
    evaluated(finding, &Rules::default()).0
}

fn level(rule: Rule, measure: &Measure) -> Level {
    level_of(found(rule, measure))
}

fn text(finding: &Finding) -> Text {
    Text::from_fact(&finding.subject(), finding.fact().unwrap())
}
