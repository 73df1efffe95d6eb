//! `blockable credit offer`: terms by name and by flags, schedules, forecasts, and what is refused.

use {
    crate::world::{World, world},
    blockable_sdk::{
        Pubkey,
        program::state::{AutoFreeze, Credit, FreezePolicy},
        terms::instalments,
    },
    serde_json::Value,
};

pub(crate) const DAY: u32 = 86_400;

/// The arguments of an offer of $1,200 for 240 million units.
pub(crate) fn base(world: &World) -> Vec<String> {
    let (borrower, provider) = (world.party("borrower"), world.venue().provider.to_string());
    let words =
        ["credit", "offer", "--borrower", &borrower, "--provider", &provider, "--principal", "1200usdc"];
    words.into_iter().chain(["--units", "240,000,000units"]).map(str::to_string).collect()
}

pub(crate) fn offer(world: &World, flags: &[&str]) -> crate::run::Done {
    let base = base(world);
    let all: Vec<&str> = base.iter().map(String::as_str).chain(flags.iter().copied()).collect();
    world.run_as("lender", &all)
}

/// Makes an offer; the credit and the data.
pub(crate) fn offered(world: &World, flags: &[&str]) -> (Pubkey, Credit, Value) {
    let data = offer(world, flags).data();
    assert_eq!(data["changed"], true, "{data}");
    let address: Pubkey = data["created"]["credit"].as_str().unwrap().parse().unwrap();
    (address, world.credit(&address), data)
}

fn message(world: &World, flags: &[&str], code: &str) -> String {
    let done = offer(world, flags);
    assert_eq!(done.error()["code"], code, "{done:?}");
    done.message()
}

#[test]
fn named_terms_are_offered_with_the_simulators_expectation_beside_them() {
    let world = world();
    let before = world.wallet("lender");
    let done = offer(world, &[]);
    let said = &done.stderr;
    assert!(said.contains("expected") && said.contains("a default recovers 9"), "{said}");
    assert!(said.contains("10,000,000 units of 240,000,000 units under lien (4.16 %)"), "{said}");
    assert!(!said.contains("WARNING"), "{said}");
    let data = done.data();
    let address: Pubkey = data["created"]["credit"].as_str().unwrap().parse().unwrap();
    let credit = world.credit(&address);
    assert_eq!(credit.terms.principal, 1_200_000_000);
    assert_eq!((credit.terms.unlocked_ahead, credit.instalment_count), (10_000_000, 12));
    assert!(credit.terms.holdback.abs_diff(575_000_000) < 10, "{}", credit.terms.holdback);
    assert_eq!((credit.terms.apr_bps, credit.terms.holdback_apr_bps), (1_400, 700));
    assert_eq!(credit.freeze_authority.to_string(), world.party("lender"));
    let dates: Vec<u32> = instalments(&credit).iter().map(|part| part.due_after / DAY).collect();
    assert_eq!((dates[0], dates[1], dates[11]), (1, 31, 331));
    assert!(credit.terms.offer_expires_at > world.chain_time().get() + 6 * i64::from(DAY));
    let forecast = &data["state"]["forecast"];
    let recovery = forecast["expectation"]["recovery"]["value"].as_f64().unwrap();
    assert!((0.85..1.0).contains(&recovery), "{forecast}");
    assert_eq!(
        (&forecast["exposure"]["used"], &forecast["warnings"]),
        (&10_000_000.into(), &Value::Array(vec![]))
    );
    assert!(before - world.wallet("lender") >= 1_200_000_000, "it is in escrow");
    // The same offer again is no other one.
    let again = offer(world, &[]).data();
    assert_eq!((&again["changed"], &again["state"]["credit"]), (&false.into(), &address.to_string().into()));
    let (other, ..) = offered(world, &["--nonce", "7000001"]);
    assert_ne!(other, address);
    let taken = message(world, &["--nonce", "7000001", "--apr", "10%"], "refused");
    assert!(
        taken.contains("is a loan of yours on other terms (offered), with the same number 7000001"),
        "{taken}"
    );
    // The whole way: accepted, and withdrawn again.
    let address = address.to_string();
    assert_eq!(
        world.run_as("borrower", &["credit", "accept", &address]).data()["state"]["status"],
        "accepted"
    );
    assert_eq!(world.run_as("lender", &["credit", "cancel", &address]).data()["changed"], true);
}

