use {
    crate::{DAY, Landed, Loan, Parties, World},
    blockable_sdk::{
        Pubkey, addresses, instructions,
        program::{
            instructions::{Notice, PurchaseLimits, RestructureLimits, UnitBounds},
            state::{Instalment, MarketSettings, ProviderSettings, Rider, Terms},
            transitions::Status,
        },
    },
    solana_sdk::{instruction::Instruction, signer::Signer},
};

/// Steps outside the plain lifecycle: acts of the market's roles, and later agreements of lender and borrower.
impl World {
    /// The instruction by which anyone named proposes settings of the market.
    pub fn propose(&self, who: &str, settings: MarketSettings) -> Instruction {
        instructions::market_propose_change(&self.keys.market, &Parties::address(who), settings)
    }

    /// The instruction by which anyone named proposes settings of the provider, paid out to the provider's wallet.
    pub fn propose_provider(&self, who: &str, settings: ProviderSettings) -> Instruction {
        let settings = self.paid_out(settings);
        instructions::provider_propose_change(
            &self.keys.market,
            &Parties::address(who),
            &self.provider,
            settings,
        )
    }

    /// The instruction by which anyone named applies the change that the provider has proposed.
    pub fn apply_provider(&self, who: &str) -> Instruction {
        let ready_at = self.provider().change_ready_at;
        instructions::provider_apply_change(
            &self.keys.market,
            &Parties::address(who),
            &self.provider,
            ready_at,
        )
    }

    /// Puts settings of the provider in force: at once, or when the market's delay has passed.
    pub fn change_provider(&mut self, settings: ProviderSettings) -> Landed {
        let propose = self.propose_provider("provider", settings);
        let landed = self.sent(&[propose], &["provider"]);
        if self.provider().change_ready_at == 0 {
            return landed;
        }
        self.pass(self.market().provider_delay);
        let apply = self.apply_provider("provider");
        self.sent(&[apply], &["provider"])
    }

    /// The instruction by which anyone named pauses the market.
    pub fn pause_by(&self, who: &str, seconds: u32) -> Instruction {
        instructions::market_pause(&self.keys.market, &Parties::address(who), seconds)
    }

    /// The instruction by which anyone named ends the pause that is in force.
    pub fn unpause_by(&self, who: &str) -> Instruction {
        let began_at = self.market().paused_at;
        instructions::market_unpause(&self.keys.market, &Parties::address(who), began_at)
    }

    /// The instruction by which anyone named halts the market.
    pub fn halt_by(&self, who: &str) -> Instruction {
        instructions::market_halt(&self.keys.market, &Parties::address(who))
    }

    /// The instruction by which anyone named lifts the latest halt.
    pub fn lift_halt_by(&self, who: &str) -> Instruction {
        instructions::market_lift_halt(&self.keys.market, &Parties::address(who), self.market().halted_at)
    }

    /// The instruction by which anyone named applies the change that is proposed.
    pub fn apply_change_by(&self, who: &str) -> Instruction {
        let ready_at = self.market().change_ready_at;
        instructions::market_apply_change(&self.keys.market, &Parties::address(who), ready_at)
    }

    /// The instruction by which anyone named drops the change that is proposed.
    pub fn cancel_change_by(&self, who: &str) -> Instruction {
        let ready_at = self.market().change_ready_at;
        instructions::market_cancel_change(&self.keys.market, &Parties::address(who), ready_at)
    }

    /// Seconds paused, or set aside, today.
    pub fn paused_today(&self) -> u32 {
        let today = self.now() / i64::from(DAY);
        self.market().paused_on(u32::try_from(today).expect("a day after 1970")).into()
    }

    /// The instruction by which anyone named puts cash into a credit's reserve.
    pub fn fund_reserve(&self, payer: &str, credit: &Pubkey, amount: u64) -> Instruction {
        let (source, read) = (self.token_account(payer), self.loan_read(credit));
        instructions::reserve_fund(&self.keys, &Parties::address(payer), &source, credit, amount, read)
    }

    /// The instruction that draws a credit's reserve.
    pub fn draw_reserve(&self, credit: &Pubkey) -> Instruction {
        instructions::reserve_draw(&self.keys.market, credit)
    }

    /// The instruction that applies a credit's covenant.
    pub fn apply_covenant(&self, credit: &Pubkey) -> Instruction {
        instructions::covenant_apply(&self.keys.market, credit)
    }

    /// The instruction by which lender and borrower agree on new terms and a new schedule.
    pub fn restructure(&self, credit: &Pubkey, terms: Terms, schedule: Vec<Instalment>) -> Instruction {
        let (lender, borrower) = (self.parties.lender.pubkey(), self.parties.borrower.pubkey());
        let (market, read) = (&self.keys.market, self.loan_read(credit));
        let restructurings = self.credit(credit).restructurings;
        let limits = RestructureLimits { read, restructurings, most_debt: u64::MAX, least_lien: 0 };
        instructions::credit_restructure(market, &lender, &borrower, credit, terms, &schedule, limits)
    }

    /// The instruction by which anyone named waives late fees.
    pub fn waive_fee(&self, who: &str, credit: &Pubkey, amount: u64) -> Instruction {
        instructions::credit_waive_fee(&self.keys.market, &Parties::address(who), credit, amount)
    }

    /// The instruction by which anyone named offers the loan to another lender.
    pub fn offer_lender(&self, who: &str, credit: &Pubkey, to: &str) -> Instruction {
        self.offer_lender_to(who, credit, Parties::address(to))
    }

