use {
    crate::{DAY, START, USDC},
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{LotTerms, OfferArgs},
            state::{
                AutoFreeze, FreezePolicy, Instalment, ProviderSettings, Reporter, Rider, ScheduleRuns, Terms,
            },
            units::PRICE_SCALE,
        },
    },
    solana_sdk::{signature::Keypair, signer::Signer},
    std::ops::Range,
};

/// The keys of everyone in a [`World`](crate::World), the same in every run.
pub struct Parties {
    /// Pays fees and holds no role.
    pub payer: Keypair,
    /// The market's admin.
    pub admin: Keypair,
    /// The market's guardian.
    pub guardian: Keypair,
    /// Owner of the treasury's token account.
    pub treasury: Keypair,
    /// The lender.
    pub lender: Keypair,
    /// The lender's freeze authority.
    pub freezer: Keypair,
    /// The borrower.
    pub borrower: Keypair,
    /// The provider's authority.
    pub provider: Keypair,
    /// Buys from lots.
    pub buyer: Keypair,
    /// Has no part in anything.
    pub stranger: Keypair,
}

impl Parties {
    /// The names by which [`Parties::key`] gives the keys.
    pub const NAMES: [&str; 10] = [
        "payer", "admin", "guardian", "treasury", "lender", "freezer", "borrower", "provider", "buyer",
        "stranger",
    ];

    /// The key that belongs to a name: the name itself is the seed.
    pub fn key(name: &str) -> Keypair {
        let mut seed = [0; 32];
        seed[..name.len()].copy_from_slice(name.as_bytes());
        Keypair::new_from_array(seed)
    }

    /// The public key that belongs to a name.
    pub fn address(name: &str) -> Pubkey {
        Parties::key(name).pubkey()
    }

    /// The key of the reporter at an index.
    pub fn reporter(index: u8) -> Keypair {
        Parties::key(&format!("reporter {index}"))
    }

    /// Everyone.
    pub fn new() -> Parties {
        Parties {
            payer: Parties::key("payer"),
            admin: Parties::key("admin"),
            guardian: Parties::key("guardian"),
            treasury: Parties::key("treasury"),
            lender: Parties::key("lender"),
            freezer: Parties::key("freezer"),
            borrower: Parties::key("borrower"),
            provider: Parties::key("provider"),
            buyer: Parties::key("buyer"),
            stranger: Parties::key("stranger"),
        }
    }
}

impl Default for Parties {
    fn default() -> Self {
        Parties::new()
    }
}

impl Parties {
    /// Settings of the provider, but for the payout account: reporters of some numbers with a quorum of two, and bounds that
    /// [`Loan::new`] uses in full.
    pub fn provider_settings(reporters: Range<u8>) -> ProviderSettings {
        let reporter = |index| Reporter {
            key: Parties::reporter(index).pubkey(),
            expires_at: START + 400 * i64::from(DAY),
        };
        let listed: Vec<Reporter> = reporters.map(reporter).collect();
        ProviderSettings {
            chunk_size: 32,
            max_units_per_second: 10_000,
            longest_job: 30 * DAY,
            ..ProviderSettings::with_reporters(&listed, 2)
        }
    }
}

/// The loan that tests begin with: $100,000 over five instalments of $20,000, 30 days apart, at 12 %.
#[derive(Clone, Debug)]
pub struct Loan {
    /// The offer.
    pub args: OfferArgs,
}

