//! Tests of planning. The program's handlers are repeated here, out of its own functions, and plans are compared with them.

mod causes;
mod clocks;
mod credits;
mod explained;
mod holdback;
mod metered;
mod pace;
mod program;
mod quorums;
mod rights;
mod set;
mod whole;

use {
    super::{Intent, IntentAction, Kind, Plan, PlanSettings, plan, plan_credit},
    crate::{
        chain::{Snapshot, Stall, Stalls},
        finding::{Fact, Finding, Parties, Rule, RuleState},
        ingest::Shelf,
    },
    blockable_sdk::{
        Pubkey, Signature,
        amounts::{Bps, ChainTime, Units},
        program::{
            state::{AutoFreeze, Credit, Market, Provider, ProviderSettings, Reporter, Rider, Terms},
            transitions::Status,
        },
        reports::{RecordReading, ReportRecord},
    },
    std::{collections::BTreeMap, sync::Arc},
};

const DAY: i64 = 86_400;
/// The time at which every loan here was issued.
const ISSUED: i64 = 1_800_000_000;
const UNITS: u64 = 1_000_000_000;
const USDC: u64 = 1_000_000;
const DELINQUENCY_GRACE: i64 = 5 * DAY;
const DEFAULT_GRACE: i64 = 15 * DAY;
/// The first due date.
const DUE: i64 = ISSUED + 30 * DAY;
const EPOCH: u32 = 7;
const RATE: u64 = 1_000;

fn key(number: u64) -> Pubkey {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Pubkey::new_from_array(bytes)
}

fn market_key() -> Pubkey {
    key(1)
}

fn provider_key() -> Pubkey {
    key(2)
}

fn reporter(index: u8) -> Pubkey {
    key(100 + u64::from(index))
}

fn zeroed<T: bytemuck::Zeroable>() -> T {
    T::zeroed()
}

/// Three instalments of 400 USDC, 30 days apart, without interest.
fn credit(index: u32) -> Credit {
    let mut credit: Credit = zeroed();
    credit.version = Credit::VERSION;
    (credit.status, credit.blockable) = (Status::Active.byte(), 1);
    (credit.market, credit.provider) = (market_key(), provider_key());
    (credit.lender, credit.borrower) = (key(3), key(4));
    credit.terms = Terms {
        principal: 1_200 * USDC,
        units: UNITS,
        max_units_per_second: RATE,
        longest_job: u32::MAX,
        delinquency_grace: DELINQUENCY_GRACE as u32,
        default_grace: DEFAULT_GRACE as u32,
        cure_period: DAY as u32,
        ..zeroed()
    };
    credit.instalment_count = 3;
    for (number, due_after) in [30, 60, 90].into_iter().enumerate() {
        credit.due_after[number] = due_after * DAY as u32;
        credit.principal_due[number] = 400 * USDC;
    }
    credit.issued_at = ISSUED;
    (credit.debt.principal, credit.debt.accrued_at) = (1_200 * USDC, ISSUED);
    credit.collateral.granted = UNITS;
    (credit.has_index, credit.meter.index, credit.meter.reported_at) = (1, index, ISSUED);
    (credit.event_seq, credit.event_hash) = (u64::from(index) + 5, [9; 32]);
    credit
}

/// As [`credit`], in default since the end of the grace, with a freeze in the terms.
fn defaulted() -> Credit {
    let mut credit = credit(0);
    credit.accrue(DUE + DEFAULT_GRACE).unwrap();
    (credit.status, credit.defaulted_at) = (Status::Defaulted.byte(), DUE + DEFAULT_GRACE);
    credit.terms.auto_freeze = AutoFreeze::FromDefault as u8;
    credit
}

fn provider(quorum: u8, reporters: u8) -> Provider {
    let mut provider: Provider = zeroed();
    (provider.version, provider.market, provider.epoch) = (Provider::VERSION, market_key(), EPOCH);
    provider.outstanding_units = u64::MAX;
    let listed = |index| Reporter { key: reporter(index), expires_at: i64::MAX };
    let listed: Vec<Reporter> = (0..reporters).map(listed).collect();
    provider.settings =
        ProviderSettings { chunk_size: 32, ..ProviderSettings::with_reporters(&listed, quorum) };
    provider
}

/// Settings with no grace of the keeper's own.
fn settings() -> PlanSettings {
    PlanSettings {
        meter_every: 60,
        soon_every: 30,
        extra_grace_seconds: 0,
        tolerance_units: Units(10),
        ..PlanSettings::default()
    }
}

