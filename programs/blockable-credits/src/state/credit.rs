//! The account of a loan.

use {
    crate::{
        auction,
        errors::{BlockableError, ensure},
        state::{
            Collateral, CovenantState, Debt, FreezePolicy, FreezeRecord, Instalment, MAX_INSTALMENTS,
            MarketClock, Meter, Party, Rider, Terms, VaultClaims,
        },
        transitions::{Action, Status, next},
        units::{Overflow, add, after},
    },
    anchor_lang::prelude::*,
};

/// A loan and the compute credits that secure it, or credits without a lender: units bought from a lot or taken
/// over, whose `lender` is the provider's account.
///
/// The functions in `actions` change it, each after a check of the pause, the signer and the status.
#[account(zero_copy)]
pub struct Credit {
    /// Layout version, [`Credit::VERSION`]. Offset 8.
    pub version: u8,
    /// A [`Status`] as its byte. Offset 9.
    pub status: u8,
    /// 1 while the units secure a debt and can be frozen under the policy. Offset 10.
    pub blockable: u8,
    /// Bump of the credit's address. Offset 11.
    pub bump: u8,
    /// 1 once the vault is gone. Offset 12.
    pub vault_closed: u8,
    /// The [`FreezeReason`](crate::state::FreezeReason) of the latest freeze as its byte; meaningful while units are
    /// frozen. [`Collateral`] has the amounts by reason. Offset 13.
    pub freeze_reason: u8,
    /// Instalments in the schedule. Offset 14.
    pub instalment_count: u8,
    /// 1 once the credit has an index in its provider's reports. Offset 15.
    pub has_index: u8,
    /// The lender; for an unrestricted credit the provider's account, for which nobody can sign. Offset 16.
    pub lender: Pubkey,
    /// The key that uses the units and owes the debt. Offset 48.
    pub borrower: Pubkey,
    /// The provider's account. Offset 80.
    pub provider: Pubkey,
    /// The market's account. Offset 112.
    pub market: Pubkey,
    /// A key that may freeze and thaw as the lender may, and nothing else. Offset 144.
    pub freeze_authority: Pubkey,
    /// The token account that holds the escrow, the claims and the reserve; zero for an unrestricted credit. Offset 176.
    pub vault: Pubkey,
    /// The number in the credit's address, chosen by the lender.
    pub nonce: u64,
    /// Hash of the agreement in force; see [`terms_hash`](crate::state::terms_hash).
    pub terms_hash: [u8; 32],
    /// The terms of the loan.
    pub terms: Terms,
    /// The debt.
    pub debt: Debt,
    /// The units: granted, used, seized, frozen.
    pub collateral: Collateral,
    /// The state of metering.
    pub meter: Meter,
    /// Claims on the money in the vault.
    pub claims: VaultClaims,
    /// Principal repaid by payments before the first seizure, in micro-USDC; it releases the lien.
    pub principal_repaid: u64,
    /// Recovered by lots, takeovers, cancels and payments since the first seizure, and by the cancel of a write-off, in micro-USDC.
    pub recovered: u64,
    /// Market time of issue, from which due dates count.
    pub issued_at: i64,
    /// Market time of the mark of default; 0 when there is none.
    pub defaulted_at: i64,
    /// Events recorded so far.
    pub event_seq: u64,
    /// Hash chain over them: `sha256(event_hash | event)`.
    pub event_hash: [u8; 32],
    /// Lots opened so far; the next lot's index.
    pub lots_opened: u32,
    /// Lots that are open now.
    pub lots_open: u32,
    /// Seconds from issue to each due date.
    pub due_after: [u32; MAX_INSTALMENTS],
    /// Principal due at each date, in micro-USDC.
    pub principal_due: [u64; MAX_INSTALMENTS],
    /// The key that the loan is offered to; zero for none.
    pub pending_lender: Pubkey,
    /// The lender in the credit's address, once the loan has been assigned; zero before.
    pub original_lender: Pubkey,
    /// The key that the borrower's place is offered to; zero for none.
    pub pending_borrower: Pubkey,
    /// The borrower in the credit's address, once its place has been handed over; zero before.
    pub original_borrower: Pubkey,
    /// The key that paid the rent of the account and its vault, and gets it back.
    pub rent_payer: Pubkey,
    /// Market time from which `pending_borrower` may take the borrower's place; 0 when it is offered to nobody.
    pub pending_borrower_ready_at: i64,
    /// Slot of the offer: an address that is used again holds another agreement, even on the same terms.
    pub offer_slot: u64,
    /// The optional terms.
    pub rider: Rider,
    /// The state of the covenant on utilisation.
    pub covenant: CovenantState,
    /// The borrower's cash reserve in the vault, in micro-USDC.
    pub reserve_held: u64,
    /// Market time of the draw since which the reserve has been short; 0 while it is full.
    pub reserve_drawn_at: i64,
    /// Part of the principal that is still held back in the vault, in micro-USDC.
    pub holdback_left: u64,
    /// Market time at which units that are unused expire; 0 for never.
    pub units_expire_at: i64,
    /// Market time that due dates count from after a restructuring; 0 when there was none.
    pub restructured_at: i64,
    /// Market time of the latest freeze; 0 when there was none.
    pub frozen_at_market: i64,
    /// Seconds the market had been paused for when the offer was made.
    pub paused_at_offer: u64,
    /// Coupons added to the principal, in micro-USDC; they fall due with the last instalment.
    pub capitalised: u64,
    /// The other credit that a freeze for cross-default rests on; meaningful while units are frozen for it.
    pub cross_credit: Pubkey,
    /// Restructurings so far.
    pub restructurings: u16,
    /// 1 while a notice of default for a breach is in force, which payments of arrears do not cure.
    pub notice_given: u8,
    /// Zero.
    pub padding: [u8; 5],
    /// The freeze before the latest one, where the two landed within a minute; reports from before it are measured by it.
    pub earlier_freeze: FreezeRecord,
    /// Zero; kept for later versions.
    pub reserved: [u8; 16],
}

