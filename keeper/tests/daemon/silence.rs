//! A node that takes connections and answers nothing holds nobody up.

use {
    crate::{books::seen, setup::Setup},
    blockable_sdk::program::{
        state::{Instalment, ScheduleRuns},
        transitions::Status,
    },
    blockable_testkit::{Cluster, DAY, Loan, USDC},
    std::{io::ErrorKind, net::TcpListener},
};

/// Credits that fall due at once: more than are read again together before a mark.
const CREDITS: usize = 52;
/// Cycles that the keeper makes before the due date.
const CYCLES: usize = 15;

/// Counts the connections that were opened to a listener which takes none.
fn connections(hole: &TcpListener) -> usize {
    hole.set_nonblocking(true).unwrap();
    std::iter::from_fn(|| match hole.accept() {
        Ok((connection, _)) => Some(connection),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            None
        }
    })
    .count()
}

/// Counts the cycles that a keeper has completed.
fn cycles(setup: &Setup) -> usize {
    setup.log("keeper").lines().filter(|line| line.contains(" cycle slot=")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_node_that_answers_nothing_is_rarely_asked_and_late_credits_are_marked_without_it() {
    // The lender has a million dollars, and the provider's capacity is that of ten common credits.
    let mut args = Loan::new(1).with(|terms| {
        (terms.offer_expires_at, terms.principal) = (0, 10_000 * USDC);
        (terms.units, terms.unlocked_ahead) = (100_000_000, 100_000_000);
        terms.late_fee = 10 * USDC;
    });
    let instalment = |month: u32| Instalment { due_after: month * 30 * DAY, principal: 2_000 * USDC };
    args.args.schedule = ScheduleRuns::from_schedule(&(1..=5).map(instalment).collect::<Vec<_>>());
    let setup = Setup::lend(Cluster::ticking(100).await, CREDITS, &args.args).await;
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = setup.cluster.rpc_url();
    let third = format!("http://{}", hole.local_addr().unwrap());
    setup.write_config("keeper", &[url.clone(), url, third], "");
    let timeout = [("BLOCKABLE_KEEPER_CYCLE__REQUEST_TIMEOUT_SECONDS", "2")];
    let keeper = setup.spawn_with("keeper", &timeout);
    setup.until("cycles are made", async |setup: &Setup| cycles(setup) >= CYCLES).await;
    let opened = connections(&hole);
    assert!(opened > 0 && opened < cycles(&setup), "{opened} connections in {} cycles", cycles(&setup));

    let credit = setup.cluster.chain.credit(&setup.credits[0]).await;
    let due = credit.schedule().due_date(0).unwrap().unwrap();
    setup.cluster.chain.wait_until(due + i64::from(credit.terms.delinquency_grace) + 60).await;
    setup
        .until("all are marked", async |setup: &Setup| {
            for number in 0..CREDITS {
                if setup.status(number).await != Status::Delinquent {
                    return false;
                }
            }
            true
        })
        .await;
    assert!(seen(&setup.store("keeper")) > due);
    keeper.stop().await;
    setup.cluster.stop();
}
