//! The borrower's place goes to another key.

use {
    super::{LoanRead, market::require_ready},
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        transitions::Action,
        units::after,
    },
    anchor_lang::prelude::*,
};

/// The limits within which a key takes the borrower's place: the loan as that key has read it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct BorrowerLimits {
    /// The loan and the worst status.
    pub read: LoanRead,
    /// Hash of the agreement in force.
    pub terms_hash: [u8; 32],
    /// The most that is owed, in micro-USDC.
    pub most_debt: u64,
    /// The fewest units open to use.
    pub least_available: u64,
}

impl BorrowerLimits {
    /// The loan in a credit as it is, no worse. Accrue its debt before ([`Credit::accrue`], on a copy). Errors:
    /// [`BlockableError::UnknownStatus`].
    pub fn from_credit(credit: &Credit) -> Result<BorrowerLimits> {
        Ok(BorrowerLimits {
            read: LoanRead::from_credit(credit)?,
            terms_hash: credit.terms_hash,
            most_debt: credit.debt.total(),
            least_available: credit.collateral.available(),
        })
    }

    /// Requires a loan within the limits, whose debt has been accrued up to now. Errors: [`BlockableError::OfferReplaced`],
    /// [`BlockableError::StatusWorse`], [`BlockableError::TermsHashMismatch`], [`BlockableError::DebtAboveLimit`],
    /// [`BlockableError::UnitsBelowLimit`].
    fn require(&self, credit: &Credit) -> Result<()> {
        self.read.require(credit)?;
        ensure(credit.terms_hash == self.terms_hash, BlockableError::TermsHashMismatch)?;
        ensure(credit.debt.total() <= self.most_debt, BlockableError::DebtAboveLimit)?;
        ensure(credit.collateral.available() >= self.least_available, BlockableError::UnitsBelowLimit)
    }
}

impl Credit {
    /// Offers the borrower's place to another key, which may take it after `delay` seconds of market time; to the zero key:
    /// withdraws the offer. Lender and borrower have both signed. An offer of the loan to another lender is withdrawn.
    /// Errors: the market is paused, the status, [`BlockableError::OfferReplaced`], [`BlockableError::SelfLoan`].
    pub fn offer_borrower(
        &mut self,
        offer_slot: u64,
        to: Pubkey,
        delay: u32,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.begin_by_anyone(Action::HandOver, clock)?;
        self.require_offer(offer_slot)?;
        ensure(to != self.lender, BlockableError::SelfLoan)?;
        self.pending_lender = Pubkey::default();
        let ready_at = if to == Pubkey::default() { 0 } else { after(clock.market, delay)? };
        (self.pending_borrower, self.pending_borrower_ready_at) = (to, ready_at);
        Ok(Change::BorrowerOffered { to, ready_at })
    }

    /// Withdraws the offer of the borrower's place. Errors: the market is paused, the status, [`BlockableError::NotParty`],
    /// [`BlockableError::NotOffered`] where it is offered to nobody.
    pub fn withdraw_borrower(&mut self, signer: &Pubkey, clock: &MarketClock) -> Result<Change> {
        self.begin_by_anyone(Action::HandOver, clock)?;
        ensure(*signer == self.lender || *signer == self.borrower, BlockableError::NotParty)?;
        ensure(self.pending_borrower != Pubkey::default(), BlockableError::NotOffered)?;
        self.keep_borrower();
        Ok(Change::BorrowerOffered { to: Pubkey::default(), ready_at: 0 })
    }

    /// Gives the borrower's place to `signer`, the key that it was offered to, where the loan is within the limits that the
    /// signer states. It owes the debt and uses the units from then on. Errors: the market is paused, the status,
    /// [`BlockableError::NotOffered`], [`BlockableError::ChangeDelayRunning`], [`BlockableError::ChangeLapsed`],
    /// [`BlockableError::SelfLoan`], [`BlockableError::ClaimUncollected`], those of [`BorrowerLimits`].
    pub fn accept_borrower(
        &mut self,
        signer: &Pubkey,
        limits: &BorrowerLimits,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.begin_by_anyone(Action::HandOver, clock)?;
        ensure(self.pending_borrower == *signer, BlockableError::NotOffered)?;
        require_ready(self.pending_borrower_ready_at, clock)?;
        ensure(*signer != self.lender, BlockableError::SelfLoan)?;
        ensure(self.claims.borrower == 0, BlockableError::ClaimUncollected)?;
        self.accrue(clock.market)?;
        limits.require(self)?;
        self.original_borrower = self.address_borrower();
        self.borrower = *signer;
        // A buyer of the loan has read the old borrower and signs for no other.
        self.pending_lender = Pubkey::default();
        self.keep_borrower();
        Ok(Change::BorrowerChanged { to: *signer })
    }

    /// Drops the offer of the borrower's place.
    pub(super) fn keep_borrower(&mut self) {
        (self.pending_borrower, self.pending_borrower_ready_at) = (Pubkey::default(), 0);
    }
}
