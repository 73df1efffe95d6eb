//! A market is created and changed, and its admin role changes hands.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::MarketChange,
        state::{CHANGE_LIFETIME, Market, MarketClock, MarketSettings, TermBounds},
        units::after,
    },
    anchor_lang::prelude::*,
};

/// The number, the guardian and the settings of a new market.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketArgs {
    /// The number in the market's address.
    pub id: u64,
    /// True to allow bounds looser than [`TermBounds::PRODUCTION`]. Cannot be changed later.
    pub is_test: bool,
    /// The key that may pause and halt the market, and nothing else.
    pub guardian: Pubkey,
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Seconds of market time that a loosening change waits.
    pub change_delay: u32,
    /// Seconds of market time that a change of a provider's settings, or of its authority, waits.
    pub provider_delay: u32,
    /// Seconds of market time that the admin's suspension of a provider must have lasted before covered units of a loan that
    /// is not in default can be cancelled.
    pub min_suspension: u32,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
}

impl MarketArgs {
    /// The settings of the new market, with its treasury.
    pub fn settings(&self, treasury: Pubkey) -> MarketSettings {
        MarketSettings {
            redistribution_fee_bps: self.redistribution_fee_bps,
            change_delay: self.change_delay,
            provider_delay: self.provider_delay,
            min_suspension: self.min_suspension,
            guardian: self.guardian,
            treasury,
            bounds: self.bounds,
        }
    }
}

/// The admin, the token and the address of a new market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewMarket {
    /// Bump of the market's address.
    pub bump: u8,
    /// The key that may change the market.
    pub admin: Pubkey,
    /// The token that loans are made and repaid in.
    pub payment_mint: Pubkey,
    /// The program that owns the payment mint.
    pub token_program: Pubkey,
    /// Decimals of the payment mint.
    pub decimals: u8,
    /// Token account that fees are paid to.
    pub treasury: Pubkey,
}

impl Market {
    /// Sets up a zeroed market. Errors: those of [`MarketSettings::validate`].
    pub fn create(&mut self, new: NewMarket, args: &MarketArgs) -> Result<()> {
        let settings = args.settings(new.treasury);
        settings.validate(args.is_test)?;
        self.version = Market::VERSION;
        self.bump = new.bump;
        self.is_test = u8::from(args.is_test);
        self.decimals = new.decimals;
        self.id = args.id;
        self.admin = new.admin;
        self.payment_mint = new.payment_mint;
        self.token_program = new.token_program;
        self.apply(&settings);
        Ok(())
    }

    /// Puts settings in force, or proposes them for the time after the market's delay, in the place of an older
    /// proposal. Errors: the market is paused, [`BlockableError::NotAdmin`], those of [`MarketSettings::validate`],
    /// [`BlockableError::NothingChanges`].
    pub fn propose_change(
        &mut self,
        signer: &Pubkey,
        settings: MarketSettings,
        clock: &MarketClock,
    ) -> Result<MarketChange> {
        self.begin_by_admin(signer, clock)?;
        settings.validate(self.is_test == 1)?;
        let current = self.settings();
        ensure(settings != current, BlockableError::NothingChanges)?;
        if settings.is_tightening(&current) {
            self.apply(&settings);
            // An older proposal would undo this change.
            self.drop_proposal();
            return Ok(MarketChange::Applied { settings });
        }
        let ready_at = after(clock.market, current.change_delay)?;
        self.set_proposal(&settings, ready_at);
        Ok(MarketChange::Proposed { settings, ready_at })
    }

    /// Applies the change that was proposed for the market time `ready_at`. Errors: the market is paused,
    /// [`BlockableError::NotAdmin`], [`BlockableError::NoChangeProposed`], [`BlockableError::ChangeReplaced`],
    /// [`BlockableError::ChangeDelayRunning`], [`BlockableError::ChangeLapsed`].
    pub fn apply_change(
        &mut self,
        signer: &Pubkey,
        ready_at: i64,
        clock: &MarketClock,
    ) -> Result<MarketChange> {
        self.begin_by_admin(signer, clock)?;
        self.require_proposed(ready_at)?;
        require_ready(self.change_ready_at, clock)?;
        let settings = self.proposed_settings();
        self.apply(&settings);
        self.drop_proposal();
        Ok(MarketChange::Applied { settings })
    }

    /// Drops the change that was proposed for the market time `ready_at`. Errors: the market is paused,
    /// [`BlockableError::NotAdmin`], [`BlockableError::NoChangeProposed`], [`BlockableError::ChangeReplaced`].
    pub fn cancel_change(
        &mut self,
        signer: &Pubkey,
        ready_at: i64,
        clock: &MarketClock,
    ) -> Result<MarketChange> {
        self.begin_by_admin(signer, clock)?;
        self.require_proposed(ready_at)?;
        self.drop_proposal();
        Ok(MarketChange::Cancelled)
    }

    /// Offers the admin role, which can be taken once the market's delay has passed; to the zero key: withdraws the offer.
    /// Errors: the market is paused, [`BlockableError::NotAdmin`].
    pub fn offer_admin(&mut self, signer: &Pubkey, to: Pubkey, clock: &MarketClock) -> Result<MarketChange> {
        self.begin_by_admin(signer, clock)?;
        let is_withdrawal = to == Pubkey::default();
        let ready_at = if is_withdrawal { 0 } else { after(clock.market, self.change_delay)? };
        self.pending_admin = to;
        self.pending_admin_ready_at = ready_at;
        Ok(MarketChange::AdminOffered { to, ready_at })
    }

    /// Gives the admin role to `signer`, the key that it was offered to. A change that the last admin proposed is dropped.
    /// Errors: the market is paused, [`BlockableError::NotOffered`], [`BlockableError::ChangeDelayRunning`],
    /// [`BlockableError::ChangeLapsed`].
    pub fn accept_admin(&mut self, signer: &Pubkey, clock: &MarketClock) -> Result<MarketChange> {
        clock.require_open()?;
        ensure(self.pending_admin == *signer, BlockableError::NotOffered)?;
        require_ready(self.pending_admin_ready_at, clock)?;
        self.admin = *signer;
        self.pending_admin = Pubkey::default();
        self.pending_admin_ready_at = 0;
        self.drop_proposal();
        Ok(MarketChange::AdminChanged { to: *signer })
    }

    /// Requires the change that its signer has read. Errors: [`BlockableError::NoChangeProposed`],
    /// [`BlockableError::ChangeReplaced`].
    fn require_proposed(&self, ready_at: i64) -> Result<()> {
        ensure(self.change_ready_at != 0, BlockableError::NoChangeProposed)?;
        ensure(self.change_ready_at == ready_at, BlockableError::ChangeReplaced)
    }

    pub(super) fn begin_by_admin(&self, signer: &Pubkey, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.require_admin(signer)
    }
}

/// Requires that a delay has passed and that the change it was for has not lapsed; `ready_at` in market time. Errors:
/// [`BlockableError::ChangeDelayRunning`], [`BlockableError::ChangeLapsed`].
pub(super) fn require_ready(ready_at: i64, clock: &MarketClock) -> Result<()> {
    ensure(clock.market >= ready_at, BlockableError::ChangeDelayRunning)?;
    ensure(clock.market <= after(ready_at, CHANGE_LIFETIME)?, BlockableError::ChangeLapsed)
}
