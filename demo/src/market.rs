//! The market of a demo: its payment token, its provider, and the parties' money.

use {
    crate::{
        DemoError,
        cast::Cast,
        loan::Loan,
        narrator::{Narrator, Step, number, units, words},
        pace::Pace,
    },
    blockable_sandbox::venue::{MarketOffer, ProviderOffer, QUORUM, USDC},
    blockable_sdk::{
        Signer,
        amounts::{MicroUsd, Units},
        client::Landed,
        program::state::{MIN_CHANGE_DELAY, MIN_PROVIDER_DELAY, MIN_SUSPENSION},
    },
};

/// SOL of each party that pays fees or rent.
const SOL: u64 = 10;
/// Share of a sale's price that goes to the market's treasury, in basis points.
const FEE_BPS: u16 = 200;

/// Opens a market with a payment token, and registers a provider that can issue both loans.
pub(crate) async fn open(
    cast: &Cast,
    narrator: &Narrator,
    pace: Pace,
    loans: &[Loan],
) -> Result<(), DemoError> {
    let landed = fund(cast, loans).await?;
    narrator.step(
        Step::new("mint", "A payment token with six decimals is created, and dollars are handed out.")
            .landed(&landed)
            .fact(words("mint", cast.venue.keys.mint.to_string())),
    );
    let landed = create_market(cast, pace).await?;
    let kind = if pace.is_real() { "production bounds" } else { "test market" };
    narrator.step(
        Step::new("market", format!("A market opens: {kind}."))
            .landed(&landed)
            .fact(words("market", cast.venue.keys.market.to_string()))
            .fact(words("kind", kind)),
    );
    let capacity = loans.iter().map(Loan::units).sum::<Units>();
    let landed = register_provider(cast, loans, capacity).await?;
    narrator.step(
        Step::new(
            "provider",
            "A GPU provider registers with three usage reporters, of which two must agree.",
        )
        .landed(&landed)
        .fact(words("provider", cast.venue.provider.to_string()))
        .fact(units("capacity", capacity))
        .fact(number("reporters", 3))
        .fact(number("quorum", QUORUM.into())),
    );
    Ok(())
}

/// Funds the parties: SOL for those who pay rent and fees, dollars of a new mint for those who need them.
async fn fund(cast: &Cast, loans: &[Loan]) -> Result<Landed, DemoError> {
    let keyring = &cast.venue.keyring;
    let payers = [&keyring.admin, &keyring.lender, &keyring.provider, &keyring.buyer];
    cast.venue.airdrop(&payers.map(Signer::pubkey), SOL).await?;
    let landed = cast.venue.create_mint().await?;
    let wallets = [
        (&keyring.lender, loans.iter().map(Loan::principal).sum()),
        (&keyring.borrower, MicroUsd(60_000 * USDC)),
        (&keyring.buyer, MicroUsd(250_000 * USDC)),
        (&keyring.provider, MicroUsd::ZERO),
        (&keyring.treasury, MicroUsd::ZERO),
    ];
    cast.venue.fund(&wallets).await?;
    Ok(landed)
}

async fn create_market(cast: &Cast, pace: Pace) -> Result<Landed, DemoError> {
    let tests = MarketOffer { bounds: pace.bounds(), ..MarketOffer::for_tests(FEE_BPS) };
    let offer = match pace.is_real() {
        false => tests,
        true => MarketOffer {
            is_test: false,
            change_delay: MIN_CHANGE_DELAY,
            provider_delay: MIN_PROVIDER_DELAY,
            min_suspension: MIN_SUSPENSION,
            ..tests
        },
    };
    let guardian = cast.venue.keyring.admin.pubkey();
    Ok(cast.venue.create_market(MarketOffer { guardian, ..offer }).await?)
}

/// Registers the provider with the rate bound of the faster loan.
async fn register_provider(cast: &Cast, loans: &[Loan], capacity: Units) -> Result<Landed, DemoError> {
    let terms = || loans.iter().map(|loan| loan.terms);
    let offer = ProviderOffer {
        capacity,
        max_units_per_second: terms().map(|terms| terms.max_units_per_second).max().unwrap_or_default(),
        longest_job: terms().map(|terms| terms.longest_job).max().unwrap_or_default(),
    };
    Ok(cast.venue.register_provider(offer).await?)
}
