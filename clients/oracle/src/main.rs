//! Prints random accounts, terms, reports and calls, one JSON document a line, each with the figures that the Rust SDK derives.
//! The tests of `clients/ts` derive the same and compare.
//!
//! usage: `blockable-oracle SEED COUNT`. One seed always gives the same lines.

mod calls;
mod draw;
mod figures;
mod hashes;
mod loans;
mod markets;
mod permits;
mod value;

use {
    rand::{SeedableRng, rngs::StdRng},
    serde_json::Value,
    std::io::{self, BufWriter, Write},
};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(seed)), Some(Ok(count)), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err(io::Error::other("usage: blockable-oracle SEED COUNT"));
    };
    let mut rng = StdRng::seed_from_u64(seed);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut print = |line: Value| writeln!(out, "{line}");
    for number in 0..count {
        print(loans::draw(&mut rng))?;
        print(markets::draw(&mut rng))?;
        print(permits::draw(&mut rng))?;
        print(hashes::draw(&mut rng))?;
        if number % 100 == 0 {
            for call in calls::draw(&mut rng) {
                print(call)?;
            }
        }
    }
    out.flush()
}
