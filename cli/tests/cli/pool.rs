//! `blockable pool` and `provider`: the sandbox's lots are listed, quoted, bought from and closed.

use {
    crate::{
        golden::assert_golden,
        world::{World, world},
    },
    blockable_sandbox::loans::LoanName,
    blockable_sdk::{Pubkey, Signer, addresses, program::auction},
    blockable_testkit::http::{Reply, Server, forward},
    serde_json::{Value, json},
    std::sync::atomic::{AtomicUsize, Ordering},
};

/// A lot of all units that a defaulted loan of its own has.
fn lot(world: &World, window: &str) -> (Pubkey, String) {
    let credit = world.defaulted_loan();
    world.run_as("lender", &["credit", "cancel-locked", &credit.to_string(), "--all"]).data();
    let seize = ["credit", "seize", &credit.to_string(), "--all", "--window", window];
    let seized = world.run_as("lender", &seize).data();
    (credit, seized["created"]["lot"].as_str().unwrap().to_string())
}

#[test]
fn providers_are_listed_and_shown() {
    let world = world();
    let address = world.venue().provider.to_string();
    let listed = world.run(&["provider", "list", "--open"]);
    assert!(listed.stdout.starts_with("PROVIDER") && listed.stdout.contains(&address), "{listed:?}");
    assert!(listed.stdout.trim_end().ends_with("1 provider"), "{listed:?}");
    assert_golden(world, "provider_list", &listed.stdout);
    let data = world.run(&["provider", "list", "--json", "provider,state"]).data();
    assert_eq!((&data[0]["provider"], &data[0]["state"]), (&address.clone().into(), &"open".into()));
    let shown = world.run(&["provider", "show", &address]);
    for line in ["capacity", "reports", "reporter 2", "bounds of loans", "reporters hash"] {
        assert!(shown.stdout.lines().any(|shown| shown.starts_with(line)), "{line}: {}", shown.stdout);
    }
    assert!(shown.stdout.contains("of 2 of 3 reporters, chunks of 8 credits"), "{shown:?}");
    assert_golden(world, "provider_show", &shown.stdout);
    let data = world.run(&["provider", "show", &address, "--output", "json"]).data();
    assert_eq!(data["authority"], world.party("provider"));
    assert_eq!(data["settings"]["reporters"][0]["key"], world.party("reporter-1"));
    let free = data["capacity_units"].as_u64().unwrap() - data["outstanding_units"].as_u64().unwrap();
    assert_eq!((&data["free_units"], &data["proposed"]), (&free.into(), &Value::Null));
    let error = world.run(&["provider", "show", &world.market(), "--output", "json"]).error();
    assert_eq!(error["code"], "not_found");
    assert!(error["message"].as_str().unwrap().contains("is a market and no provider"), "{error}");
}