#[test]
fn every_name_has_its_terms() {
    let world = world();
    for (name, ahead, holdback) in [
        ("bursty", 20_000_000, 550_000_000),
        ("standard-reserve", 10_000_000, 575_000_000),
        ("sealed-reserve", 10_000_000, 1_150_000_000),
        ("light-reserve", 10_000_000, 287_500_000),
        ("sealed", 10_000_000, 1_150_000_000),
        ("light", 10_000_000, 287_500_000),
        ("prepaid-12", 240_000_000, 0),
    ] {
        let (_, credit, data) = offered(world, &["--terms", name]);
        assert_eq!(credit.terms.unlocked_ahead, ahead, "{name}");
        assert!(credit.terms.holdback.abs_diff(holdback) < 10, "{name}: {}", credit.terms.holdback);
        assert_eq!(credit.rider.reserve > 0, name == "bursty" || name.ends_with("-reserve"));
        assert!(data["state"]["forecast"]["expectation"].is_object(), "{name}: {data}");
    }
}

#[test]
fn calendar_months_level_payments_and_balloons() {
    let world = world();
    let months = [
        "--every",
        "month",
        "--instalments",
        "4",
        "--counted-from",
        "2099-01-31",
        "--first-due",
        "2099-02-28",
        "--expires",
        "2099-02-01",
    ];
    let (_, credit, data) = offered(world, &[&months[..], &["--schedule", "level", "--apr", "12%"]].concat());
    let days: Vec<u32> = instalments(&credit).iter().map(|part| part.due_after / DAY).collect();
    assert_eq!(days, [28, 56, 87, 117], "28 February, March, April and May");
    assert_eq!(data["state"]["schedule"][3]["due_at"]["text"], "2099-05-28T00:00:00Z");
    let parts: Vec<u64> = instalments(&credit).iter().map(|part| part.principal).collect();
    assert!(parts.is_sorted() && parts.iter().sum::<u64>() == 1_200_000_000, "{parts:?}");
    let open = ["--ahead", "all", "--every", "quarter", "--instalments", "3", "--counted-from", "2099-01-31"];
    let rest = ["--expires", "2099-02-01", "--schedule", "interest-only"];
    let (_, credit, _) = offered(world, &[&open[..], &rest].concat());
    let lines: Vec<(u32, u64)> =
        instalments(&credit).iter().map(|part| (part.due_after / DAY, part.principal)).collect();
    assert_eq!(lines, [(89, 0), (181, 0), (273, 1_200_000_000)], "30 April, 31 July, 31 October");
    assert_eq!((credit.terms.holdback, credit.terms.holdback_apr_bps), (0, 0), "nothing is locked");
    let (_, credit, _) = offered(world, &["--schedule", "bullet", "--every", "90d", "--instalments", "1"]);
    assert_eq!((credit.instalment_count, credit.due_after[0]), (1, 90 * DAY));
}

#[test]
fn a_schedule_comes_from_a_file() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name).display().to_string();
        std::fs::write(&path, text).unwrap();
        path
    };
    let good = file("good.csv", "due,principal\n10d,400usdc\n40d,$300.5\n70d,499.5usdc\n");
    let (_, credit, _) = offered(world, &["--schedule-file", &good]);
    let lines: Vec<(u32, u64)> =
        instalments(&credit).iter().map(|part| (part.due_after / DAY, part.principal)).collect();
    assert_eq!(lines, [(10, 400_000_000), (40, 300_500_000), (70, 499_500_000)]);
    let less = file("less.csv", "due,principal\n10d,400usdc\n");
    let said = message(world, &["--schedule-file", &less], "usage");
    assert!(said.contains("add up to $400.00, and the principal is $1,200.00"), "{said}");
    let wrong = file("wrong.csv", "due,principal\nsoon,400usdc\n9d,many\n");
    let said = message(world, &["--schedule-file", &wrong], "usage");
    assert!(
        said.contains("line 2 \"soon\" is no time") && said.contains("line 3 \"many\" is no amount"),
        "{said}"
    );
    let said = message(world, &["--schedule-file", "nowhere.csv"], "not_found");
    assert!(said.contains("nowhere.csv cannot be read"), "{said}");
}

