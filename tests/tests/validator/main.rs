//! The lifecycle on `solana-test-validator`, over JSON-RPC, through the SDK's async client alone.
//!
//! Where the binary is missing the tests are skipped, and say so. They do not use the harness of cargo, which would hide the
//! output of a passing test and start a validator for each test.

mod enforcement;
mod metering;
mod repayment;
mod terms;

use {
    blockable_testkit::{
        Chain,
        node::{self, Node},
    },
    std::{env, future::Future, path::Path, pin::Pin, process::ExitCode, time::Instant},
    tokio::{runtime::Builder, task::LocalSet},
};

/// A test: gets a market of its own on the node that all share.
struct Test {
    name: &'static str,
    run: fn(Chain) -> Pin<Box<dyn Future<Output = ()>>>,
}

const TESTS: [Test; 3] = [
    Test { name: "a_loan_is_repaid_and_removed", run: |chain| Box::pin(repayment::run(chain)) },
    Test {
        name: "a_missed_loan_is_frozen_seized_sold_and_removed",
        run: |chain| Box::pin(enforcement::run(chain)),
    },
    Test { name: "a_whole_chunk_is_metered_in_one_transaction", run: |chain| Box::pin(metering::run(chain)) },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        TESTS.iter().for_each(|test| println!("{}: test", test.name));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted =
        |test: &&Test| filters.is_empty() || filters.iter().any(|filter| test.name.contains(*filter));
    let tests: Vec<&Test> = TESTS.iter().filter(wanted).collect();
    if tests.is_empty() {
        return ExitCode::SUCCESS;
    }
    match node::binary() {
        Ok(Some(binary)) => run(&binary, &tests),
        Ok(None) => {
            println!(
                "\nSKIPPED: {} tests on solana-test-validator, which is not on the path.\nTo run them: \
                 SOLANA_TEST_VALIDATOR=$(scripts/install-test-validator) cargo test --release -p blockable-tests --test validator\n",
                tests.len()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the tests at the same time on one node; each waits for its due dates most of the time.
fn run(binary: &Path, tests: &[&Test]) -> ExitCode {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let failed = LocalSet::new().block_on(&runtime, async {
        let start = Instant::now();
        let node = Node::start(binary).await;
        Chain::fund_fees(&node.client()).await;
        println!("\nsolana-test-validator is up and funded in {:.1} s", start.elapsed().as_secs_f64());
        let running: Vec<_> = (1u64..)
            .zip(tests)
            .map(|(id, test)| {
                let (client, run) = (node.client(), test.run);
                tokio::task::spawn_local(async move {
                    let (market, settings) = (terms::market(id), terms::settings());
                    run(Chain::open(client, market, terms::CAPACITY, settings).await).await;
                })
            })
            .collect();
        let mut failed = 0;
        for (test, task) in tests.iter().zip(running) {
            let passed = task.await.is_ok();
            failed += usize::from(!passed);
            let result = if passed { "ok" } else { "FAILED" };
            println!("test {} ... {result} ({:.1} s)", test.name, start.elapsed().as_secs_f64());
        }
        failed
    });
    println!("{} passed, {failed} failed\n", tests.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
