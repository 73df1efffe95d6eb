//! Random markets and lots.

use {
    crate::{
        draw::{part, wild, wild_time},
        value::{Figure, hex, object},
    },
    anchor_lang::Discriminator,
    blockable_sdk::program::{
        auction,
        state::{Lot, Market},
        units::Overflow,
    },
    bytemuck::{Zeroable, bytes_of},
    rand::{Rng, rngs::StdRng},
    serde_json::{Value, json},
};

/// A market and a lot in JSON, with their figures.
pub(crate) fn draw(rng: &mut StdRng) -> Value {
    let mut market = Market::zeroed();
    (market.id, market.paused_seconds) = (rng.random(), part(rng, 10_000_000));
    (market.paused_at, market.pause_expires_at) = (wild_time(rng), wild_time(rng));
    (market.halted_at, market.halt_lifts_at) = (wild_time(rng), wild_time(rng));
    let mut lot = Lot::zeroed();
    (lot.start_price, lot.floor_price, lot.opened_at) = (wild(rng), wild(rng), wild_time(rng));
    if rng.random() {
        lot.floor_price = part(rng, lot.start_price);
    }
    lot.window = rng.random_range(0..100_000_000);
    let (chain, units, amount, bps) = (wild_time(rng), wild(rng), wild(rng), rng.random::<u16>());
    let clock = market.clock_at(chain).map(|clock| {
        object([
            ("market", &clock.market),
            ("isPaused", &clock.is_paused),
            ("isHalted", &clock.is_halted),
            ("secondsPaused", &clock.seconds_paused()),
        ])
    });
    json!({
        "kind": "market",
        "market": hex(&[Market::DISCRIMINATOR, bytes_of(&market)].concat()),
        "lot": hex(&[Lot::DISCRIMINATOR, bytes_of(&lot)].concat()),
        "given": object([("chain", &chain), ("units", &units), ("amount", &amount), ("bps", &bps)]),
        "figures": object([
            ("clock", &clock),
            ("price", &lot.price_at(chain)),
            ("windowHasPassed", &lot.window_has_passed(chain)),
            ("cost", &auction::cost(units, lot.start_price)),
            ("split", &split(amount, bps, units)),
            ("leastPrice", &auction::least_price(amount, bps)),
            ("highestPrice", &auction::highest_price(amount, bps)),
        ]),
    })
}

fn split(cost: u64, fee_bps: u16, debt: u64) -> Value {
    let proceeds: Result<_, Overflow> = auction::split(cost, fee_bps, debt);
    proceeds
        .map(|proceeds| {
            object([
                ("fee", &proceeds.fee),
                ("recovered", &proceeds.recovered),
                ("surplus", &proceeds.surplus),
            ])
        })
        .json()
}