const _: () = assert!(size_of::<Credit>() == 1_528);
const _: () = assert!(Credit::SPACE <= 1_536);

impl Credit {
    /// The layout this program writes.
    pub const VERSION: u8 = 1;

    /// Bytes of the account with its discriminator.
    pub const SPACE: usize = 8 + size_of::<Credit>();

    /// The status. Errors: [`BlockableError::UnknownStatus`] for a byte of a later version.
    pub fn status(&self) -> Result<Status> {
        Status::from_byte(self.status).ok_or_else(|| BlockableError::UnknownStatus.into())
    }

    /// Moves along the edge of `action`. Errors: [`BlockableError::WrongStatus`] where the table has none.
    #[inline(never)]
    pub fn advance(&mut self, action: Action) -> Result<Status> {
        let to = next(action, self.status()?).ok_or(BlockableError::WrongStatus)?;
        self.status = to.byte();
        self.blockable = u8::from(to.is_secured());
        Ok(to)
    }

    /// Requires the lender. Errors: [`BlockableError::NotLender`].
    pub fn require_lender(&self, signer: &Pubkey) -> Result<()> {
        ensure(self.lender == *signer, BlockableError::NotLender)
    }

    /// Requires the lender or the freeze authority. Errors: [`BlockableError::NotFreezer`].
    pub fn require_freezer(&self, signer: &Pubkey) -> Result<()> {
        ensure(*signer == self.lender || *signer == self.freeze_authority, BlockableError::NotFreezer)
    }

    /// The lender in the credit's address, which assignments of the loan do not change.
    pub fn address_lender(&self) -> Pubkey {
        if self.original_lender == Pubkey::default() { self.lender } else { self.original_lender }
    }

    /// The borrower in the credit's address, which a hand-over of its place does not change.
    pub fn address_borrower(&self) -> Pubkey {
        if self.original_borrower == Pubkey::default() { self.borrower } else { self.original_borrower }
    }

    /// Requires that the offer at this address is the one of `slot`. Errors: [`BlockableError::OfferReplaced`].
    pub fn require_offer(&self, slot: u64) -> Result<()> {
        ensure(self.offer_slot == slot, BlockableError::OfferReplaced)
    }

    /// The number in the address of the unrestricted credit that units of this credit go to: units that expire at
    /// different times are never mixed.
    pub fn unrestricted_nonce(&self) -> u64 {
        u64::try_from(self.units_expire_at).unwrap_or(0)
    }