impl Loan {
    /// The loan with a nonce.
    pub fn new(nonce: u64) -> Loan {
        let instalment = |month: u32| Instalment { due_after: month * 30 * DAY, principal: 20_000 * USDC };
        let schedule: Vec<Instalment> = (1..=5).map(instalment).collect();
        let settings = Parties::provider_settings(0..3);
        let terms = Terms {
            principal: 100_000 * USDC,
            units: 1_000_000_000,
            unlocked_ahead: 1_000_000_000,
            holdback: 0,
            late_fee: 500 * USDC,
            offer_expires_at: START + 30 * i64::from(DAY),
            max_units_per_second: settings.max_units_per_second,
            delinquency_grace: 5 * DAY,
            default_grace: 15 * DAY,
            cure_period: 10 * DAY,
            unit_lifetime: 0,
            longest_job: settings.longest_job,
            apr_bps: 1_200,
            holdback_apr_bps: 0,
            freeze_policy: FreezePolicy::OnDelinquency as u8,
            auto_freeze: AutoFreeze::FromDefault as u8,
            reserved: [0; 6],
            reporters_hash: settings.reporters_hash(),
        };
        let args = OfferArgs {
            nonce,
            freeze_authority: Parties::key("freezer").pubkey(),
            terms,
            rider: Rider::default(),
            schedule: ScheduleRuns::from_schedule(&schedule),
        };
        Loan { args }
    }

    /// A loan on the standard preset, with a nonce: `principal` micro-USDC for `units`, in twelve instalments 30 days apart, the
    /// first one due on day 1, the last one with what twelfths leave over. Half of an instalment's units are unlocked ahead, half
    /// of the price of the locked ones is held back, at half of the annual rate of 14 %. Graces of 2 and 7 days, a cure period of
    /// 10, freezes and automatic freezes from delinquency. [`Loan::standard_lot`] has the lots that go with it.
    pub fn standard(nonce: u64, principal: u64, units: u64) -> Loan {
        let even = principal / 12;
        let instalment = |month: u32| {
            let rest = if month == 11 { principal % 12 } else { 0 };
            Instalment { due_after: (1 + month * 30) * DAY, principal: even + rest }
        };
        let schedule: Vec<Instalment> = (0..12).map(instalment).collect();
        let unlocked_ahead = units / 24;
        let locked = u128::from(units - unlocked_ahead);
        let holdback = locked * u128::from(principal) / u128::from(units) / 2;
        let terms = |terms: &mut Terms| {
            (terms.principal, terms.units, terms.unlocked_ahead) = (principal, units, unlocked_ahead);
            terms.holdback = u64::try_from(holdback).expect("less than the principal");
            (terms.apr_bps, terms.holdback_apr_bps) = (1_400, 700);
            terms.late_fee = even / 50;
            (terms.delinquency_grace, terms.default_grace) = (2 * DAY, 7 * DAY);
            terms.auto_freeze = AutoFreeze::FromDelinquency as u8;
        };
        Loan::new(nonce).with(terms).with_schedule(&schedule)
    }

    /// The lots of the standard preset: from what the loan paid for its units down to 70 % of it, in 45 days.
    pub fn standard_lot(&self) -> LotTerms {
        let Terms { principal, units, .. } = self.args.terms;
        let price = |percent: u64| {
            let paid = u128::from(principal) * u128::from(PRICE_SCALE) * u128::from(percent);
            u64::try_from(paid.div_ceil(u128::from(units) * 100)).expect("a price of an offer")
        };
        LotTerms { start_price: price(100), floor_price: price(70), window: 45 * DAY }
    }

    /// The instalments.
    pub fn schedule(&self) -> Vec<Instalment> {
        self.args.schedule.expand().expect("as many dates as instalments")
    }

    /// The same loan with other instalments.
    pub fn with_schedule(mut self, schedule: &[Instalment]) -> Loan {
        self.args.schedule = ScheduleRuns::from_schedule(schedule);
        self
    }

    /// The same loan with other terms. A loan without a lock has none with other units either.
    pub fn with(mut self, change: impl FnOnce(&mut Terms)) -> Loan {
        let terms = &mut self.args.terms;
        let (units, ahead) = (terms.units, terms.unlocked_ahead);
        change(terms);
        if ahead == units && terms.unlocked_ahead == ahead {
            terms.unlocked_ahead = terms.units;
        }
        self
    }
}
