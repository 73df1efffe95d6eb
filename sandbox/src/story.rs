//! Opens the market: its parties' money, its provider, and loans in seven states.

use {
    crate::{
        SandboxError,
        loans::{self, LOT_SECONDS, LoanName, Times, UNITS},
        venue::{MarketOffer, ProviderOffer, USDC, Venue},
    },
    blockable_cluster::Cluster,
    blockable_sdk::{
        Keypair, Pubkey, Signer, addresses,
        amounts::{ChainTime, MicroUsd, Units},
        instructions,
        program::{
            instructions::{FreezeAmount, LoanRead, LotTerms, UnitBounds},
            state::FreezeReason,
            units::PRICE_SCALE,
        },
    },
};

/// SOL of each party.
const SOL: u64 = 100;
/// USDC of each party.
const DOLLARS: u64 = 1_000_000;
/// Share of a sale's price that goes to the market's treasury, in basis points.
const FEE_BPS: u16 = 200;
/// Loans whose units the provider has committed to serve.
const CAPACITY_LOANS: u64 = 1_000;
/// Floor of the lot's price, in percent of the price that the loan paid.
const FLOOR_PERCENT: u64 = 70;

/// Opens the market: money, payment token, market, provider.
pub(crate) async fn open_market(venue: &Venue) -> Result<(), SandboxError> {
    venue.airdrop(&venue.keyring.payers(), SOL).await?;
    venue.create_mint().await?;
    let keyring = &venue.keyring;
    let mut wallets: Vec<(&Keypair, MicroUsd)> = vec![(&keyring.treasury, MicroUsd::ZERO)];
    let funded = keyring.funded().into_iter();
    wallets.extend(funded.map(|(_, key)| (key, MicroUsd(DOLLARS * USDC))));
    venue.fund(&wallets).await?;
    let market = MarketOffer { guardian: keyring.guardian.pubkey(), ..MarketOffer::for_tests(FEE_BPS) };
    venue.create_market(market).await?;
    let provider = ProviderOffer {
        capacity: Units(CAPACITY_LOANS * UNITS),
        max_units_per_second: loans::MAX_UNITS_PER_SECOND,
        longest_job: loans::LONGEST_JOB,
    };
    venue.register_provider(provider).await?;
    Ok(())
}

/// Seconds by which the clock of a new cluster begins early, so that the loans that need time have had it.
pub(crate) const BEGINS_EARLY: i64 = 60;

/// Makes the loans, and moves the clock to this machine's once those are made that need time behind them. The late loan comes
/// last: its time runs from here on.
pub(crate) async fn make_loans(
    cluster: &Cluster,
    venue: &Venue,
    times: Times,
    now: ChainTime,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<(), SandboxError> {
    let maker = Maker { cluster, venue, times };
    progress("a loan that defaults");
    maker.default_and_seize().await?;
    progress("a loan that is repaid, one that is offered");
    let repaid = maker.issue(LoanName::Repaid).await?;
    venue.repay(&repaid, MicroUsd::MAX).await?;
    maker.offer(LoanName::Offered).await?;
    cluster.move_clock(now).await?;
    progress("a loan that is frozen, and those that run");
    let frozen = maker.issue(LoanName::Frozen).await?;
    maker.freeze(&frozen).await?;
    maker.issue(LoanName::Healthy).await?;
    maker.issue(LoanName::Paying).await?;
    maker.issue(LoanName::Late).await?;
    Ok(())
}

struct Maker<'a> {
    cluster: &'a Cluster,
    venue: &'a Venue,
    times: Times,
}

impl Maker<'_> {
    async fn offer(&self, name: LoanName) -> Result<Pubkey, SandboxError> {
        let freezer = self.venue.keyring.freeze_authority.pubkey();
        self.venue.offer(&loans::offer(name, freezer, self.times)).await?;
        Ok(self.venue.credit_address(name.nonce()))
    }

    async fn issue(&self, name: LoanName) -> Result<Pubkey, SandboxError> {
        let credit = self.offer(name).await?;
        self.venue.accept(&credit).await?;
        self.venue.issue(&credit).await?;
        Ok(credit)
    }

    async fn freeze(&self, credit: &Pubkey) -> Result<(), SandboxError> {
        let (market, key) = (&self.venue.keys.market, &self.venue.keyring.freeze_authority);
        let (all, reason) = (FreezeAmount::All, FreezeReason::Risk);
        let freeze = instructions::credit_freeze(market, &key.pubkey(), credit, all, reason);
        self.venue.send(&[freeze], &[key]).await?;
        Ok(())
    }

    /// A loan that misses its first instalment, is marked, cancelled for the holdback, and seized into a lot.
    async fn default_and_seize(&self) -> Result<(), SandboxError> {
        let (venue, market) = (self.venue, &self.venue.keys.market);
        let credit = self.issue(LoanName::ForSale).await?;
        let state = venue.credit(&credit).await?;
        let due = ChainTime(state.issued_at).plus_seconds(state.due_after[0].into());
        let defaults_at = due.plus_seconds(i64::from(state.terms.default_grace) + 1);
        self.cluster.move_clock(defaults_at).await?;
        let marks = [
            instructions::credit_mark_delinquent(market, &credit),
            instructions::credit_mark_defaulted(market, &credit),
        ];
        venue.send(&marks, &[]).await?;
        let state = venue.credit(&credit).await?;
        let cured_until = ChainTime(state.defaulted_at).plus_seconds(i64::from(state.terms.cure_period) + 1);
        self.cluster.move_clock(cured_until).await?;
        self.recover(&credit).await
    }

    /// Cancels what the holdback covers, and seizes the rest into a lot.
    async fn recover(&self, credit: &Pubkey) -> Result<(), SandboxError> {
        let (venue, lender) = (self.venue, &self.venue.keyring.lender);
        let (market, key) = (&venue.keys.market, lender.pubkey());
        let state = venue.credit(credit).await?;
        let read = LoanRead::from_credit(&state).map_err(SandboxError::amount)?;
        let all = UnitBounds::ALL;
        let cancel =
            instructions::credit_cancel_locked(market, &key, None, credit, &venue.provider, all, read);
        let price = |percent: u64| {
            let paid = u128::from(state.terms.principal) * u128::from(PRICE_SCALE) * u128::from(percent);
            u64::try_from(paid.div_ceil(u128::from(state.terms.units) * 100)).map_err(SandboxError::amount)
        };
        let terms =
            LotTerms { start_price: price(100)?, floor_price: price(FLOOR_PERCENT)?, window: LOT_SECONDS };
        let seize = instructions::credit_seize_to_pool(market, &key, &key, credit, 0, all, terms);
        venue.send(&[cancel, seize], &[lender]).await?;
        Ok(())
    }
}

/// The lot of the loan whose units are for sale.
pub(crate) fn lot(venue: &Venue) -> Pubkey {
    addresses::lot(&venue.credit_address(LoanName::ForSale.nonce()), 0)
}