    /// Returns true when the offer can no longer be accepted or issued; seconds paused since the offer do not count. Errors:
    /// [`Overflow`].
    pub fn offer_has_expired(&self, clock: &MarketClock) -> Result<bool> {
        let since_offer = clock.seconds_paused()?.saturating_sub(self.paused_at_offer);
        let since_offer = i64::try_from(since_offer).map_err(|_| Overflow)?;
        Ok(self.terms.offer_has_expired(clock.chain.saturating_sub(since_offer)))
    }

    /// Requires that the units have not expired. Errors: [`BlockableError::UnitsExpired`].
    pub fn require_unexpired(&self, market_time: i64) -> Result<()> {
        let expired = self.units_expire_at != 0 && market_time >= self.units_expire_at;
        ensure(!expired, BlockableError::UnitsExpired)
    }

    /// Requires a cure period that has passed since the mark of default or the notice. Errors:
    /// [`BlockableError::CurePeriodRunning`], [`Overflow`].
    pub fn require_cure_period_over(&self, clock: &MarketClock) -> Result<()> {
        let cured_by = after(self.defaulted_at, self.terms.cure_period)?;
        ensure(clock.market >= cured_by, BlockableError::CurePeriodRunning)
    }

    /// The annual rate in force, in basis points.
    pub fn apr_bps(&self) -> u16 {
        if self.rider.has_covenant() { self.covenant.apr_bps } else { self.terms.apr_bps }
    }

    /// The terms with the annual rate in force.
    pub fn terms_in_force(&self) -> Terms {
        Terms { apr_bps: self.apr_bps(), ..self.terms }
    }

    /// Returns true when the credit has no lender and no lien: units bought from a lot or taken over.
    pub fn is_unrestricted(&self) -> bool {
        self.lender == self.provider
    }

    /// Gives the credit its index in reports; use counts from `now`, the chain's Unix time.
    pub fn set_index(&mut self, index: u32, now: i64) {
        self.has_index = 1;
        self.meter.index = index;
        self.meter.reported_at = now;
    }

    /// Stores a schedule. Errors: [`BlockableError::InstalmentCount`] when it has too many instalments.
    pub fn set_schedule(&mut self, schedule: &[Instalment]) -> Result<()> {
        ensure(schedule.len() <= MAX_INSTALMENTS, BlockableError::InstalmentCount)?;
        self.instalment_count = u8::try_from(schedule.len()).map_err(|_| BlockableError::InstalmentCount)?;
        let slots = self.due_after.iter_mut().zip(self.principal_due.iter_mut());
        for ((due_after, principal), instalment) in slots.zip(schedule) {
            *due_after = instalment.due_after;
            *principal = instalment.principal;
        }
        Ok(())
    }

    /// The freeze policy of the terms. Errors: [`BlockableError::UnknownFlag`] for a byte of a later version.
    pub fn freeze_policy(&self) -> Result<FreezePolicy> {
        FreezePolicy::from_byte(self.terms.freeze_policy).ok_or_else(|| BlockableError::UnknownFlag.into())
    }

    /// Returns true when the lender may freeze in `status` at a market time: as the policy says, and under each policy while
    /// the reserve is short past its grace. A freeze for cross-default has a rule of its own. Errors: as
    /// [`Credit::freeze_policy`].
    pub fn may_freeze(&self, status: Status, market_time: i64) -> Result<bool> {
        let for_reserve = status.is_secured() && self.reserve_is_overdue(market_time)?;
        Ok(for_reserve || self.policy_allows(status)?)
    }

    /// Returns true when the reserve has been short for longer than the delinquency grace at a market time. Errors:
    /// [`Overflow`].
    pub fn reserve_is_overdue(&self, market_time: i64) -> Result<bool> {
        let drawn_at = self.reserve_drawn_at;
        Ok(drawn_at != 0 && market_time >= after(drawn_at, self.terms.delinquency_grace)?)
    }

    /// Returns true when the policy of the terms lets the lender freeze in `status`. Errors: as [`Credit::freeze_policy`].
    pub fn policy_allows(&self, status: Status) -> Result<bool> {
        let from = match self.freeze_policy()? {
            FreezePolicy::AtWill => Status::Active,
            FreezePolicy::OnDelinquency => Status::Delinquent,
            FreezePolicy::OnDefault => Status::Defaulted,
        };
        Ok(status.is_secured() && status >= from)
    }

