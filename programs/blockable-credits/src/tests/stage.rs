//! A market, a provider and a loan in memory, acted on by the program's own functions.

use {
    super::*,
    crate::{
        actions::{
            MarketArgs, NewCredit, NewMarket, NewProvider, Notice, OfferArgs, OfferRead, PurchaseLimits,
            RestructureLimits,
        },
        events::Change,
        report::{CreditReading, ReportScope, SignedReport},
        state::{
            AutoFreeze, Credit, FreezePolicy, Instalment, Market, MarketClock, Provider, ProviderSettings,
            Reporter, Rider, ScheduleRuns, TermBounds,
        },
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

pub(super) const START: i64 = 1_800_000_000;
/// The slot of every offer.
pub(super) const SLOT: u64 = 1_000;
pub(super) const DAY: i64 = 86_400;
pub(super) const USDC: u64 = 1_000_000;

pub(super) const ADMIN: Pubkey = key(1);
pub(super) const LENDER: Pubkey = key(2);
pub(super) const BORROWER: Pubkey = key(3);
pub(super) const OPERATOR: Pubkey = key(4);
pub(super) const BUYER: Pubkey = key(5);
pub(super) const GUARDIAN: Pubkey = key(7);
pub(super) const PAYER: Pubkey = key(6);
pub(super) const MARKET: Pubkey = key(101);
pub(super) const PROVIDER: Pubkey = key(102);
pub(super) const CREDIT: Pubkey = key(103);
pub(super) const LOT: Pubkey = key(104);
pub(super) const TREASURY: Pubkey = key(105);
pub(super) const VAULT: Pubkey = key(109);

/// The key of RFC 8032's first test vector.
const REPORTER: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
    0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

/// The latest slot's hash as the provider registered.
pub(super) const CLUSTER_TAG: [u8; 32] = [77; 32];

/// Hash of [`REPORTER`] with a quorum of one.
pub(super) const REPORTERS_HASH: [u8; 32] = [
    0x06, 0x3f, 0x59, 0x2f, 0x19, 0x00, 0xd3, 0x07, 0x1d, 0xc0, 0x8a, 0x7d, 0x99, 0x7a, 0x28, 0x86, 0x95,
    0x79, 0x9a, 0xbd, 0x40, 0x0d, 0x5c, 0x48, 0x64, 0xeb, 0x63, 0x25, 0x20, 0x67, 0x23, 0x0d,
];

pub(super) const fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

/// A rider without any of the optional terms.
pub(super) const NO_RIDER: Rider = Rider {
    planned_units: 0,
    reserve: 0,
    covenant_window: 0,
    high_bps: 0,
    low_bps: 0,
    apr_step_bps: 0,
    apr_floor_bps: 0,
    apr_ceiling_bps: 0,
    top_up_bps: 0,
    pay_in_kind_bps: 0,
    breach_notice: 0,
    cross_default: 0,
    reserved: [0; 4],
};

/// 100 USDC for a million units, due in two halves after 30 and 60 days, without interest.
pub(super) const TERMS: Terms = Terms {
    principal: 100 * USDC,
    units: 1_000_000,
    unlocked_ahead: 1_000_000,
    holdback: 0,
    late_fee: USDC,
    offer_expires_at: 0,
    max_units_per_second: 1_000,
    delinquency_grace: DAY as u32,
    default_grace: 5 * DAY as u32,
    cure_period: 10 * DAY as u32,
    unit_lifetime: 0,
    longest_job: DAY as u32,
    apr_bps: 0,
    holdback_apr_bps: 0,
    freeze_policy: FreezePolicy::OnDelinquency as u8,
    auto_freeze: AutoFreeze::FromDefault as u8,
    reserved: [0; 6],
    reporters_hash: REPORTERS_HASH,
};

pub(super) fn schedule() -> Vec<Instalment> {
    [30, 60].map(|days| Instalment { due_after: days * DAY as u32, principal: 50 * USDC }).to_vec()
}

/// Settings of a provider with one reporter, which offers what [`TERMS`] ask for.
pub(super) fn settings() -> ProviderSettings {
    let reporter = Reporter { key: Pubkey::new_from_array(REPORTER), expires_at: START + 1_000 * DAY };
    ProviderSettings {
        payout: key(108),
        max_units_per_second: 1_000,
        longest_job: DAY as u32,
        ..ProviderSettings::with_reporters(&[reporter], 1)
    }
}

/// A notice of a breach, for a loan in any status.
pub(super) const NOTICE: Notice =
    Notice { document: [9; 32], offer_slot: SLOT, least_status: Status::Active };

/// The accounts of one loan, and the time. The record of every change goes into the credit's hash chain.
pub(super) struct Stage {
    pub market: Market,
    pub provider: Provider,
    pub credit: Credit,
    pub now: i64,
    pub changes: Vec<Change>,
}

/// The arguments of a market within the bounds of production.
pub const MARKET_ARGS: MarketArgs = MarketArgs {
    id: 1,
    is_test: false,
    guardian: GUARDIAN,
    redistribution_fee_bps: 200,
    change_delay: 2 * DAY as u32,
    provider_delay: DAY as u32,
    min_suspension: 2 * DAY as u32,
    bounds: TermBounds::PRODUCTION,
};

/// A covenant of ten days without consequences of its own.
pub const COVENANT: Rider = Rider {
    planned_units: 400_000,
    covenant_window: 10 * DAY as u32,
    high_bps: 9_000,
    low_bps: 6_000,
    ..NO_RIDER
};

impl Stage {
    /// A market and a provider at [`START`].
    pub fn new() -> Stage {
        let args = MARKET_ARGS;
        let new = NewMarket {
            bump: 255,
            admin: ADMIN,
            payment_mint: key(106),
            token_program: key(107),
            decimals: 6,
            treasury: TREASURY,
        };
        let (mut market, mut provider) = (Market::zeroed(), Provider::zeroed());
        market.create(new, &args).unwrap();
        let new = NewProvider { bump: 254, market: MARKET, authority: OPERATOR, cluster_tag: CLUSTER_TAG };
        provider.register(new, 10_000_000, &settings(), &market.clock_at(START).unwrap()).unwrap();
        Stage { market, provider, credit: Credit::zeroed(), now: START, changes: Vec::new() }
    }

    /// A loan whose units went live at [`START`].
    pub fn issued(rider: Rider) -> Stage {
        let mut stage = Stage::new();
        stage.offer(TERMS, rider);
        stage.accept();
        let clock = stage.clock();
        if rider.reserve > 0 {
            let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
            stage.act(|credit| credit.receive_funding(BORROWER, amount));
        }
        stage.issue();
        stage
    }

    pub fn offer(&mut self, terms: Terms, rider: Rider) {
        self.offer_on(terms, rider, &schedule());
    }

    /// Offers a loan on another schedule.
    pub fn offer_on(&mut self, terms: Terms, rider: Rider, schedule: &[Instalment]) {
        let clock = self.clock();
        let schedule = ScheduleRuns::from_schedule(schedule);
        let args = OfferArgs { nonce: 7, freeze_authority: LENDER, terms, rider, schedule };
        let schedule = args.validate(&self.market, &self.provider, &clock).unwrap();
        let new = NewCredit {
            market: MARKET,
            lender: LENDER,
            borrower: BORROWER,
            provider: PROVIDER,
            bump: 253,
            vault: VAULT,
            rent_payer: PAYER,
            slot: SLOT,
        };
        self.act(|credit| credit.offer(new, &args, schedule, &clock));
    }

    /// The offer as its parties read it now.
    pub fn offer_read(&self) -> OfferRead {
        OfferRead::from_credit(&self.credit)
    }

    /// The credit with its debt as of now.
    pub fn accrued(&self) -> Credit {
        let mut credit = self.credit;
        credit.accrue(self.clock().market).unwrap();
        credit
    }

    /// The limits of a buyer that has read the loan now.
    pub fn purchase_limits(&self) -> PurchaseLimits {
        PurchaseLimits::from_credit(&self.accrued()).unwrap()
    }

    /// The limits of lender and borrower that have read the loan now.
    pub fn restructure_limits(&self) -> RestructureLimits {
        RestructureLimits::from_credit(&self.accrued()).unwrap()
    }

    pub fn accept(&mut self) {
        let (read, clock) = (self.offer_read(), self.clock());
        self.act(|credit| credit.accept(&BORROWER, read, &clock));
    }

    pub fn issue(&mut self) {
        let (read, clock) = (self.offer_read(), self.clock());
        let payout = self.credit.issue(&mut self.provider, read, &clock).unwrap();
        assert_eq!(payout.amount, self.credit.terms.principal - self.credit.terms.holdback);
        self.note(payout.change);
    }

    /// Pays up to so many micro-USDC.
    pub fn pay(&mut self, amount: u64) {
        let clock = self.clock();
        let amount = self.credit.begin_payment(amount, &clock).unwrap();
        self.act(|credit| credit.receive_payment(BORROWER, amount));
    }

    pub fn clock(&self) -> MarketClock {
        self.market.clock_at(self.now).unwrap()
    }

    /// The clock so many days after [`START`].
    pub fn on_day(&mut self, day: i64) -> MarketClock {
        self.now = START + day * DAY;
        self.clock()
    }

    /// Acts on the credit and notes the change.
    pub fn act(&mut self, action: impl FnOnce(&mut Credit) -> anchor_lang::Result<Change>) {
        let change = action(&mut self.credit).unwrap();
        self.note(change);
    }

    pub fn note(&mut self, change: Change) {
        let _ = self.credit.record(CREDIT, self.now, change.clone()).unwrap();
        self.changes.push(change);
    }
}

/// The scope of reports on the first chunk in an epoch.
pub(super) fn scope(epoch: u32) -> ReportScope {
    ReportScope { cluster_tag: CLUSTER_TAG, market: MARKET, provider: PROVIDER, epoch, chunk: 0 }
}

/// Bytes out of hexadecimal digits.
pub(super) fn hex<const N: usize>(digits: &str) -> [u8; N] {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.try_into().unwrap()
}

/// A signed report on the first credit of the first chunk, with its signature in hexadecimal.
pub(super) fn report(reported_at: i64, cumulative: u64, in_flight: u64, signature: &str) -> SignedReport {
    SignedReport {
        reporter: 0,
        signature: hex(signature),
        reported_at,
        bitmap: 1,
        readings: vec![CreditReading { cumulative, in_flight }],
    }
}
