//! Requests by a seeded generator, over all routes: each gets an answer that the description has, nothing hangs or stays held, and
//! the books are equal to the unit.
//!
//! `FUZZ_REQUESTS` and `SEED` choose number and seed; docs/provider-fuzz-record.md has a long run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod answers;
mod bodies;
mod books;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod malformed;
#[path = "../common/node.rs"]
mod node;
mod orders;
mod requests;
mod routes;
#[path = "../common/script.rs"]
mod script;
mod upstream;
mod values;

use {
    answers::{Seen, Verdicts},
    books::{Books, KEYS},
    client::{Answer, send},
    rand::{SeedableRng, rngs::StdRng},
    requests::Generator,
    std::{
        env,
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::time::timeout,
};

/// Requests in a run that names no number.
const REQUESTS: usize = 20_000;
/// Clients that send at once.
const CLIENTS: usize = 48;
/// Time in which every request must be over.
const PATIENCE: Duration = Duration::from_secs(30);

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// The seed of a run, which is printed.
fn seed() -> u64 {
    let seed = number("SEED", 20_261_130);
    println!("seed {seed}; run again with SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_gets_a_described_answer_and_the_books_are_equal() {
    // Refusals of a thousand kinds are warnings; what only the operator should see is an error.
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR);
    let _ = log.with_ansi(false).with_test_writer().try_init();
    let (seed, all) = (seed(), number("FUZZ_REQUESTS", REQUESTS as u64));
    let books = Arc::new(Books::start().await);
    let verdicts = Arc::new(Verdicts::new(books.description().await));
    let generator = Arc::new(Generator::new(&books, &verdicts.description));
    let began = Instant::now();
    let clients = (0..CLIENTS as u64).map(|client| {
        let (books, verdicts, generator) = (books.clone(), verdicts.clone(), generator.clone());
        tokio::spawn(async move {
            let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(client));
            let mut seen = Seen::default();
            for number in (client..all).step_by(CLIENTS) {
                let id = format!("fuzz-{number}");
                let request = generator.make(&mut random, &id);
                let addr =
                    if request.is_operators { books.server().ops_addr() } else { books.server().addr() };
                let sent = timeout(PATIENCE, send(addr, &request)).await;
                let answer: Answer = sent.unwrap_or_else(|_| panic!("{id} hangs: {request:?}"));
                let fault = books.upstream.faulted(&id);
                verdicts
                    .check(&request, &answer, fault, &mut seen)
                    .unwrap_or_else(|fault| panic!("{id}: {fault}\n{request:?}\n{answer:?}"));
            }
            seen
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut seen = Seen::default();
    for client in clients {
        seen.merge(client.await.unwrap());
    }
    let took = began.elapsed();
    println!(
        "{all} requests in {:.1} s, {:.0} a second",
        took.as_secs_f64(),
        all as f64 / took.as_secs_f64()
    );
    println!("{seen}");
    let Ok(books) = Arc::try_unwrap(books) else { panic!("a client still runs") };
    let sums = books.close(&seen).await;
    println!("{sums}");
    assert!(seen.count("/v1/freezes", 200) as u64 >= all / 2_000, "too few freezes were obeyed");
    let enough = all / 50;
    assert!(seen.charged() as u64 > enough, "too few requests were served");
    assert!(
        seen.untouched(&verdicts.description).is_empty() || all < 10_000,
        "{:?}",
        seen.untouched(&verdicts.description)
    );
    assert_eq!(KEYS.len(), sums.credits);
}