/// Flags that change what the named terms say.
const CHANGED: [&str; 30] = [
    "--apr",
    "9.5% apr",
    "--late-fee",
    "5usdc",
    "--delinquent-after",
    "3d",
    "--default-after",
    "9d",
    "--cure",
    "4d",
    "--freeze",
    "at-will",
    "--auto-freeze",
    "never",
    "--ahead",
    "10%",
    "--holdback",
    "100usdc",
    "--lifetime",
    "500d",
    "--units-per-second",
    "50",
    "--longest-job",
    "60s",
    "--reserve",
    "20usdc",
    "--cross-default",
    "--breach-notice",
    "--expires",
    "never",
];

#[test]
fn flags_change_the_named_terms() {
    let world = world();
    let keeper = world.party("keeper");
    let (_, credit, _) = offered(world, &[&CHANGED[..], &["--freeze-authority", &keeper]].concat());
    let (terms, rider) = (&credit.terms, &credit.rider);
    assert_eq!((terms.apr_bps, terms.late_fee, terms.holdback), (950, 5_000_000, 100_000_000));
    assert_eq!(
        (terms.delinquency_grace, terms.default_grace, terms.cure_period),
        (3 * DAY, 9 * DAY, 4 * DAY)
    );
    assert_eq!(
        (terms.freeze_policy, terms.auto_freeze),
        (FreezePolicy::AtWill as u8, AutoFreeze::Never as u8)
    );
    assert_eq!((terms.unlocked_ahead, terms.unit_lifetime), (24_000_000, 500 * DAY));
    assert_eq!((terms.max_units_per_second, terms.longest_job, terms.offer_expires_at), (50, 60, 0));
    assert_eq!((rider.reserve, rider.cross_default, rider.breach_notice), (20_000_000, 1, 1));
    assert_eq!(credit.freeze_authority.to_string(), keeper);
    let covenant = [
        "--covenant-window",
        "30d",
        "--planned-units",
        "100",
        "--low",
        "50%",
        "--high",
        "80%",
        "--apr-step",
        "1%",
        "--apr-floor",
        "10%",
        "--apr-ceiling",
        "18%",
        "--top-up",
        "5%",
    ];
    let (_, credit, _) = offered(world, &covenant);
    assert_eq!((credit.rider.covenant_window, credit.rider.planned_units), (30 * DAY, 100));
    assert_eq!((credit.rider.low_bps, credit.rider.high_bps, credit.rider.top_up_bps), (5_000, 8_000, 500));
}

#[test]
fn collateral_that_could_be_used_up_before_a_freeze_is_said_loudly() {
    let world = world();
    let open = ["--terms", "prepaid", "--freeze", "default", "--longest-job", "60s"];
    let done = offer(world, &[&open[..], &["--dry-run"]].concat());
    let warning = done.stderr.lines().nth(2).unwrap_or_default().trim_start();
    assert!(warning.starts_with("WARNING"), "it stands above everything else: {done:?}");
    assert!(warning.contains("ALL COLLATERAL COULD BE USED UP BEFORE YOU MAY FREEZE"), "{warning}");
    let warnings = done.data()["state"]["forecast"]["warnings"].clone();
    assert_eq!((warnings.as_array().unwrap().len(), warnings), (1, done.warnings().into()));
    // Where the lender may freeze at will, nothing is used up before it may.
    let at_will = offer(world, &[&open[..2], &["--freeze", "at-will", "--dry-run"]].concat());
    assert!(!at_will.stderr.contains("WARNING") && !at_will.stderr.contains("before you may"), "{at_will:?}");
    assert!(
        at_will.stderr.contains("you may freeze at will; if you do not, 240,000,000 units"),
        "{at_will:?}"
    );
    let forecast = at_will.data()["state"]["forecast"].clone();
    assert_eq!(
        (&forecast["exposure"]["is_at_will"], &forecast["warnings"]),
        (&true.into(), &Value::Array(vec![]))
    );
    let locked = offer(world, &["--terms", "prepaid", "--ahead", "10%", "--dry-run"]);
    assert!(!locked.stderr.contains("WARNING"), "{locked:?}");
}