/// All that a plan depends on.
#[derive(Clone)]
struct World {
    snapshot: Snapshot,
    shelf: Shelf,
    settings: PlanSettings,
}

impl World {
    fn at(clock: i64) -> World {
        let market: Market = zeroed();
        let snapshot = Snapshot {
            slot: 1_000,
            clock: ChainTime(clock),
            market_key: market_key(),
            market,
            providers: BTreeMap::from([(provider_key(), provider(2, 3))]),
            credits: BTreeMap::new(),
            frozen_vaults: Arc::default(),
            cross_credits: Arc::default(),
            stalls: Stalls::default(),
        };
        World { snapshot, shelf: Shelf::default(), settings: settings() }
    }

    /// Adds a credit at the address that its index gives it.
    fn with(mut self, credit: Credit) -> World {
        self.snapshot.credits.insert(address(credit.meter.index), Arc::new(credit));
        self
    }

    fn moved_to(mut self, clock: i64) -> World {
        self.snapshot.clock = ChainTime(clock);
        self
    }

    fn credit(&self, index: u32) -> &Credit {
        &self.snapshot.credits[&address(index)]
    }

    fn change(&mut self, index: u32, change: impl FnOnce(&mut Credit)) {
        let mut credit = *self.credit(index);
        change(&mut credit);
        self.snapshot.credits.insert(address(index), Arc::new(credit));
    }

    fn provider(&mut self) -> &mut Provider {
        self.snapshot.providers.get_mut(&provider_key()).unwrap()
    }

    /// Puts a report of readings of (bit, cumulative) on the shelf.
    fn hear(&mut self, report: ReportRecord) {
        assert!(self.shelf.put(Arc::new(report)));
    }

    fn plan(&self) -> Plan {
        plan(&self.snapshot, &self.shelf, &self.settings)
    }

    fn kinds(&self) -> Vec<Kind> {
        self.plan().intents.iter().map(Intent::kind).collect()
    }

    /// The one thing due on the credit with index 0.
    fn due(&self) -> Option<Kind> {
        self.intent().map(|intent| intent.kind())
    }

    fn intent(&self) -> Option<Intent> {
        plan_credit(&self.snapshot, &address(0), self.credit(0), &self.settings)
    }

    /// The findings of a rule.
    fn found(&self, rule: Rule) -> Vec<Finding> {
        self.plan().findings.into_iter().filter(|finding| finding.rule() == rule).collect()
    }

    /// Facts found by a rule, with their subjects.
    fn facts(&self, rule: Rule) -> Vec<(Pubkey, Fact)> {
        let facts = self.found(rule).into_iter();
        facts.filter_map(|finding| Some((finding.subject(), finding.fact()?.clone()))).collect()
    }

    /// Subjects on which a rule is over.
    fn over(&self, rule: Rule) -> Vec<Pubkey> {
        let over = self.found(rule).into_iter().filter(|finding| *finding.state() == RuleState::Over);
        over.map(|finding| finding.subject()).collect()
    }
}

fn address(index: u32) -> Pubkey {
    key(1_000_000 + u64::from(index))
}

/// A reporter's report on chunk 0, of readings of (bit, cumulative).
fn report(index: u8, at: i64, readings: &[(u32, u64)]) -> ReportRecord {
    ReportRecord {
        seq: 0,
        cluster_tag: Default::default(),
        market: market_key(),
        provider: provider_key(),
        epoch: EPOCH,
        chunk: 0,
        chunk_size: 32,
        reporter: reporter(index),
        reporter_index: index,
        reported_at: at,
        bitmap: readings.iter().fold(0, |bitmap, (bit, _)| bitmap | 1 << bit),
        readings: readings
            .iter()
            .map(|(bit, cumulative)| RecordReading {
                bit: *bit,
                credit: address(*bit),
                cumulative: *cumulative,
                in_flight: 0,
            })
            .collect(),
        signature: Signature::default(),
    }
}

fn stall(from: i64, until: i64) -> Stall {
    Stall { from: ChainTime(from), until: ChainTime(until), lost: until - from }
}

/// The credits and report times of the plan's metering.
fn meterings(plan: &Plan) -> Vec<(Vec<Pubkey>, Vec<u8>)> {
    let metering = |intent: &Intent| match &intent.action {
        IntentAction::Meter { reports, credits, .. } => {
            Some((credits.clone(), reports.iter().map(|report| report.reporter_index).collect()))
        }
        _ => None,
    };
    plan.intents.iter().filter_map(metering).collect()
}
