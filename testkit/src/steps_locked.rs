use {
    crate::{Loan, Parties, World},
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::{FreezeAmount, UnitBounds},
            state::{Instalment, Rider, Terms},
        },
    },
    solana_sdk::instruction::Instruction,
};

/// Steps that rest on the lock, the holdback and cross-default.
impl World {
    /// The instruction by which anyone named cancels covered units, in any status.
    pub fn cancel_locked(&self, who: &str, credit: &Pubkey, amount: UnitBounds) -> Instruction {
        self.cancel_with(who, None, credit, amount)
    }

    /// The instruction by which lender and borrower cancel covered units together.
    pub fn cancel_together(&self, credit: &Pubkey, amount: UnitBounds) -> Instruction {
        self.cancel_with("lender", Some("borrower"), credit, amount)
    }

    /// The instruction by which anyone named, with anyone else named in the borrower's place, cancels covered units.
    pub fn cancel_with(
        &self,
        who: &str,
        borrower: Option<&str>,
        credit: &Pubkey,
        amount: UnitBounds,
    ) -> Instruction {
        let (signer, borrower) = (Parties::address(who), borrower.map(Parties::address));
        let (market, read) = (&self.keys.market, self.loan_read(credit));
        let provider = &self.credit(credit).provider;
        instructions::credit_cancel_locked(market, &signer, borrower.as_ref(), credit, provider, amount, read)
    }

    /// The sum that must be paid now so that nothing is in arrears, in micro-USDC.
    pub fn arrears(&self, credit: &Pubkey) -> u64 {
        let (mut credit, clock) = (self.credit(credit), self.market().clock_at(self.now()));
        credit.accrue(clock.expect("a market whose time is within 64 bits").market).expect("a debt of tests");
        credit.arrears()
    }

    /// The instruction by which anyone named freezes for the default of another credit.
    pub fn freeze_cross(
        &self,
        who: &str,
        credit: &Pubkey,
        other: &Pubkey,
        amount: FreezeAmount,
    ) -> Instruction {
        let (market, who) = (&self.keys.market, Parties::address(who));
        instructions::credit_freeze_for_cross_default(market, &who, credit, other, amount)
    }

    /// The instruction that thaws what rests on another credit, once that is cured.
    pub fn thaw_cross(&self, credit: &Pubkey, other: &Pubkey) -> Instruction {
        instructions::credit_thaw_cross(&self.keys.market, credit, other)
    }

    /// The instruction by which anyone named pays the provider's claim, at least `least` micro-USDC, to the provider's wallet.
    pub fn collect_earned(&self, caller: &str, credit: &Pubkey, least: u64) -> Instruction {
        let (caller, payout) = (Parties::address(caller), self.token_account("provider"));
        let provider = &self.credit(credit).provider;
        instructions::vault_collect_for_provider(&self.keys, &caller, credit, provider, &payout, least)
    }

    /// The instruction by which lender, borrower and provider agree on new terms and a new schedule.
    pub fn restructure_with_provider(
        &self,
        credit: &Pubkey,
        terms: Terms,
        schedule: Vec<Instalment>,
    ) -> Instruction {
        let authority = Parties::address("provider");
        instructions::with_provider(self.restructure(credit, terms, schedule), &self.provider, &authority)
    }

    /// The instruction by which the market's admin suspends the provider.
    pub fn suspend_by_admin(&self) -> Instruction {
        instructions::provider_suspend(&self.keys.market, &Parties::address("admin"), &self.provider)
    }
}

impl Loan {
    /// The same loan with cross-default.
    pub fn with_cross_default(mut self) -> Loan {
        self.args.rider = Rider { cross_default: 1, ..self.args.rider };
        self
    }
}
