//! A loan is offered and accepted.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{
            Credit, Instalment, Market, MarketClock, Provider, Rider, ScheduleRuns, Terms, VaultClaims,
            terms_hash,
        },
        transitions::{Action, Status},
    },
    anchor_lang::prelude::*,
};

/// The offer of a lender.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct OfferArgs {
    /// The number in the credit's address, chosen by the lender: it distinguishes loans between the same parties.
    pub nonce: u64,
    /// The key that may freeze and thaw as the lender may; the lender's own key where no other is wanted.
    pub freeze_authority: Pubkey,
    /// The terms.
    pub terms: Terms,
    /// The optional terms; all zero for none.
    pub rider: Rider,
    /// 1 to 36 instalments whose principal adds up to the loan's.
    pub schedule: ScheduleRuns,
}

impl OfferArgs {
    /// Checks an offer before its principal is paid in. Returns its instalments one by one. Errors: the market is paused or
    /// halted, the first rule on terms that is broken, [`BlockableError::OfferExpired`], those of
    /// [`Provider::require_takes`].
    pub fn validate(
        &self,
        market: &Market,
        provider: &Provider,
        clock: &MarketClock,
    ) -> Result<Vec<Instalment>> {
        clock.require_new_business()?;
        let terms = &self.terms;
        let schedule = self.schedule.expand().map_err(BlockableError::from)?;
        terms.validate(&schedule, terms.principal, &market.bounds).map_err(BlockableError::from)?;
        self.rider.validate(terms, &schedule, &market.bounds).map_err(BlockableError::from)?;
        ensure(!terms.offer_has_expired(clock.chain), BlockableError::OfferExpired)?;
        provider.require_takes(terms)?;
        Ok(schedule)
    }
}

/// The parties and the addresses of a new credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewCredit {
    /// The market's account.
    pub market: Pubkey,
    /// The lender.
    pub lender: Pubkey,
    /// The borrower.
    pub borrower: Pubkey,
    /// The provider's account.
    pub provider: Pubkey,
    /// Bump of the credit's address.
    pub bump: u8,
    /// The token account that holds the credit's money.
    pub vault: Pubkey,
    /// The key that paid the rent of credit and vault.
    pub rent_payer: Pubkey,
    /// The slot of the offer.
    pub slot: u64,
}

/// The offer that a borrower accepts or a provider issues on, as it has read it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferRead {
    /// Hash of the agreement; see [`terms_hash`].
    pub terms_hash: [u8; 32],
    /// Slot of the offer; 0 for an offer made in the slot of this instruction, as in one transaction with it.
    pub slot: u64,
}

impl OfferRead {
    /// The offer in a credit.
    pub fn from_credit(credit: &Credit) -> OfferRead {
        OfferRead { terms_hash: credit.terms_hash, slot: credit.offer_slot }
    }

    /// Puts `now`, the slot of this instruction, in the place of a slot of 0.
    pub fn in_slot(self, now: u64) -> OfferRead {
        if self.slot == 0 { OfferRead { slot: now, ..self } } else { self }
    }

    /// Requires that the offer in `credit` is the one that was read. Errors: [`BlockableError::TermsHashMismatch`],
    /// [`BlockableError::OfferReplaced`].
    pub(super) fn require(&self, credit: &Credit) -> Result<()> {
        ensure(credit.terms_hash == self.terms_hash, BlockableError::TermsHashMismatch)?;
        credit.require_offer(self.slot)
    }
}

impl Credit {
    /// Sets up a zeroed credit for an offer whose principal is in the vault; `schedule` is what [`OfferArgs::validate`]
    /// returned. Errors: [`crate::units::Overflow`].
    pub fn offer(
        &mut self,
        new: NewCredit,
        args: &OfferArgs,
        schedule: Vec<Instalment>,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.version = Credit::VERSION;
        self.status = Status::Offered.byte();
        self.bump = new.bump;
        self.vault = new.vault;
        self.rent_payer = new.rent_payer;
        self.offer_slot = new.slot;
        self.lender = new.lender;
        self.borrower = new.borrower;
        self.provider = new.provider;
        self.market = new.market;
        self.freeze_authority = args.freeze_authority;
        self.nonce = args.nonce;
        self.terms = args.terms;
        self.set_schedule(&schedule)?;
        self.rider = args.rider;
        self.paused_at_offer = clock.seconds_paused()?;
        self.terms_hash = terms_hash(&self.parties(), &args.terms, &args.rider, &schedule)?;
        self.claims = VaultClaims { escrow: args.terms.principal, ..VaultClaims::default() };
        Ok(Change::Offered {
            terms_hash: self.terms_hash,
            slot: new.slot,
            terms: args.terms,
            rider: args.rider,
            schedule,
        })
    }

    /// Accepts the offer that was read. Errors: the market is paused or halted, [`BlockableError::NotBorrower`], the status,
    /// [`BlockableError::TermsHashMismatch`], [`BlockableError::OfferReplaced`], [`BlockableError::OfferExpired`].
    pub fn accept(&mut self, signer: &Pubkey, read: OfferRead, clock: &MarketClock) -> Result<Change> {
        clock.require_new_business()?;
        ensure(self.borrower == *signer, BlockableError::NotBorrower)?;
        self.advance(Action::Accept)?;
        read.require(self)?;
        ensure(!self.offer_has_expired(clock)?, BlockableError::OfferExpired)?;
        Ok(Change::Accepted)
    }
}