    /// The latest freeze, all zero for none.
    pub fn latest_freeze(&self) -> FreezeRecord {
        FreezeRecord {
            closed_before: self.meter.closed_before,
            at_chain: self.meter.frozen_at_chain,
            at_market: self.frozen_at_market,
        }
    }

    /// The two freezes that late reports are measured by: the earlier one and the latest.
    pub fn freezes(&self) -> [FreezeRecord; 2] {
        [self.earlier_freeze, self.latest_freeze()]
    }

    /// Changes the units that were closed before each of the two freezes, where such units leave or come back: use from before a
    /// freeze finds as many units open as it did then, and no more.
    pub(crate) fn change_closed_before(&mut self, change: impl Fn(FreezeRecord) -> u64) {
        let [earlier, latest] = self.freezes();
        self.earlier_freeze.closed_before = change(earlier);
        self.meter.closed_before = change(latest);
    }

    /// Thaws what was frozen under the policy. What is frozen for cross-default stays: it does not rest on this loan.
    pub fn thaw_under_policy(&mut self) {
        self.collateral.frozen_for_payment = 0;
        self.collateral.frozen_for_other = 0;
        if self.collateral.frozen_for_cross == 0 {
            self.meter.drop_promises();
        }
    }

    /// Thaws the units frozen for payment, and all that was frozen under the policy where nobody may freeze in `status` at a
    /// market time. Errors: as [`Credit::freeze_policy`].
    pub fn thaw_cured(&mut self, status: Status, market_time: i64) -> Result<()> {
        self.collateral.frozen_for_payment = 0;
        if !self.may_freeze(status, market_time)? {
            self.thaw_under_policy();
        }
        Ok(())
    }

    /// Notes whether the reserve is full, as of a market time.
    pub fn note_reserve(&mut self, market_time: i64) {
        if self.reserve_held >= self.rider.reserve {
            self.reserve_drawn_at = 0;
        } else if self.reserve_drawn_at == 0 {
            self.reserve_drawn_at = market_time;
        }
    }

    /// Ends the debt: releases and thaws everything, and ends promises, notice and offer of the loan. The rest of the reserve
    /// becomes the borrower's claim; the rest of the holdback the provider's, which must serve the units that are left.
    /// Returns the units released. Errors: [`Overflow`].
    #[inline(never)]
    pub fn discharge(&mut self) -> Result<u64> {
        let released = self.collateral.release_all()?;
        self.pay_provider(self.holdback_left)?;
        self.meter.drop_promises();
        self.defaulted_at = 0;
        self.notice_given = 0;
        self.pending_lender = Pubkey::default();
        self.return_reserve()?;
        Ok(released)
    }

    /// Turns the reserve into a claim of the borrower. Errors: [`Overflow`].
    pub fn return_reserve(&mut self) -> Result<()> {
        let reserve = core::mem::take(&mut self.reserve_held);
        self.reserve_drawn_at = 0;
        self.claims.borrower = add(self.claims.borrower, reserve)?;
        Ok(())
    }

    /// Everything that is owed from the vault, in micro-USDC: the claims, the reserve and the holdback that is left. Errors:
    /// [`Overflow`].
    #[inline(never)]
    pub fn owed_from_vault(&self) -> Result<u64> {
        Ok(add(add(self.claims.total()?, self.reserve_held)?, self.holdback_left)?)
    }

    /// The price that the loan paid per `PRICE_SCALE` units, in micro-USDC. Errors: [`Overflow`].
    pub fn price_paid(&self) -> Result<u64> {
        Ok(auction::price_paid(self.terms.principal, self.terms.units)?)
    }

    /// The value of `units` at exactly what the loan paid for them, in micro-USDC, rounded up. Errors: [`Overflow`].
    pub fn value_paid(&self, units: u64) -> Result<u64> {
        Ok(auction::value_paid(units, self.terms.principal, self.terms.units)?)
    }

    /// Takes a party's whole claim, in micro-USDC, and leaves zero.
    pub fn take_claim(&mut self, party: Party) -> u64 {
        let claim = match party {
            Party::Lender => &mut self.claims.lender,
            Party::Borrower => &mut self.claims.borrower,
            Party::Treasury => &mut self.claims.treasury,
            Party::Provider => &mut self.claims.provider,
        };
        core::mem::take(claim)
    }
}
