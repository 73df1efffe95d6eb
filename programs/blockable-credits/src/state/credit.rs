use {
    crate::{
        errors::{BlockableError, ensure},
        schedule::{PayInKind, Schedule},
        state::{
            Collateral, CovenantState, Debt, FreezePolicy, Instalment, MAX_INSTALMENTS, MarketClock, Meter,
            Rider, Terms,
        },
        tokens::claims_total,
        transitions::{Action, Status, next},
    },
    anchor_lang::prelude::*,
};

/// Money in a credit's vault and whose it is. All amounts in micro-USDC; the vault always covers their sum.
#[derive(
    AnchorSerialize,
    AnchorDeserialize,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    bytemuck::Pod,
    bytemuck::Zeroable,
)]
#[repr(C)]
pub struct VaultClaims {
    /// The principal in escrow until the units are issued.
    pub escrow: u64,
    /// Repayments and recoveries that the lender may collect.
    pub lender: u64,
    /// Surplus of sales and the returned reserve, which the borrower may collect.
    pub borrower: u64,
    /// Fees that the market's treasury may collect.
    pub treasury: u64,
}

/// A loan and the compute credits that secure it, or credits without a lender (see [`Credit::is_unrestricted`]).
#[account(zero_copy)]
pub struct Credit {
    /// Layout version, [`Credit::VERSION`]. Offset 8.
    pub version: u8,
    /// A [`Status`] as its byte. Offset 9.
    pub status: u8,
    /// 1 while a lien stands that the lender can freeze under the policy. Offset 10.
    pub blockable: u8,
    /// Bump of the credit's address. Offset 11.
    pub bump: u8,
    /// Bump of the vault's address. Offset 12.
    pub vault_bump: u8,
    /// A [`FreezeReason`] as its byte; meaningful while units are frozen. Offset 13.
    pub freeze_reason: u8,
    /// Instalments in the schedule. Offset 14.
    pub instalment_count: u8,
    /// 1 once the credit has a place in its provider's reports. Offset 15.
    pub has_index: u8,
    /// Who lent; for an unrestricted credit the provider's account, which nobody can sign for. Offset 16.
    pub lender: Pubkey,
    /// Who uses the units and owes the debt. Offset 48.
    pub borrower: Pubkey,
    /// The provider's account. Offset 80.
    pub provider: Pubkey,
    /// The market's account. Offset 112.
    pub market: Pubkey,
    /// May freeze and thaw beside the lender, and nothing else. Offset 144.
    pub freeze_authority: Pubkey,
    /// The number in the credit's address, chosen by the lender.
    pub nonce: u64,
    /// What was agreed; see [`terms_hash`].
    pub terms_hash: [u8; 32],
    /// The terms of the loan.
    pub terms: Terms,
    /// What is owed.
    pub debt: Debt,
    /// Where the units are.
    pub collateral: Collateral,
    /// How far use has been metered.
    pub meter: Meter,
    /// What is in the vault.
    pub vault: VaultClaims,
    /// Principal repaid by payments before the first seizure, in micro-USDC; what releases the lien.
    pub principal_repaid: u64,
    /// Recovered by lots and payments since the first seizure, in micro-USDC.
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
    /// Offered the lender's place; zero when nobody is. From here on the fields of version 2, zero in version 1.
    pub pending_lender: Pubkey,
    /// The lender in the credit's address, once the loan has been assigned; zero before.
    pub original_lender: Pubkey,
    /// What was agreed beside the terms.
    pub rider: Rider,
    /// Where the covenant on utilisation stands.
    pub covenant: CovenantState,
    /// The borrower's cash reserve in the vault, in micro-USDC.
    pub reserve_held: u64,
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
    /// Restructurings so far.
    pub restructurings: u16,
    /// 1 while a notice of default for a breach stands, which payments of arrears do not cure.
    pub notice_given: u8,
    /// 1 once the vault is gone.
    pub vault_closed: u8,
    /// Zero.
    pub padding: [u8; 4],
    /// Zero; kept for later versions.
    pub reserved: [u8; 136],
}

const _: () = assert!(size_of::<Credit>() == 1_312);
const _: () = assert!(Credit::SPACE <= 1_536);

