//! A loan from offer to issue, by the program's functions.

use {
    super::{
        ADMIN, BORROWER, ISSUED_AT, LENDER, Loan, MARKET, OPERATOR, PROVIDER, TREASURY, VAULT, clock, key,
    },
    crate::{DAY, EconomicsError, preset::Agreement},
    blockable_credits::{
        actions::{MarketArgs, NewCredit, NewMarket, NewProvider, OfferArgs, OfferRead},
        state::{Credit, Market, Provider, ProviderSettings, Reporter, ScheduleRuns, TermBounds},
    },
    bytemuck::Zeroable,
};

/// The market's fee on sales, in basis points.
pub const MARKET_FEE_BPS: u16 = 200;

/// Days for which the market's admin must have suspended a provider before lender and borrower may cancel covered units
/// of a loan that is not in default: the fewest that a market for real money may ask for.
pub const MIN_SUSPENSION_DAYS: i64 = 2;

/// The slot of every offer.
const SLOT: u64 = 1_000;

/// A market, its provider and a loan that has just been issued; paths begin with copies of the loan.
#[derive(Clone, Copy)]
pub struct Issue {
    /// The loan on the second of its issue.
    pub loan: Loan,
    /// Micro-USDC that the provider is paid at issue.
    pub paid_to_provider: u64,
}

impl Issue {
    /// Offers, accepts and issues a loan in a market for real money, its reserve funded. Errors:
    /// [`EconomicsError::Refused`] with the program's error for terms that it refuses.
    pub fn new(agreement: &Agreement) -> Result<Issue, EconomicsError> {
        let refused = |act: &'static str| {
            move |error: anchor_lang::error::Error| EconomicsError::refused(act.to_string(), 0, &error)
        };
        let (clock, market) = (clock(0), market().map_err(refused("the market"))?);
        let mut provider = provider(agreement).map_err(refused("the provider"))?;
        let mut terms = agreement.terms;
        terms.reporters_hash = provider.reporters_hash();
        let schedule = ScheduleRuns::from_schedule(&agreement.schedule);
        let args = OfferArgs { nonce: 1, freeze_authority: LENDER, terms, rider: agreement.rider, schedule };
        let schedule = args.validate(&market, &provider, &clock).map_err(refused("the offer"))?;
        let new = NewCredit {
            market: MARKET,
            lender: LENDER,
            borrower: BORROWER,
            provider: PROVIDER,
            bump: 255,
            vault: VAULT,
            rent_payer: LENDER,
            slot: SLOT,
        };
        let mut credit = Credit::zeroed();
        credit.offer(new, &args, schedule, &clock).map_err(refused("the offer"))?;
        let read = OfferRead::from_credit(&credit);
        credit.accept(&BORROWER, read, &clock).map_err(refused("the acceptance"))?;
        if agreement.rider.reserve > 0 {
            let amount = credit.begin_funding(u64::MAX, &clock).map_err(refused("the reserve"))?;
            credit.receive_funding(BORROWER, amount).map_err(refused("the reserve"))?;
        }
        let payout = credit.issue(&mut provider, read, &clock).map_err(refused("the issue"))?;
        let paid_to_provider = payout.amount;
        Ok(Issue { loan: Loan::new(credit, provider, market), paid_to_provider })
    }
}

/// A market for real money with the loosest bounds.
fn market() -> anchor_lang::Result<Market> {
    let args = MarketArgs {
        id: 1,
        is_test: false,
        guardian: key(7),
        redistribution_fee_bps: MARKET_FEE_BPS,
        change_delay: 2 * DAY as u32,
        provider_delay: DAY as u32,
        min_suspension: (MIN_SUSPENSION_DAYS * DAY) as u32,
        bounds: TermBounds::PRODUCTION,
    };
    let new = NewMarket {
        bump: 255,
        admin: ADMIN,
        payment_mint: key(107),
        token_program: key(108),
        decimals: 6,
        treasury: TREASURY,
    };
    let mut market = Market::zeroed();
    market.create(new, &args)?;
    Ok(market)
}

/// A provider with one reporter, which offers what the agreement asks for.
fn provider(agreement: &Agreement) -> anchor_lang::Result<Provider> {
    let reporter = Reporter { key: key(9), expires_at: ISSUED_AT + 10_000 * DAY };
    let settings = ProviderSettings {
        payout: key(110),
        max_units_per_second: agreement.terms.max_units_per_second,
        longest_job: agreement.terms.longest_job,
        ..ProviderSettings::with_reporters(&[reporter], 1)
    };
    let new = NewProvider { bump: 255, market: MARKET, authority: OPERATOR, cluster_tag: [77; 32] };
    let mut provider = Provider::zeroed();
    provider.register(new, agreement.terms.units, &settings, &clock(0))?;
    Ok(provider)
}
