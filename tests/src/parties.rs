use {
    crate::{DAY, START, USDC, World},
    blockable_sdk::{
        Pubkey, addresses, instructions,
        program::{
            instructions::{FreezeAmount, LotTerms, OfferArgs, UnitAmount},
            report::{CreditReading, ReportScope, SignedReport},
            state::{FreezePolicy, FreezeReason, Instalment, Terms},
        },
        reports::UsageReport,
    },
    solana_sdk::{instruction::Instruction, signature::Keypair, signer::Signer},
};

/// The keys of everyone in a [`World`], the same in every run.
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
        let terms = Terms {
            principal: 100_000 * USDC,
            units: 1_000_000_000,
            late_fee: 500 * USDC,
            offer_expires_at: START + 30 * i64::from(DAY),
            delinquency_grace: 5 * DAY,
            default_grace: 15 * DAY,
            cure_period: 10 * DAY,
            unit_lifetime: 0,
            apr_bps: 1_200,
            freeze_policy: FreezePolicy::OnDelinquency as u8,
            auto_freeze: 1,
            reserved: [0; 4],
        };
        let args = OfferArgs {
            nonce,
            freeze_authority: Parties::key("freezer").pubkey(),
            terms,
            schedule: (1..=5).map(instalment).collect(),
        };
        Loan { args }
    }

    /// The same loan with other terms.
    pub fn with(mut self, change: impl FnOnce(&mut Terms)) -> Loan {
        change(&mut self.args.terms);
        self
    }
}

/// Steps of the lifecycle, for tests that begin in the middle of it.
impl World {
    /// The address of the lender's credit to the borrower with a nonce.
    pub fn credit_address(&self, nonce: u64) -> Pubkey {
        let (lender, borrower) = (self.parties.lender.pubkey(), self.parties.borrower.pubkey());
        addresses::credit(&self.keys.market, &lender, &borrower, nonce)
    }

    /// The instruction that offers a loan.
    pub fn offer(&self, loan: &Loan) -> Instruction {
        let (lender, borrower) = (self.parties.lender.pubkey(), self.parties.borrower.pubkey());
        let source = self.token_account("lender");
        instructions::credit_offer(&self.keys, &lender, &borrower, &self.provider, &source, loan.args.clone())
    }

    /// The instruction by which the borrower accepts what stands in the account.
    pub fn accept(&self, credit: &Pubkey) -> Instruction {
        let hash = self.credit(credit).terms_hash;
        instructions::credit_accept(&self.keys.market, &self.parties.borrower.pubkey(), credit, hash)
    }

    /// The instruction by which the provider issues.
    pub fn issue(&self, credit: &Pubkey) -> Instruction {
        let payout = self.token_account("provider");
        instructions::credit_issue(&self.keys, &self.parties.provider.pubkey(), &payout, credit)
    }

    /// Offers a loan; returns its credit.
    pub fn offered(&mut self, loan: &Loan) -> Pubkey {
        let offer = self.offer(loan);
        self.sent(&[offer], &["lender"]);
        self.credit_address(loan.args.nonce)
    }

    /// Offers and accepts a loan; returns its credit.
    pub fn accepted(&mut self, loan: &Loan) -> Pubkey {
        let credit = self.offered(loan);
        let accept = self.accept(&credit);
        self.sent(&[accept], &["borrower"]);
        credit
    }

    /// Offers, accepts and issues a loan; returns its credit.
    pub fn active(&mut self, loan: &Loan) -> Pubkey {
        let credit = self.accepted(loan);
        let issue = self.issue(&credit);
        self.sent(&[issue], &["provider"]);
        credit
    }

    /// An active loan whose first instalment was missed, marked delinquent as early as the clock allows.
    pub fn delinquent(&mut self, loan: &Loan) -> Pubkey {
        let credit = self.active(loan);
        self.pass(loan.args.schedule[0].due_after + loan.args.terms.delinquency_grace);
        let mark = instructions::credit_mark_delinquent(&self.keys.market, &credit);
        self.sent(&[mark], &[]);
        credit
    }