    /// The instruction by which anyone named offers the loan to a key; the zero key withdraws the offer.
    pub fn offer_lender_to(&self, who: &str, credit: &Pubkey, to: Pubkey) -> Instruction {
        let slot = self.credit(credit).offer_slot;
        instructions::credit_offer_lender(&self.keys.market, &Parties::address(who), credit, slot, to)
    }

    /// The instruction by which anyone named sets the freeze authority.
    pub fn set_freeze_authority(&self, who: &str, credit: &Pubkey, to: Pubkey) -> Instruction {
        let slot = self.credit(credit).offer_slot;
        instructions::credit_set_freeze_authority(&self.keys.market, &Parties::address(who), credit, slot, to)
    }

    /// The instruction by which lender and borrower offer the borrower's place.
    pub fn offer_borrower(&self, credit: &Pubkey, to: Pubkey) -> Instruction {
        let (lender, borrower) = (Parties::address("lender"), Parties::address("borrower"));
        let slot = self.credit(credit).offer_slot;
        instructions::credit_offer_borrower(&self.keys.market, &lender, &borrower, credit, slot, to)
    }

    /// The instruction by which anyone named takes a loan over.
    pub fn accept_lender(&self, who: &str, credit: &Pubkey) -> Instruction {
        let limits = PurchaseLimits {
            read: self.loan_read(credit),
            terms_hash: self.credit(credit).terms_hash,
            least_debt: 0,
            least_lien: 0,
            most_frozen: u64::MAX,
            most_locked: u64::MAX,
            least_holdback: 0,
            least_apr_bps: 0,
        };
        instructions::credit_accept_lender(&self.keys.market, &Parties::address(who), credit, limits)
    }

    /// The instruction by which anyone named gives notice of default.
    pub fn give_notice(&self, who: &str, credit: &Pubkey) -> Instruction {
        let offer_slot = self.credit(credit).offer_slot;
        let notice = Notice { document: [7; 32], offer_slot, least_status: Status::Active };
        instructions::credit_give_notice(&self.keys.market, &Parties::address(who), credit, notice)
    }

    /// The instruction by which anyone named withdraws the notice.
    pub fn withdraw_notice(&self, who: &str, credit: &Pubkey) -> Instruction {
        let given_at = self.credit(credit).defaulted_at;
        instructions::credit_withdraw_notice(&self.keys.market, &Parties::address(who), credit, given_at)
    }

    /// The instruction by which anyone named takes collateral over.
    pub fn seize_to_lender(&self, who: &str, credit: &Pubkey, amount: UnitBounds) -> Instruction {
        let state = self.credit(credit);
        let (lender, expiry) = (Parties::address(who), state.units_expire_at);
        let market = &self.keys.market;
        let provider = &state.provider;
        instructions::credit_seize_to_lender(market, &lender, &lender, credit, provider, expiry, amount)
    }

    /// The instruction by which anyone named writes the debt off.
    pub fn write_off(&self, who: &str, credit: &Pubkey) -> Instruction {
        let state = self.credit(credit);
        let (market, lender) = (&self.keys.market, Parties::address(who));
        let (provider, slot) = (&state.provider, state.offer_slot);
        instructions::credit_write_off(market, &lender, credit, provider, slot, u64::MAX)
    }

    /// The instruction that expires a credit's units.
    pub fn expire_units(&self, credit: &Pubkey) -> Instruction {
        instructions::credit_expire_units(&self.keys.market, credit)
    }

    /// The instruction that removes a credit's vault; rent to the lender, the rest to the treasury.
    pub fn close_vault(&self, credit: &Pubkey) -> Instruction {
        let treasury = self.token_account("treasury");
        instructions::vault_close(&self.keys, credit, &self.credit(credit).rent_payer, &treasury)
    }

    /// The instruction by which anyone named removes a credit.
    pub fn close_credit(&self, closer: &str, credit: &Pubkey) -> Instruction {
        let state = self.credit(credit);
        let (closer, receiver) = (Parties::address(closer), state.rent_payer);
        let market = &self.keys.market;
        instructions::credit_close(market, &closer, &receiver, credit, &state.provider, u64::MAX)
    }

    /// The address of a party's unrestricted credit whose units expire at a market time.
    pub fn unrestricted_until(&self, name: &str, units_expire_at: i64) -> Pubkey {
        let owner = Parties::address(name);
        addresses::unrestricted_credit(&self.keys.market, &self.provider, &owner, units_expire_at)
    }

    /// An active loan whose reserve the borrower has funded in full, where one was agreed.
    pub fn active_with_reserve(&mut self, loan: &Loan) -> Pubkey {
        let credit = self.accepted(loan);
        if loan.args.rider.reserve > 0 {
            let fund = self.fund_reserve("borrower", &credit, loan.args.rider.reserve);
            self.sent(&[fund], &["borrower"]);
        }
        let issue = self.issue(&credit);
        self.sent(&[issue], &["provider"]);
        credit
    }
}

/// A covenant: from 90 % of the plan on the APR falls by 1 %, to 10.5 % at least; below 50 % it rises by 1 %, to 13.5 % at most.
pub fn covenant(planned_units: u64, window: u32) -> Rider {
    Rider {
        planned_units,
        covenant_window: window,
        high_bps: 9_000,
        low_bps: 5_000,
        apr_step_bps: 100,
        apr_floor_bps: 1_050,
        apr_ceiling_bps: 1_350,
        ..Rider::default()
    }
}

impl Loan {
    /// The same loan with a rider.
    pub fn with_rider(mut self, rider: Rider) -> Loan {
        self.args.rider = rider;
        self
    }
}