/// Why collateral was frozen. The reasons about payment thaw as the arrears are paid.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FreezeReason {
    /// An instalment is unpaid.
    MissedPayment,
    /// The loan is in default.
    Default,
    /// A covenant was broken.
    Breach,
    /// The lender's own judgement of risk.
    Risk,
}

impl FreezeReason {
    /// Whether paying arrears thaws what was frozen for this reason. `byte` as stored in a credit.
    pub fn is_about_payment(byte: u8) -> bool {
        byte == FreezeReason::MissedPayment as u8 || byte == FreezeReason::Default as u8
    }
}

impl Credit {
    /// The layout this program writes. Version 1 had zeros in place of the fields from `pending_lender` on.
    pub const VERSION: u8 = 2;

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

    /// Requires this version's layout. Errors: [`BlockableError::VersionOutdated`].
    pub fn require_current(&self) -> Result<()> {
        ensure(self.version == Credit::VERSION, BlockableError::VersionOutdated)
    }

    /// Requires the lender. Errors: [`BlockableError::NotLender`].
    pub fn require_lender(&self, signer: &Pubkey) -> Result<()> {
        ensure(self.lender == *signer, BlockableError::NotLender)
    }

    /// The lender in the credit's address; assignments of the loan do not move it.
    pub fn address_lender(&self) -> Pubkey {
        if self.original_lender == Pubkey::default() { self.lender } else { self.original_lender }
    }

    /// Who paid the account's rent and gets it back.
    pub fn rent_payer(&self) -> Pubkey {
        if self.is_unrestricted() { self.borrower } else { self.address_lender() }
    }

    /// The number in the address of the unrestricted credit that units of this credit go to: units that expire at
    /// different times are never mixed.
    pub fn unrestricted_nonce(&self) -> u64 {
        u64::try_from(self.units_expire_at).unwrap_or(0)
    }

    /// Whether the offer can no longer be accepted or issued; its clock stands still in pauses. Errors:
    /// [`crate::units::Overflow`].
    pub fn offer_has_expired(&self, clock: &MarketClock) -> Result<bool> {
        let since_offer = clock.paused()?.saturating_sub(self.paused_at_offer);
        let since_offer = i64::try_from(since_offer).map_err(|_| crate::units::Overflow)?;
        Ok(self.terms.offer_has_expired(clock.chain.saturating_sub(since_offer)))
    }

    /// Requires that the units have not expired. Errors: [`BlockableError::UnitsExpired`].
    pub fn require_unexpired(&self, market_time: i64) -> Result<()> {
        let expired = self.units_expire_at != 0 && market_time >= self.units_expire_at;
        ensure(!expired, BlockableError::UnitsExpired)
    }

    /// The annual rate in force, in basis points.
    pub fn apr_bps(&self) -> u16 {
        if self.rider.has_covenant() { self.covenant.apr_bps } else { self.terms.apr_bps }
    }

    /// The terms with the annual rate in force.
    pub fn terms_in_force(&self) -> Terms {
        Terms { apr_bps: self.apr_bps(), ..self.terms }
    }

    /// Whether the credit has no lender and no lien: units bought from a lot.
    pub fn is_unrestricted(&self) -> bool {
        self.lender == self.provider
    }

    /// The repayment schedule, counted from issue or from the latest restructuring.
    pub fn schedule(&self) -> Schedule<'_> {
        let count = usize::from(self.instalment_count);
        Schedule {
            start: if self.restructured_at == 0 { self.issued_at } else { self.restructured_at },
            due_after: self.due_after.get(..count).unwrap_or(&[]),
            principal: self.principal_due.get(..count).unwrap_or(&[]),
            capitalised: self.capitalised,
            pay_in_kind: PayInKind {
                share_bps: self.rider.pay_in_kind_bps,
                unused: self.collateral.remaining(),
                granted: self.collateral.granted,
            },
        }
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

    /// Brings the debt up to a market time; see [`crate::schedule::accrue`].
    pub fn accrue(&mut self, market_time: i64) -> Result<()> {
        let mut debt = self.debt;
        let terms = self.terms_in_force();
        let capitalised = crate::schedule::accrue(&mut debt, &terms, self.schedule(), market_time)?;
        self.capitalised = capitalised;
        self.debt = debt;
        Ok(())
    }

    /// What must be paid now to be current, in micro-USDC, as of the last accrual.
    pub fn arrears(&self) -> u64 {
        self.schedule().arrears(&self.debt)
    }

