//! A market whose mint begins to take fees after all: what `market_create` refuses, and transfers check once more.

use {
    crate::attempt::fund,
    anchor_spl::token_2022::spl_token_2022::extension::{ExtensionType, transfer_fee},
    blockable_sdk::{
        instructions::MarketKeys,
        program::state::{Market, Provider},
        tokens,
    },
    blockable_testkit::{Parties, World},
    solana_sdk::clock::Clock,
};

/// A world with a mint that may take fees and takes none yet. The market's bytes are written: it would be refused.
pub fn world() -> World {
    let mut world = World::with_token(tokens::TOKEN_2022_PROGRAM);
    let mint = world.create_mint_with("fee mint", ExtensionType::TransferFeeConfig);
    world.keys = MarketKeys { mint, ..world.keys };
    let keys = world.keys;
    fund(&mut world, &keys);
    let treasury = world.token_account("treasury");
    let (payout, provider) = (world.token_account("provider"), world.provider);
    world.write::<Market>(&keys.market, |market| {
        market.payment_mint = mint;
        market.treasury = treasury;
    });
    world.write::<Provider>(&provider, |provider| provider.settings.payout = payout);
    world
}

/// Sets the mint's fee to 1 % and waits the two epochs until it is taken.
pub fn begin(world: &mut World) {
    let payer = Parties::address("payer");
    let mint = world.keys.mint;
    let program = tokens::TOKEN_2022_PROGRAM;
    let fee = transfer_fee::instruction::set_transfer_fee(&program, &mint, &payer, &[], 100, u64::MAX);
    world.sent(&[fee.expect("Token-2022")], &[]);
    let mut clock: Clock = world.svm.get_sysvar();
    clock.epoch += 2;
    world.svm.set_sysvar(&clock);
}
