//! The chain's clock against this machine's: a single node that stands still has no other to be behind.

use {
    crate::{
        node::Node,
        world::{World, world},
    },
    base64::{Engine, prelude::BASE64_STANDARD},
    serde_json::json,
};

/// The address of the chain's clock.
const CLOCK: &str = "SysvarC1ock11111111111111111111111111111111";

/// A node whose clock differs from the world's by so many seconds.
fn node_with_clock(world: &World, seconds: i64) -> Node {
    Node::before(&world.url(), move |request, mut answer| {
        let is_clock = request["params"].to_string().contains(CLOCK);
        let data = answer.pointer_mut("/result/value/data/0").filter(|_| is_clock);
        if let Some(data) = data {
            let mut bytes = BASE64_STANDARD.decode(data.as_str().unwrap()).unwrap();
            let time = i64::from_le_bytes(bytes[32..40].try_into().unwrap()) + seconds;
            bytes[32..40].copy_from_slice(&time.to_le_bytes());
            *data = json!(BASE64_STANDARD.encode(bytes));
        }
        Some(answer)
    })
}

#[test]
fn a_node_whose_clock_stands_still_says_of_no_freeze_that_it_is_done() {
    let (world, credit) = (world(), world().loan().to_string());
    let behind = node_with_clock(world, -300);
    let url = behind.url();
    let freeze = ["credit", "freeze", &credit, "--all", "-u", &url];
    let done = world.run_as("lender", &freeze);
    assert_eq!(done.data()["changed"], true, "what it can do it does");
    assert!(done.warnings()[0].contains("behind this machine's: the node may stand still"), "{done:?}");
    let again = world.run_as("lender", &freeze);
    let error = again.error();
    assert_eq!((again.code, &error["code"]), (1, &"failed".into()), "{error}");
    assert!(error["message"].as_str().unwrap().contains("may be open by now: nothing was sent"), "{error}");
    let shown = world.run(&["credit", "show", &credit, "-u", &url, "--output", "json"]);
    assert_eq!((shown.code, shown.warnings().len()), (0, 1), "{shown:?}");
    for seconds in [-30, 30] {
        let near = node_with_clock(world, seconds);
        let near = near.url();
        let again = world.run_as("lender", &["credit", "freeze", &credit, "--all", "-u", &near]);
        assert_eq!((&again.data()["changed"], again.warnings().len()), (&false.into(), 0), "{again:?}");
    }
    let ahead = node_with_clock(world, 300);
    let shown = world.run(&["credit", "show", &credit, "-u", &ahead.url(), "--output", "json"]);
    assert!(shown.warnings()[0].contains("ahead of this machine's"), "{shown:?}");
}