    /// The freeze policy of the terms. Errors: [`BlockableError::UnknownFlag`] for a byte of a later version.
    pub fn freeze_policy(&self) -> Result<FreezePolicy> {
        FreezePolicy::from_byte(self.terms.freeze_policy).ok_or_else(|| BlockableError::UnknownFlag.into())
    }

    /// Whether the policy lets the lender freeze in `status`.
    pub fn may_freeze(&self, status: Status) -> Result<bool> {
        let from = match self.freeze_policy()? {
            FreezePolicy::AtWill => Status::Active,
            FreezePolicy::OnDelinquency => Status::Delinquent,
            FreezePolicy::OnDefault => Status::Defaulted,
        };
        Ok(status.is_secured() && status >= from)
    }

    /// Thaws everything; the lien stays.
    pub fn thaw_all(&mut self) {
        self.collateral.frozen = 0;
        self.meter.settlement_left = 0;
    }

    /// Releases and thaws everything once nothing is owed; what is left of the reserve is the borrower's.
    pub fn discharge(&mut self) -> Result<u64> {
        let released = self.collateral.release_all()?;
        self.meter.settlement_left = 0;
        self.defaulted_at = 0;
        self.notice_given = 0;
        self.pending_lender = Pubkey::default();
        self.return_reserve()?;
        Ok(released)
    }

    /// Books the reserve as the borrower's claim.
    pub fn return_reserve(&mut self) -> Result<()> {
        let reserve = core::mem::take(&mut self.reserve_held);
        self.vault.borrower = crate::units::add(self.vault.borrower, reserve)?;
        Ok(())
    }

    /// Everything that is owed from the vault, in micro-USDC: the claims and the reserve.
    pub fn owed_from_vault(&self) -> Result<u64> {
        Ok(crate::units::add(claims_total(&self.vault)?, self.reserve_held)?)
    }

    /// What the loan paid per `PRICE_SCALE` units, in micro-USDC.
    pub fn price_paid(&self) -> Result<u64> {
        Ok(crate::auction::price_paid(self.terms.principal, self.terms.units)?)
    }

    /// Takes a party's whole claim out of the books. Returns it in micro-USDC.
    pub fn take_claim(&mut self, party: Party) -> u64 {
        let claim = match party {
            Party::Lender => &mut self.vault.lender,
            Party::Borrower => &mut self.vault.borrower,
            Party::Treasury => &mut self.vault.treasury,
        };
        core::mem::take(claim)
    }
}

/// Who has a claim on a credit's vault.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The lender: repayments and recoveries.
    Lender,
    /// The borrower: surplus of sales, the returned reserve.
    Borrower,
    /// The market's treasury: fees.
    Treasury,
}

/// Whom a loan is between; with the nonce what tells it from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanParties {
    /// The market's account.
    pub market: Pubkey,
    /// Who lent.
    pub lender: Pubkey,
    /// Who borrows.
    pub borrower: Pubkey,
    /// The provider's account.
    pub provider: Pubkey,
    /// The number in the credit's address.
    pub nonce: u64,
}

impl Credit {
    /// Whom the loan was agreed between, as its terms hash has them: an assignment changes neither.
    pub fn parties(&self) -> LoanParties {
        LoanParties {
            market: self.market,
            lender: self.address_lender(),
            borrower: self.borrower,
            provider: self.provider,
            nonce: self.nonce,
        }
    }
}

/// The hash both sides agree on: `sha256("blockable/terms/v2" | market | lender | borrower | provider | nonce |
/// terms | rider | schedule)`, the last three in Borsh.
pub fn terms_hash(
    parties: &LoanParties,
    terms: &Terms,
    rider: &Rider,
    schedule: &[Instalment],
) -> Result<[u8; 32]> {
    let mut agreed = Vec::with_capacity(640);
    terms.serialize(&mut agreed)?;
    rider.serialize(&mut agreed)?;
    schedule.serialize(&mut agreed)?;
    let parts: [&[u8]; 7] = [
        b"blockable/terms/v2",
        parties.market.as_ref(),
        parties.lender.as_ref(),
        parties.borrower.as_ref(),
        parties.provider.as_ref(),
        &parties.nonce.to_le_bytes(),
        &agreed,
    ];
    Ok(crate::hash::sha256(&parts))
}