#[test]
fn an_offer_is_signed_elsewhere_too() {
    let world = world();
    let lender = world.party("buyer");
    let base = base(world);
    let all: Vec<&str> = base.iter().map(String::as_str).chain(["--no-send", "--output", "json"]).collect();
    let unknown = world.run(&all).error();
    assert!(unknown["message"].as_str().unwrap().contains("it is not known who lends"), "{unknown}");
    let data = world.run(&[&all[..], &["-k", &lender]].concat()).data();
    assert_eq!((&data["signer"], &data["changed"]), (&lender.clone().into(), &false.into()));
    assert_eq!(data["transactions"][0]["signers"], serde_json::json!([lender]));
}

#[test]
fn offers_that_cannot_be_made_say_why() {
    let world = world();
    let (lender, buyer) = (world.party("lender"), world.party("buyer"));
    for (flags, code, said) in [
        (vec!["--apr", "600%"], "refused", "is above the market's"),
        (vec!["--late-fee", "500usdc"], "refused", "the late fee is $500.00, more than"),
        (
            vec!["--default-after", "1d", "--delinquent-after", "2d"],
            "refused",
            "and later than delinquency after 2 days",
        ),
        (vec!["--schedule", "interest-only"], "refused", "with a lock each of the 12 instalments must repay"),
        (vec!["--lifetime", "100d"], "refused", "units last for 100 days"),
        (vec!["--pay-in-kind", "50%"], "refused", "coupons in kind and a lock exclude each other"),
        (vec!["--units-per-second", "99999999999"], "refused", "are more than the provider's bound"),
        (vec!["--longest-job", "900d"], "refused", "are longer than the provider's bound"),
        (vec!["--every", "120months"], "refused", "and the market lends for"),
        (
            vec!["--instalments", "36", "--schedule", "level", "--every", "month"],
            "refused",
            "does not fit a transaction",
        ),
        (
            vec!["--ahead", "300000000"],
            "usage",
            "--ahead 300,000,000 units are more than the 240,000,000 units of the loan",
        ),
        (
            vec!["--holdback", "1199usdc"],
            "usage",
            "is more than the loan pays for its locked units, $1,150.00",
        ),
        (vec!["--reserve", "1300usdc"], "usage", "--reserve is more than the principal"),
        (
            vec!["--freeze", "default", "--auto-freeze", "delinquency"],
            "usage",
            "comes before --freeze default",
        ),
        (vec!["--expires", "2020-01-01"], "usage", "--expires has passed"),
        (vec!["--first-due", "2020-01-01"], "usage", "is not after the beginning"),
        (vec!["--nonce", "7000002", "--from", &buyer], "not_found", "there is no token account"),
    ] {
        let message = message(world, &flags, code);
        assert!(message.contains(said), "{flags:?}: {message}");
    }
    let mut own = base(world);
    own[3].clone_from(&lender);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let error = world.run_as("lender", &own).error();
    assert!(error["message"].as_str().unwrap().contains("nobody lends to itself"), "{error}");
    let mut wrong = base(world);
    wrong[5].clone_from(&buyer);
    let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
    assert_eq!(world.run_as("lender", &wrong).error()["code"], "not_found");
    let mut much = base(world);
    much[7] = "900000000000usdc".to_string();
    let much: Vec<&str> = much.iter().map(String::as_str).collect();
    let error = world.run_as("lender", &much).error();
    assert!(error["message"].as_str().unwrap().contains(" holds "), "{error}");
}

#[test]
fn the_review_of_an_offer_reads_like_this() {
    let world = world();
    let flags = ["--expires", "never", "--counted-from", "2099-01-01", "--nonce", "7000003", "--dry-run"];
    let done = offer(world, &flags);
    let data = done.data();
    let word = |value: &Value| value.as_str().unwrap().to_string();
    let names = [
        (word(&data["created"]["credit"]), "<CREDIT>"),
        (word(&data["state"]["terms_hash"]), "<HASH>"),
        (world.key("lender"), "<LENDER KEY>"),
        (world.genesis(), "<GENESIS>"),
        (world.token_account("lender"), "<LENDER ACCOUNT>"),
    ];
    // Other tests lend from the same account, and to the same provider.
    let differs =
        |line: &&str| ["your account", "other loans"].iter().any(|name| line.trim_start().starts_with(name));
    let lines = done.stderr.lines().filter(|line| !differs(line));
    let text = world.stable(&lines.collect::<Vec<_>>().join("\n"));
    let text = names.iter().fold(text, |text, (value, name)| text.replace(value, name));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("credit_offer_review", text));
}
