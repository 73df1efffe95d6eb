//! Sandboxes that are kept.

use {
    crate::played::{COST, Played, refusal},
    blockable_sandbox::{Options, Sandbox, loans::LoanName},
    blockable_sdk::{
        Pubkey, Signer, instructions,
        program::{instructions::FreezeAmount, state::FreezeReason},
    },
    reqwest::StatusCode,
    serde_json::{Value, json},
    std::{fs, path::Path, time::Duration},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_one_goes_on_from_its_folder() {
    let place = tempfile::tempdir().unwrap();
    let keep = place.path().join("new/kept");
    // Nothing falls due meanwhile, so that balances can be compared.
    let hour = Duration::from_secs(3_600);
    let options =
        || Options { keep: Some(keep.clone()), late_after: hour, paid_every: hour, ..Options::default() };
    let played = Played::start(options()).await;
    let paying = played.address(LoanName::Paying);
    freeze(&played, LoanName::Healthy).await;
    // Not metered on the chain before the end.
    assert_eq!(played.chat(LoanName::Paying).await.0, StatusCode::OK);
    let busy = refusal(Sandbox::start(options()).await);
    assert!(busy.contains("is in use by another sandbox; stop that one"), "{busy}");
    let before = state(&played, &paying).await;
    let document = played.facts().json();
    played.sandbox.stop().await.unwrap();

    let again = Played::start(options()).await;
    let after = state(&again, &paying).await;
    assert_eq!(before.0, after.0, "balances and the loan");
    assert!(after.1 >= before.1 && after.2 >= before.2, "clock and slot never go back");
    assert!(after.3 >= before.3, "the chain's transactions are still served");
    let same = |text: &str, field: &str| serde_json::from_str::<Value>(text).unwrap()[field].clone();
    for field in ["market", "mint", "provider", "parties"] {
        assert_eq!(same(&document, field), same(&again.facts().json(), field), "{field}");
    }
    let (status, body) = again.chat(LoanName::Healthy).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("credit_frozen")));
    let is_metered =
        async |played: &Played| played.credit(LoanName::Paying).await.collateral.consumed == COST;
    again.until("the metering of what was used before", is_metered).await;
    assert_eq!(again.chat(LoanName::Paying).await.0, StatusCode::OK);
    again.sandbox.stop().await.unwrap();
    other_folders_are_refused(place.path(), &keep).await;
}

async fn freeze(played: &Played, name: LoanName) {
    let (venue, key) = (played.sandbox.venue(), &played.sandbox.venue().keyring.freeze_authority);
    let (all, risk) = (FreezeAmount::All, FreezeReason::Risk);
    let (market, credit) = (&venue.keys.market, played.address(name));
    let freeze = instructions::credit_freeze(market, &key.pubkey(), &credit, all, risk);
    venue.send(&[freeze], &[key]).await.unwrap();
}

/// Balances and a loan's state, the clock, the slot, and the number of the loan's transactions.
async fn state(played: &Played, credit: &Pubkey) -> (Vec<u64>, i64, u64, usize) {
    let mut sums = Vec::new();
    for party in ["lender", "borrower", "buyer", "provider", "treasury"] {
        sums.push(played.wallet(party).await);
    }
    let client = &played.sandbox.venue().client;
    let loan = client.credit(credit).await.unwrap();
    sums.extend([loan.debt.principal, loan.collateral.granted]);
    let signatures = client.rpc().get_signatures_for_address(credit).await.unwrap();
    let (now, slot) = (client.chain_time().await.unwrap(), client.rpc().get_slot().await.unwrap());
    (sums, now, slot, signatures.len())
}

async fn other_folders_are_refused(place: &Path, kept: &Path) {
    let start = async |keep: &Path| {
        refusal(Sandbox::start(Options { keep: Some(keep.to_path_buf()), ..Options::default() }).await)
    };
    let marker = kept.join("sandbox.json");
    let text = fs::read_to_string(&marker).unwrap();
    for other in [
        text.replace("\"version\":", "\"version\":99"),
        "{}".to_string(),
        text.replace("\"program\":\"", "\"program\":\"0"),
    ] {
        fs::write(&marker, other).unwrap();
        let refused = start(kept).await;
        assert!(refused.contains("was kept by another version of the sandbox"), "{refused}");
    }
    fs::remove_file(&marker).unwrap();
    let foreign = start(kept).await;
    assert!(foreign.contains("holds files that are no sandbox's and are left alone"), "{foreign}");
    assert!(kept.join("keys/lender.json").exists());
    let file = place.join("file");
    fs::write(&file, "").unwrap();
    let refused = start(&file).await;
    assert!(refused.contains("not a directory; name a folder"), "{refused}");
}
