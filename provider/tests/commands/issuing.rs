//! Offers that are issued, one by one and by rules.

use {
    crate::stage::Stage,
    blockable_sdk::{
        Pubkey, Signer, addresses,
        program::{instructions::OfferRead, transitions::Status},
    },
    blockable_testkit::{Chain, Loan},
};

/// Issues one offer, after every refusal. Returns its credit.
pub(crate) async fn issues(stage: &mut Stage) -> Pubkey {
    stage.confirmed(&["issue"]).did(false);
    let chain = &mut stage.cluster.chain;
    let ours = addresses::provider(&chain.keys.market, &stage.authority.pubkey());
    let theirs = std::mem::replace(&mut chain.provider, ours);
    let credit = offered(chain, 77).await;
    let address = credit.to_string();
    stage.confirmed(&["issue", &address]).expect(3, "has not accepted");
    let chain = &mut stage.cluster.chain;
    let read: OfferRead = chain.offer_read(&credit).await;
    let accept = chain.accept(&credit, read);
    chain.send(&[accept], &["borrower"]).await;

    let waiting = stage.run(&["issue"]).did(false);
    assert_eq!(waiting["state"]["waiting"][0]["credit"], address);
    stage.confirmed(&["issue", "nonsense"]).expect(2, "is no address");
    stage.confirmed(&["issue", &theirs.to_string()]).expect(1, "a credit needs");
    stage.confirmed(&["issue", &address, "--terms-hash", &"0".repeat(64)]).expect(3, "read the offer anew");
    stage.confirmed(&["issue", &address, "--terms-hash", "00"]).expect(2, "64 hexadecimal digits");
    stage.confirmed(&["issue", &address, "--offer-slot", "1"]).expect(3, "was made in slot");
    stage.edit("units_per_1k_generated = 401", "units_per_1k_generated = 402");
    stage.confirmed(&["issue", &address]).expect(3, "run `prices`");
    stage.edit("units_per_1k_generated = 402", "units_per_1k_generated = 401");
    stage.edit("reporter-1.json", "../other.json");
    stage.confirmed(&["issue", &address]).expect(3, "run `reporters`");
    stage.edit("../other.json", "reporter-1.json");
    stage.confirmed(&["capacity", "1000"]).did(true);
    stage.confirmed(&["issue", &address]).expect(3, "of the capacity are free");
    stage.confirmed(&["capacity", "2000000000"]).did(true);
    let still = stage.cluster.chain.credit(&credit).await;
    assert_eq!(still.status, Status::Accepted.byte());

    let slot = read.slot.to_string();
    let run = stage.confirmed(&["issue", &address, "--offer-slot", &slot]);
    for part in ["$100,000.00, of which $40,000.00 are held back", "cannot be taken back", "terms hash"] {
        assert!(run.shown.contains(part), "{part}: {}", run.shown);
    }
    assert_eq!(run.did(true)["state"]["status"], "active");
    stage.confirmed(&["issue", &address]).did(false);
    stage.confirmed(&["capacity", "1"]).expect(3, "are outstanding");
    credit
}

/// An offer on the units of the chain's provider that nobody has accepted.
async fn offered(chain: &mut Chain, nonce: u64) -> Pubkey {
    let settings = chain.client.provider(&chain.provider).await.unwrap();
    let mut args = Loan::new(nonce).with(|terms| terms.offer_expires_at = 0).args;
    (args.terms.reporters_hash, args.terms.max_units_per_second) = (settings.reporters_hash(), 10_000);
    (args.terms.holdback, args.terms.unlocked_ahead) = (40_000_000_000, 500_000_000);
    let credit = chain.credit_of(&args);
    let offer = chain.offer(args);
    chain.send(&[offer], &["lender"]).await;
    credit
}

/// Offers are issued by rules or left with a reason, both said once, until a signal comes.
pub(crate) async fn watches(stage: &mut Stage) {
    stage.run(&["issue", "--watch"]).expect(2, "--least-price");
    stage.run(&["issue", "--least-price", "4usdc"]).expect(2, "--watch");
    stage.run(&["issue", "--watch", "--least-price", "dear"]).expect(2, "such as 100000usdc");
    let chain = &mut stage.cluster.chain;
    let credit = offered(chain, 78).await;
    let read = chain.offer_read(&credit).await;
    let accept = chain.accept(&credit, read);
    chain.send(&[accept], &["borrower"]).await;
    let rules = ["--least-price", "100usdc", "--poll", "1s"];
    let left = stage.watch(&[&rules[..], &["--yes"]].concat());
    assert_eq!(left["data"]["state"]["credit"], credit.to_string());
    let reason = left["data"]["state"]["left"].as_str().unwrap();
    assert!(reason.contains("$40,000.00 of $100,000.00 are held back"), "{reason}");
    let rules = [&rules[..], &["--most-holdback", "40%"]].concat();
    let shown = stage.watch(&[&rules[..], &["--dry-run"]].concat());
    assert_eq!((&shown["data"]["dry_run"], &shown["data"]["changed"]), (&true.into(), &false.into()));
    assert_eq!(stage.cluster.chain.credit(&credit).await.status, Status::Accepted.byte());
    stage.run(&[&["issue", "--watch"], &rules[..]].concat()).expect(5, "add --yes");
    let issued = stage.watch(&[&rules[..], &["--yes"]].concat());
    assert_eq!(issued["data"]["state"]["status"], "active");
    assert_eq!(issued["data"]["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(stage.cluster.chain.credit(&credit).await.status, Status::Active.byte());
}