#[test]
fn lots_are_listed_with_their_price_and_quoted() {
    let world = world();
    let loan = world.sandbox_loan(LoanName::ForSale);
    let lot = addresses::lot(&loan, 0).to_string();
    let listed = world.run(&["pool", "list", "--where", &format!("credit={loan}")]);
    assert!(listed.stdout.starts_with("LOT") && listed.stdout.contains(&lot), "{listed:?}");
    assert!(listed.stdout.contains("for sale") && listed.stdout.trim_end().ends_with("1 lot"), "{listed:?}");
    assert_golden(world, "pool_list", &listed.stdout);
    let data =
        world.run(&["pool", "list", "-w", &format!("lender={}", world.party("lender")), "--output", "json"]);
    let found = data.data();
    let entry = found.as_array().unwrap().iter().find(|entry| entry["lot"] == lot).unwrap();
    let price = entry["price"].as_u64().unwrap();
    assert!(
        (entry["floor_price"].as_u64().unwrap()..=entry["start_price"].as_u64().unwrap()).contains(&price)
    );
    let none = world.run(&["pool", "list", "-w", &format!("lender={}", world.party("buyer"))]);
    assert!(none.stdout.starts_with("nothing is for sale on"), "{none:?}");

    let quote = ["pool", "quote", lot.as_str(), "--units", "1,000,000"];
    let text = world.run(&quote);
    for said in ["you pay", "it goes to", "at the floor", "1,000,000 units"] {
        assert!(text.stdout.contains(said), "{said}: {text:?}");
    }
    assert_golden(world, "pool_quote", &text.stdout);
    // What is paid is what the three get.
    let cents = |line: &str| -> Vec<u64> {
        let sums = line.split('$').skip(1).map(|sum| sum.chars().filter(char::is_ascii_digit));
        sums.map(|digits| digits.take(9).collect::<String>().parse().unwrap()).collect()
    };
    let line = |name: &str| text.stdout.lines().find(|line| line.starts_with(name)).unwrap();
    let pays = line("you pay").split(", ").next().unwrap();
    assert_eq!(cents(pays)[0], cents(line("it goes to")).iter().sum::<u64>(), "{text:?}");
    let data = world.run(&[&quote[..], &["--output", "json"]].concat()).data();
    let (price, cost) = (data["price"].as_u64().unwrap(), data["cost"].as_u64().unwrap());
    assert_eq!(cost, auction::cost(1_000_000, price).unwrap());
    let parts = ["fee", "recovered", "surplus"].map(|part| data[part].as_u64().unwrap());
    assert_eq!(parts.iter().sum::<u64>(), cost);
    // The lender pays no less than the loan did.
    let lender = world.party("lender");
    let own = world.run(&[&quote[..], &["--buyer", &lender, "--output", "json"]].concat()).data();
    assert_eq!(own["price"], own["lot"]["loan_price"]);
    let spent = world.run(&["pool", "quote", &lot, "--spend", "100usdc", "--output", "json"]).data();
    assert!(spent["cost"].as_u64().unwrap() <= 100_000_000 && spent["cost"].as_u64().unwrap() > 99_999_000);
    for (arguments, said) in [
        (
            vec!["pool", "quote", lot.as_str(), "--units", "9,000,000,000"],
            "left, fewer than 9,000,000,000 units",
        ),
        (vec!["pool", "quote", lot.as_str(), "--spend", "0.000001usdc"], "buy not one unit"),
    ] {
        let error = world.run(&[&arguments[..], &["--output", "json"]].concat()).error();
        assert_eq!(error["code"], "refused", "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
    let error = world.run(&["pool", "quote", &loan.to_string(), "--all", "--output", "json"]).error();
    assert!(error["message"].as_str().unwrap().contains("is a credit and no lot"), "{error}");
}

#[test]
fn units_are_bought_for_no_more_than_the_review_shows() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let ((credit, lot), (buyer, key)) = (lot(world, "1h"), world.newcomer(folder.path()));
    let left = world.lot(&lot.parse().unwrap()).units_left;
    let before = world.balance(&buyer);
    let dear = world.run_by(&key, &["pool", "buy", &lot, "--all", "--max-price", "0.01usdc"]).error();
    assert!(dear["message"].as_str().unwrap().contains("it falls to"), "{dear}");
    let later = world.run_by(&key, &["pool", "buy", &lot, "--all", "--max-price", "4.9usdc"]).error();
    assert!(later["message"].as_str().unwrap().contains("run this again at"), "{later}");
    let many = world.run_by(&key, &["pool", "buy", &lot, "--units", "5000", "--at-least", "6000"]).error();
    assert_eq!(many["code"], "usage", "{many}");

    let dry = ["pool", "buy", &lot, "--units", "1,000,000", "--dry-run", "-k", &buyer.pubkey().to_string()];
    let dry = world.run(&[&dry[..], &["--output", "json"]].concat()).data();
    assert_eq!((&dry["changed"], &dry["state"]["credit"]["granted"]), (&false.into(), &1_000_000.into()));
    assert_eq!(world.balance(&buyer), before);
    let nobody = world.run(&["pool", "buy", &lot, "--all", "--dry-run", "--output", "json"]).error();
    assert!(nobody["message"].as_str().unwrap().contains("it is not known who buys"), "{nobody}");

    let done = world.run_by(&key, &["pool", "buy", &lot, "--units", "1,000,000"]);
    for said in ["left in the lot", "your open units", "your money", "units expire", "not undone"] {
        assert!(done.stderr.contains(said), "{said}: {done:?}");
    }
    let review: Vec<&str> = done.stderr.lines().skip(1).collect();
    assert_golden(world, "pool_buy", &review.join("\n"));
    let data = done.data();
    let own: Pubkey = data["created"]["credit"].as_str().unwrap().parse().unwrap();
    assert_eq!(data["state"]["lot"]["units_left"], left - 1_000_000);
    assert_eq!(world.credit(&own).collateral.available(), 1_000_000);
    let paid = before - world.balance(&buyer);
    assert!(paid > 0 && paid <= 5_000_000, "{paid}");
    // The second purchase joins the first.
    let more = world.run_by(&key, &["pool", "buy", &lot, "--spend", "10usdc", "--at-least", "1000"]).data();
    assert_eq!((&more["created"], &more["rent_lamports"]), (&serde_json::json!({}), &0.into()));
    assert!(world.credit(&own).collateral.available() > 2_000_000);
    assert!(world.credit(&credit).recovered > 0);
    let early = world.run_as("lender", &["pool", "close", &lot]).error();
    assert!(early["message"].as_str().unwrap().contains("its price falls until"), "{early}");
}

/// A node that fails each request about an account from one of them on.
fn failing_node(world: &World, account: &str, first: usize) -> Server {
    let (url, account, seen) = (world.url(), account.to_string(), AtomicUsize::new(0));
    Server::json_rpc(move |request| {
        let is_about = request["method"] == "getAccountInfo" && request["params"][0] == account;
        if is_about && seen.fetch_add(1, Ordering::Relaxed) + 1 >= first {
            let error = json!({"error": {"code": -32_603, "message": "the disk is slow"}});
            return Reply::json_rpc(request, error);
        }
        forward(&url, request).map_or(Reply::HangUp, |answer| Reply::Body(answer.to_string()))
    })
}

#[test]
fn an_account_that_a_node_cannot_give_is_not_taken_for_missing() {
    let world = world();
    let loan = world.sandbox_loan(LoanName::ForSale);
    let (lot, account, buyer) = (addresses::lot(&loan, 0), world.credit(&loan), world.party("buyer"));
    let market = world.market().parse().unwrap();
    let own = addresses::unrestricted_credit(
        &market,
        &account.provider,
        &buyer.parse().unwrap(),
        account.units_expire_at,
    );
    let node = failing_node(world, &own.to_string(), 1);
    let buy = ["pool", "buy", &lot.to_string(), "--units", "1,000", "--dry-run", "-k", &buyer];
    let error = world.run(&[&buy[..], &["--output", "json", "-u", &node.url()]].concat()).error();
    assert_eq!(error["code"], "failed", "{error}");
    assert!(error["message"].as_str().unwrap().contains("the node failed"), "{error}");
    // The second read, which says what is there in place of a credit.
    let provider = account.provider.to_string();
    let node = failing_node(world, &provider, 2);
    let error = world.run(&["credit", "show", &provider, "--output", "json", "-u", &node.url()]).error();
    assert_eq!(error["code"], "failed", "{error}");
    assert!(error["message"].as_str().unwrap().contains("the node failed"), "{error}");
}

#[test]
fn a_lot_whose_price_has_fallen_is_closed_by_its_lender_and_a_sold_out_one_by_anyone() {
    let world = world();
    let (credit, first) = lot(world, "1s");
    world.wait_until(world.lot(&first.parse().unwrap()).opened_at + 3);
    let stranger = world.run_as("buyer", &["pool", "close", &first]).error();
    assert!(stranger["message"].as_str().unwrap().contains("only the lender can"), "{stranger}");
    let closed = world.run_as("lender", &["pool", "close", &first]).data();
    assert_eq!((&closed["changed"], &closed["state"]["seized"]), (&true.into(), &0.into()), "{closed}");
    let gone = world.run_as("lender", &["pool", "close", &first]).error();
    assert_eq!(gone["code"], "not_found");

    let seize = ["credit", "seize", &credit.to_string(), "--units", "1000000", "--window", "1s"];
    let second = world.run_as("lender", &seize).data()["created"]["lot"].as_str().unwrap().to_string();
    world.run_as("buyer", &["pool", "buy", &second, "--all"]).data();
    let sold = world.run_as("buyer", &["pool", "buy", &second, "--all"]).error();
    assert!(sold["message"].as_str().unwrap().contains("is sold out"), "{sold}");
    let listed = world.run(&["pool", "list", "-w", &format!("credit={credit}"), "--output", "json"]).data();
    assert_eq!(listed, Value::Array(Vec::new()));
    let all =
        world.run(&["pool", "list", "-w", &format!("credit={credit}"), "--all", "--json", "state"]).data();
    assert_eq!(all[0]["state"], "sold out");
    world.run_as("buyer", &["pool", "close", &second]).data();
}
