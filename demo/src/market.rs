//! The market of a demo: its payment token, its provider, and the parties' money.

use {
    crate::{
        DemoError,
        cast::{Cast, USDC, market_id},
        loan::Loan,
        narrator::{Narrator, Step, number, units, words},
        pace::Pace,
    },
    blockable_sdk::{
        Keypair, Signer,
        amounts::Units,
        client::Landed,
        instructions::{self, MarketKeys},
        program::{
            instructions::MarketArgs,
            state::{MIN_CHANGE_DELAY, MIN_PROVIDER_DELAY, MIN_SUSPENSION, ProviderSettings, Reporter},
        },
        tokens,
    },
};

/// Share of a sale's price that goes to the market's treasury, in basis points.
const FEE_BPS: u16 = 200;
/// Delays of a market of tests, in seconds.
const TEST_DELAY: u32 = 60;

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
            .fact(words("mint", cast.keys.mint.to_string())),
    );
    let landed = create_market(cast, pace).await?;
    let kind = if pace.is_real() { "production bounds" } else { "test market" };
    narrator.step(
        Step::new("market", format!("A market opens: {kind}."))
            .landed(&landed)
            .fact(words("market", cast.keys.market.to_string()))
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
        .fact(words("provider", cast.provider.to_string()))
        .fact(units("capacity", capacity))
        .fact(number("reporters", 3))
        .fact(number("quorum", 2)),
    );
    Ok(())
}

/// Funds the parties: SOL for those who pay rent and fees, dollars of a new mint for those who need them.
async fn fund(cast: &Cast, loans: &[Loan]) -> Result<Landed, DemoError> {
    let payers = [&cast.operator, &cast.lender, &cast.provider_authority, &cast.buyer];
    cast.cluster.airdrop(&payers.map(Signer::pubkey)).await?;
    let payer = cast.operator.pubkey();
    let rpc = cast.cluster.client.rpc();
    let rent = rpc.get_minimum_balance_for_rent_exemption(tokens::MINT_SPACE).await;
    let rent = rent.map_err(|error| DemoError::Client(error.into()))?;
    let MarketKeys { mint, token_program, .. } = cast.keys;
    let create =
        tokens::create_mint(&payer, &mint, &payer, 6, &token_program, rent).map_err(DemoError::token)?;
    let landed = cast.send(&create, &[&cast.mint]).await?;
    let principals = loans.iter().map(|loan| loan.principal().get()).sum();
    for (party, amount) in [
        (&cast.lender, principals),
        (&cast.borrower, 60_000 * USDC),
        (&cast.buyer, 250_000 * USDC),
        (&cast.provider_authority, 0),
        (&cast.treasury, 0),
    ] {
        let owner = party.pubkey();
        let create = tokens::create_associated(&payer, &owner, &mint, &token_program);
        let fund = tokens::mint_to(&mint, &cast.wallet(party), &payer, amount, &token_program);
        cast.send(&[create, fund.map_err(DemoError::token)?], &[]).await?;
    }
    Ok(landed)
}

async fn create_market(cast: &Cast, pace: Pace) -> Result<Landed, DemoError> {
    let is_test = !pace.is_real();
    let delay = |real: u32| if is_test { TEST_DELAY } else { real };
    let args = MarketArgs {
        id: market_id(&cast.mint),
        is_test,
        guardian: cast.operator.pubkey(),
        redistribution_fee_bps: FEE_BPS,
        change_delay: delay(MIN_CHANGE_DELAY),
        provider_delay: delay(MIN_PROVIDER_DELAY),
        min_suspension: delay(MIN_SUSPENSION),
        bounds: pace.bounds(),
    };
    let payer = cast.operator.pubkey();
    let MarketKeys { mint, token_program, .. } = cast.keys;
    let treasury = cast.wallet(&cast.treasury);
    cast.send(&[instructions::market_create(&payer, &payer, &mint, &token_program, &treasury, args)], &[])
        .await
}

/// Registers the provider with three reporters and a quorum of two, and with the rate bound of the faster loan.
async fn register_provider(cast: &Cast, loans: &[Loan], capacity: Units) -> Result<Landed, DemoError> {
    let reporter = |key: &Keypair| Reporter { key: key.pubkey(), expires_at: i64::MAX };
    let terms = || loans.iter().map(|loan| loan.terms);
    let settings = ProviderSettings {
        payout: cast.wallet(&cast.provider_authority),
        max_units_per_second: terms().map(|terms| terms.max_units_per_second).max().unwrap_or_default(),
        longest_job: terms().map(|terms| terms.longest_job).max().unwrap_or_default(),
        ..ProviderSettings::with_reporters(&cast.reporters.each_ref().map(reporter), 2)
    };
    let authority = cast.provider_authority.pubkey();
    let market = &cast.keys.market;
    let register = instructions::provider_register(market, &authority, &authority, capacity.get(), settings);
    cast.send(&[register], &[&cast.provider_authority]).await
}
