use {super::*, std::path::Path};

const EXAMPLE: &str = include_str!("../../market.example.toml");

/// The example with an address in place of each that its user fills in.
fn example() -> String {
    let mut text = EXAMPLE.to_string();
    for (byte, name) in [(1, "ADMIN_ADDRESS"), (2, "GUARDIAN_ADDRESS"), (3, "TREASURY_OWNER_ADDRESS")] {
        assert!(text.contains(name));
        text = text.replace(name, &Pubkey::new_from_array([byte; 32]).to_string());
    }
    text
}

/// The example with one line replaced.
fn changed(from: &str, to: &str) -> String {
    let text = example();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[track_caller]
fn refused(text: &str) -> String {
    MarketConfig::FILE.parse(text, Path::new(""), "market.toml").expect_err("must be refused").to_string()
}

#[test]
fn the_example_is_a_production_market() {
    let config = MarketConfig::FILE.parse(&example(), Path::new(""), "market.toml").unwrap();
    assert_eq!(config.kind, MarketKind::Production);
    assert_eq!(config.admin, Pubkey::new_from_array([1; 32]));
    assert_eq!(config.guardian, Pubkey::new_from_array([2; 32]));
    assert_eq!(config.treasury_owner, Pubkey::new_from_array([3; 32]));
    let args = config.market_args();
    assert!(!args.is_test && args.bounds.is_consistent() && args.bounds.is_within(&TermBounds::PRODUCTION));
    assert_eq!((args.id, args.redistribution_fee_bps, args.guardian), (1, 200, config.guardian));
    assert_eq!(args.bounds.max_principal, MAX_PRINCIPAL);
    assert_eq!(args.bounds.min_cure_period, 5 * 86_400);
}

#[test]
fn the_example_as_it_is_asks_for_addresses() {
    let error = refused(EXAMPLE);
    assert!(error.starts_with("market.toml:\n  admin: is no address: "), "{error}");
}

#[test]
fn durations_may_be_seconds() {
    let text = changed("min_cure_period = \"5 days\"", "min_cure_period = 432000");
    let config = MarketConfig::FILE.parse(&text, Path::new(""), "market.toml").unwrap();
    assert_eq!(config.bounds.min_cure_period, 432_000);
}

#[test]
fn a_wrong_value_is_named_by_its_key() {
    for (from, to, expected) in [
        (
            "min_cure_period = \"5 days\"",
            "min_cure_period = \"5 dayz\"",
            "bounds.min_cure_period: is no duration",
        ),
        (
            "min_cure_period = \"5 days\"",
            "min_cure_period = -1",
            "bounds.min_cure_period: -1 seconds are out of range",
        ),
        (
            "min_cure_period = \"5 days\"",
            "min_cure_period = true",
            "bounds.min_cure_period: has an impossible value; write seconds",
        ),
        (
            "max_principal = \"unlimited\"",
            "max_principal = \"lots\"",
            "bounds.max_principal: \"lots\" is no amount",
        ),
        ("max_principal = \"unlimited\"", "max_principal = -5", "bounds.max_principal: -5 is negative"),
        ("max_apr_bps = 5000", "max_apr_bps = 70000", "bounds.max_apr_bps: "),
        ("id = 1", "id = -1", "id: "),
        (
            "kind = \"production\"",
            "kind = \"prod\"",
            "kind: is none of those known; choose from production, test",
        ),
        ("EPjFWdd5", "EPjFWdd0", "payment_mint: "),
    ] {
        let error = refused(&changed(from, to));
        assert!(error.starts_with(&format!("market.toml:\n  {expected}")), "{to}: {error}");
        assert!(error.contains("market.example.toml") && error.lines().count() == 3, "{error}");
    }
}

#[test]
fn keys_that_are_missing_or_unknown_are_named() {
    let error = refused(&changed("max_apr_bps = 5000", ""));
    assert!(error.contains("\n  bounds.max_apr_bps: is missing; add it\n"), "{error}");
    let error = refused(&changed("max_apr_bps = 5000", "max_apr = 5000"));
    assert!(error.contains("\n  bounds.max_apr: no such key"), "{error}");
    let error = refused(&changed("id = 1", "id = 1\nname = \"x\""));
    assert!(error.contains("\n  name: no such key"), "{error}");
}

#[test]
fn text_that_is_not_toml_is_shown_with_its_line() {
    let error = refused(&changed("id = 1", "id 1"));
    assert!(error.starts_with("market.toml is not TOML: ") && error.contains("line "), "{error}");
    let missing = MarketConfig::FILE.load(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read no/such.toml: "), "{missing}");
}

#[test]
fn everything_that_the_program_would_refuse_is_listed_at_once() {
    let text = changed("max_apr_bps = 5000", "max_apr_bps = 20000")
        .replace("change_delay = \"", "change_delay = \"1 second\" # \"")
        .replace("min_cure_period = \"5 days\"", "min_cure_period = \"1 hour\"")
        .replace("provider_delay = \"", "provider_delay = \"1 second\" # \"")
        .replace("min_suspension = \"", "min_suspension = \"61 days\" # \"")
        .replace("min_lot_window = \"3 days\"", "min_lot_window = \"61 days\"")
        .replace(&Pubkey::new_from_array([2; 32]).to_string(), &Pubkey::default().to_string());
    let error = refused(&text);
    for expected in [
        "guardian: is the system program",
        "change_delay: is 1 seconds; write 172800 to 5184000",
        "provider_delay: is 1 seconds; write 21600 to 1209600",
        "min_suspension: is 5270400 seconds; write 172800 to 5184000",
        "bounds.min_lot_window: is above bounds.max_lot_window",
        "bounds.max_apr_bps: is 20000; a production market needs at most 10000",
        "bounds.min_cure_period: is 3600; a production market needs at least 86400",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(error.starts_with("market.toml:\n  ") && !error.contains("{path}"), "{error}");
    assert_eq!(error.lines().count(), 1 + 7 + 1, "{error}");
    let error = refused(&changed("redistribution_fee_bps = 200", "redistribution_fee_bps = 1001"));
    assert!(error.contains("\n  redistribution_fee_bps: 1001 is not from 0 to 1000\n"), "{error}");
}

#[test]
fn a_test_market_may_be_loose_but_not_contradict_itself() {
    let text = changed("kind = \"production\"", "kind = \"test\"")
        .replace("min_cure_period = \"5 days\"", "min_cure_period = \"10 seconds\"");
    assert!(MarketConfig::FILE.parse(&text, Path::new(""), "market.toml").unwrap().market_args().is_test);
    let error = refused(&text.replace("min_principal = 1_000_000_000", "min_principal = 0"));
    assert!(error.contains("bounds.min_principal: is 0"), "{error}");
}
