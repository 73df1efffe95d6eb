use {
    crate::{DAY, Loan, Parties, World},
    blockable_sdk::{
        Pubkey, addresses,
        instructions::{self, LotKeys, Payment},
        program::{
            instructions::{FreezeAmount, LoanRead, LotTerms, OfferRead, ThawBounds, UnitBounds},
            report::{CreditReading, ReportScope, SignedReport},
            state::{FreezeReason, Party},
            transitions::Status,
        },
        reports::UsageReport,
    },
    solana_sdk::{instruction::Instruction, signer::Signer},
};

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
        let args = loan.args.clone();
        instructions::credit_offer(&self.keys, &lender, &lender, &borrower, &self.provider, &source, args)
    }

    /// The offer as it stands in the account.
    pub fn offer_read(&self, credit: &Pubkey) -> OfferRead {
        let credit = self.credit(credit);
        OfferRead { terms_hash: credit.terms_hash, slot: credit.offer_slot }
    }

    /// The loan as it stands in the account, in any status.
    pub fn loan_read(&self, credit: &Pubkey) -> LoanRead {
        LoanRead { offer_slot: self.credit(credit).offer_slot, worst_status: Status::Seizing }
    }

    /// The instruction by which the borrower accepts what stands in the account.
    pub fn accept(&self, credit: &Pubkey) -> Instruction {
        let (borrower, read) = (self.parties.borrower.pubkey(), self.offer_read(credit));
        instructions::credit_accept(&self.keys.market, &borrower, credit, read)
    }

    /// The instruction by which the provider issues what stands in the account.
    pub fn issue(&self, credit: &Pubkey) -> Instruction {
        let (payout, read) = (self.token_account("provider"), self.offer_read(credit));
        let authority = self.parties.provider.pubkey();
        instructions::credit_issue(&self.keys, &authority, &self.provider, &payout, credit, read)
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
        self.pass(loan.schedule()[0].due_after + loan.args.terms.delinquency_grace);
        let mark = self.mark_delinquent(&credit);
        self.sent(&[mark], &[]);
        credit
    }

    /// A loan marked defaulted as early as the clock allows.
    pub fn defaulted(&mut self, loan: &Loan) -> Pubkey {
        let credit = self.delinquent(loan);
        self.pass(loan.args.terms.default_grace - loan.args.terms.delinquency_grace);
        let mark = self.mark_defaulted(&credit);
        self.sent(&[mark], &[]);
        credit
    }

    /// A defaulted loan, frozen in full, of whose lien `amount` was seized as soon as the cure period had passed.
    pub fn seized(&mut self, loan: &Loan, amount: UnitBounds) -> Pubkey {
        let credit = self.defaulted(loan);
        let freeze = self.freeze(&credit, FreezeAmount::All, FreezeReason::Default);
        self.sent(&[freeze], &["lender"]);
        self.pass(loan.args.terms.cure_period);
        let seize = self.seize(&credit, amount);
        self.sent(&[seize], &["lender"]);
        credit
    }

    /// The instruction by which the provider sets its capacity.
    pub fn set_capacity(&self, capacity_units: u64) -> Instruction {
        let authority = Parties::address("provider");
        instructions::provider_set_capacity(&self.keys.market, &authority, &self.provider, capacity_units)
    }

    /// The instruction by which anyone named pays, in any status.
    pub fn repay(&self, payer: &str, credit: &Pubkey, amount: u64) -> Instruction {
        let source = self.token_account(payer);
        let payment = Payment::in_any_status(amount, self.credit(credit).offer_slot);
        instructions::credit_repay(&self.keys, &Parties::address(payer), &source, credit, payment)
    }

    /// The instruction by which the lender freezes.
    pub fn freeze(&self, credit: &Pubkey, amount: FreezeAmount, reason: FreezeReason) -> Instruction {
        self.freeze_by("lender", credit, amount, reason)
    }

    /// The instruction by which anyone named freezes.
    pub fn freeze_by(
        &self,
        who: &str,
        credit: &Pubkey,
        amount: FreezeAmount,
        reason: FreezeReason,
    ) -> Instruction {
        instructions::credit_freeze(&self.keys.market, &Parties::address(who), credit, amount, reason)
    }

    /// The prices of the lots that tests sell: from what the loan paid per unit down to half of it, in ten days.
    pub fn lot_terms(&self) -> LotTerms {
        LotTerms { start_price: 100_000_000, floor_price: 50_000_000, window: 10 * DAY }
    }

    /// The instruction by which the lender seizes into the next lot, at the prices of [`World::lot_terms`].
    pub fn seize(&self, credit: &Pubkey, amount: UnitBounds) -> Instruction {
        self.seize_at(credit, amount, self.lot_terms())
    }

    /// The instruction by which the lender seizes into the next lot.
    pub fn seize_at(&self, credit: &Pubkey, amount: UnitBounds, terms: LotTerms) -> Instruction {
        let index = self.credit(credit).lots_opened;
        let lender = self.parties.lender.pubkey();
        let market = &self.keys.market;
        instructions::credit_seize_to_pool(market, &lender, &lender, credit, index, amount, terms)
    }

    /// The instruction by which the buyer buys from lot 0.
    pub fn buy(&self, credit: &Pubkey, units: u64, max_price: u64) -> Instruction {
        self.buy_from("buyer", credit, 0, units, max_price)
    }

    /// The instruction by which anyone named buys from a lot.
    pub fn buy_from(
        &self,
        buyer: &str,
        credit: &Pubkey,
        index: u32,
        units: u64,
        max_price: u64,
    ) -> Instruction {
        let units_expire_at = self.credit(credit).units_expire_at;
        let lot = LotKeys { credit: *credit, index, provider: self.provider, units_expire_at };
        let (source, buyer) = (self.token_account(buyer), Parties::address(buyer));
        let amount = UnitBounds::exactly(units);
        instructions::lot_buy(&self.keys, &buyer, &buyer, &source, &lot, amount, max_price)
    }

    /// The address of a party's unrestricted credit at the provider.
    pub fn unrestricted(&self, name: &str) -> Pubkey {
        addresses::unrestricted_credit(&self.keys.market, &self.provider, &Parties::address(name), 0)
    }

    /// The instruction by which anyone named closes a lot.
    pub fn close_lot(&self, closer: &str, credit: &Pubkey, index: u32) -> Instruction {
        let lender = self.parties.lender.pubkey();
        instructions::lot_close(&self.keys.market, &Parties::address(closer), &lender, credit, index)
    }

    /// The instruction by which anyone named pays a claim out to a token account.
    pub fn collect(&self, caller: &str, credit: &Pubkey, party: Party, to: &Pubkey) -> Instruction {
        instructions::vault_collect(&self.keys, &Parties::address(caller), credit, to, party, 0)
    }

    /// The instruction by which a party withdraws an offer; the principal goes to the lender's account.
    pub fn cancel(&self, party: &str, credit: &Pubkey) -> Instruction {
        let (lender, refund) = (self.parties.lender.pubkey(), self.token_account("lender"));
        let (party, slot) = (Parties::address(party), self.credit(credit).offer_slot);
        instructions::credit_cancel_offer(&self.keys, &party, &lender, credit, &refund, slot)
    }

    /// The instruction that marks a credit delinquent.
    pub fn mark_delinquent(&self, credit: &Pubkey) -> Instruction {
        instructions::credit_mark_delinquent(&self.keys.market, credit)
    }

    /// The instruction that marks a credit defaulted.
    pub fn mark_defaulted(&self, credit: &Pubkey) -> Instruction {
        instructions::credit_mark_defaulted(&self.keys.market, credit)
    }

    /// The instruction that freezes a defaulted credit without the lender.
    pub fn auto_freeze(&self, credit: &Pubkey) -> Instruction {
        instructions::credit_auto_freeze(&self.keys.market, credit)
    }

    /// The instruction by which anyone named thaws.
    pub fn thaw(&self, who: &str, credit: &Pubkey, bounds: ThawBounds) -> Instruction {
        instructions::credit_thaw(&self.keys.market, &Parties::address(who), credit, bounds)
    }

    /// The fields that the reports of a chunk share.
    pub fn scope(&self, chunk: u32) -> ReportScope {
        ReportScope::new(&self.provider(), self.provider, chunk)
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
        self.meter_with(credits, reports)
    }

    /// The instruction that meters credits of chunk 0 with the reports given.
    pub fn meter_with(&self, credits: &[Pubkey], reports: Vec<SignedReport>) -> Instruction {
        instructions::usage_meter(&self.keys.market, &self.provider, 0, reports, credits)
    }
}