    /// A loan marked defaulted as early as the clock allows.
    pub fn defaulted(&mut self, loan: &Loan) -> Pubkey {
        let credit = self.delinquent(loan);
        self.pass(loan.args.terms.default_grace - loan.args.terms.delinquency_grace);
        let mark = instructions::credit_mark_defaulted(&self.keys.market, &credit);
        self.sent(&[mark], &[]);
        credit
    }

    /// A defaulted loan, frozen in full, of whose lien `amount` was seized as soon as the cure period had passed.
    pub fn seized(&mut self, loan: &Loan, amount: UnitAmount) -> Pubkey {
        let credit = self.defaulted(loan);
        let freeze = self.freeze(&credit, FreezeAmount::All, FreezeReason::Default);
        self.sent(&[freeze], &["lender"]);
        self.pass(loan.args.terms.cure_period);
        let seize = self.seize(&credit, amount);
        self.sent(&[seize], &["lender"]);
        credit
    }

    /// The instruction by which anyone named pays.
    pub fn repay(&self, payer: &str, credit: &Pubkey, amount: u64) -> Instruction {
        let source = self.token_account(payer);
        instructions::credit_repay(&self.keys, &Parties::key(payer).pubkey(), &source, credit, amount)
    }

    /// The instruction by which the lender freezes.
    pub fn freeze(&self, credit: &Pubkey, amount: FreezeAmount, reason: FreezeReason) -> Instruction {
        instructions::credit_freeze(&self.keys.market, &self.parties.lender.pubkey(), credit, amount, reason)
    }

    /// The prices of the lots that tests sell: from what the loan paid per unit down to half of it, in ten days.
    pub fn lot_terms(&self) -> LotTerms {
        LotTerms { start_price: 100_000_000, floor_price: 50_000_000, window: 10 * DAY }
    }

    /// The instruction by which the lender seizes into the next lot.
    pub fn seize(&self, credit: &Pubkey, amount: UnitAmount) -> Instruction {
        let index = self.credit(credit).lots_opened;
        let lender = self.parties.lender.pubkey();
        instructions::credit_seize_to_pool(
            &self.keys.market,
            &lender,
            credit,
            index,
            amount,
            self.lot_terms(),
        )
    }

    /// The instruction by which the buyer buys from lot 0.
    pub fn buy(&self, credit: &Pubkey, units: u64, max_price: u64) -> Instruction {
        let lot = instructions::LotKeys { credit: *credit, index: 0, provider: self.provider };
        let source = self.token_account("buyer");
        instructions::lot_buy(&self.keys, &self.parties.buyer.pubkey(), &source, &lot, units, max_price)
    }

    /// What the reports of a chunk have in common.
    pub fn scope(&self, chunk: u32) -> ReportScope {
        let epoch = self.provider().epoch;
        ReportScope { market: self.keys.market, provider: self.provider, epoch, chunk }
    }

    /// A reporter's signed report on chunk 0 as of now: per credit its index, cumulative units and units in flight.
    pub fn report(&self, reporter: u8, readings: &[(u32, u64, u64)]) -> SignedReport {
        self.report_at(reporter, self.now(), readings)
    }

    /// As [`World::report`], as of another Unix time.
    pub fn report_at(&self, reporter: u8, at: i64, readings: &[(u32, u64, u64)]) -> SignedReport {
        let mut report = UsageReport::new(self.scope(0), at);
        for (bit, cumulative, in_flight) in readings.iter().copied() {
            report.set(bit, CreditReading { cumulative, in_flight }).expect("a bit of the chunk");
        }
        report.sign(reporter, &Parties::reporter(reporter)).expect("the key signs")
    }

    /// The instruction that meters credits of chunk 0 with two reporters' equal reports as of now.
    pub fn meter(&self, credits: &[Pubkey], readings: &[(u32, u64, u64)]) -> Instruction {
        let reports = vec![self.report(0, readings), self.report(1, readings)];
        instructions::usage_meter(&self.keys.market, &self.provider, 0, reports, credits)
    }
}
