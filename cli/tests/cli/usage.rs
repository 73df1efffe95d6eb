//! Wrong inputs: each is refused with a message of its own, and changes nothing. One line per case.

use crate::world::{Done, run_in, world};

/// Runs without a node: what is wrong is seen before any is asked.
fn offline(arguments: &[&str]) -> Done {
    let home = tempfile::tempdir().unwrap();
    run_in(home.path(), arguments, &[("BLOCKABLE_URL", "http://127.0.0.1:1")])
}

/// Requires that each line of arguments ends with a code and a message; in JSON with the same message.
fn refuse(cases: &[(&str, i32, &str)], run: impl Fn(&[&str]) -> Done) {
    for (line, code, message) in cases {
        let arguments: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        let done = run(&arguments);
        assert_eq!(done.code, *code, "{line}: {done:?}");
        assert!(done.stderr.contains(message), "{line}: {done:?}");
        assert_eq!(done.stdout, "", "{line}");
        let done = run(&[arguments, vec!["--output", "json"]].concat());
        let error = done.error();
        assert_eq!(done.code, *code, "{line}: {done:?}");
        let said = error["message"].as_str().unwrap().to_string();
        let flat = message.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(&flat), "{line}: {said}");
    }
}

const CREDIT: &str = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";

#[test]
fn wrong_arguments_are_refused_before_a_node_is_asked() {
    let offer = "credit offer --borrower CREDIT --provider CREDIT --principal 5usdc --units 5";
    let with = |line: &str| line.replace("OFFER", offer).replace("CREDIT", CREDIT);
    let cases = [
        ("borrow", 2, "unrecognized subcommand 'borrow'"),
        ("credit freze", 2, "'freeze'"),
        ("credit show", 2, "<CREDIT>"),
        ("credit show abc", 2, "is no address"),
        ("credit show 0Il", 2, "base58 has no '0'"),
        ("credit show CREDIT11", 2, "is no address"),
        ("credit show CREDIT CREDIT", 2, "unexpected argument"),
        ("credit list --where lender", 2, "is no condition"),
        ("credit list --where lender=abc", 2, "is no address"),
        ("credit list --where lendr=CREDIT", 2, "did you mean lender?"),
        ("credit list --where status=late", 2, "has no status behind the sign"),
        ("credit freeze CREDIT", 2, "--shortfall"),
        ("credit freeze --all", 2, "CREDIT"),
        ("credit freeze CREDIT --all --shortfall", 2, "cannot be used with"),
        ("credit freeze CREDIT --all --where status=active", 2, "cannot be used with"),
        ("credit freeze CREDIT --units 1.5", 2, "is no number of units"),
        ("credit freeze CREDIT --units 0", 2, "is zero"),
        ("credit freeze CREDIT --units 99999999999999999999", 2, "is larger than any amount"),
        ("credit freeze CREDIT --units 5usdc", 2, "is no number of units"),
        ("credit freeze CREDIT --share 25", 2, "write it with its sign"),
        ("credit freeze CREDIT --share 101%", 2, "is more than 100 %"),
        ("credit freeze CREDIT --share 0.001%", 2, "is finer than a basis point"),
        ("credit freeze CREDIT --share 0%", 2, "is zero"),
        ("credit freeze CREDIT --all --reason anger", 2, "missed-payment"),
        ("credit freeze CREDIT --all --dry-run --no-send", 2, "cannot be used with"),
        ("credit freeze CREDIT --all --priority-fee many", 2, "invalid value 'many'"),
        ("credit freeze CREDIT --all --dryrun", 2, "'--dry-run'"),
        ("credit freeze CREDIT --all --gate gate.example", 2, "gate \"gate.example\" (--gate) is no server"),
        ("credit thaw CREDIT", 2, "--share"),
        ("credit thaw CREDIT --units many", 2, "is no number of units"),
        ("credit thaw CREDIT --share 1/2", 2, "is no share"),
        ("credit repay CREDIT", 2, "--amount"),
        ("credit repay CREDIT --amount 100", 2, "write it with its currency"),
        ("credit repay CREDIT --amount 0usdc", 2, "is zero"),
        ("credit repay CREDIT --amount 1.0000001usdc", 2, "is finer than the payment token"),
        ("credit repay CREDIT --amount 5eur", 2, "is no amount of money"),
        ("credit repay CREDIT --amount -5usdc", 2, "unexpected argument '-5'"),
        ("credit repay CREDIT --amount 5usdc --all", 2, "cannot be used with"),
        ("credit repay CREDIT --all --from me", 2, "is no address"),
        ("provider", 2, "provider"),
        ("provider show", 2, "<PROVIDER>"),
        ("provider show abc", 2, "is no address"),
        ("provider list --opne", 2, "'--open'"),
        ("provider suspend", 2, "unrecognized subcommand 'suspend'"),
        ("pool", 2, "pool"),
        ("pool list --where provider", 2, "is no condition; write NAME=ADDRESS"),
        ("pool list --where provider=abc", 2, "is no address"),
        ("pool list --where provder=CREDIT", 2, "did you mean provider?"),
        ("pool list --where status=active", 2, "write provider, lender or credit"),
        ("pool quote CREDIT", 2, "--spend"),
        ("pool quote --all", 2, "<LOT>"),
        ("pool quote CREDIT --all --units 5", 2, "cannot be used with"),
        ("pool quote CREDIT --spend 5", 2, "write it with its currency"),
        ("pool quote CREDIT --units 0", 2, "is zero"),
        ("pool quote CREDIT --all --buyer me", 2, "is no address"),
        ("pool buy CREDIT", 2, "--units"),
        ("pool buy CREDIT --all --max-price 5", 2, "write it with its currency"),
        ("pool buy CREDIT --all --at-least 1.5", 2, "is no number of units"),
        ("pool buy CREDIT --all --from here", 2, "is no address"),
        ("pool buy CREDIT --all --dry-run --no-send", 2, "cannot be used with"),
        ("pool close", 2, "<LOT>"),
        ("pool close 0", 2, "base58 has no '0'"),
        ("reports", 2, "reports"),
        ("reports fetch", 2, "no provider's server is named"),
        ("reports fetch --gate gate.example", 2, "is no server"),
        ("reports fetch --gate http://127.0.0.1:1", 1, "gives no reports: it cannot be reached"),
        ("reports fetch --fresh=yes", 2, "unexpected value 'yes'"),
        ("reports verify", 2, "no provider's server is named"),
        ("reports verify --file nowhere.json", 4, "there is no file nowhere.json"),
        ("reports verify --file Cargo.toml", 2, "holds no reports"),
        ("reports verify --file a --gate http://127.0.0.1:1", 2, "cannot be used with"),
        ("reports submit --flie a", 2, "'--file'"),
        ("quote", 2, "--use <FILE>"),
        ("quote --use nowhere.csv", 4, "cannot read nowhere.csv"),
        ("quote --use Cargo.toml --paths 50", 2, "Cargo.toml, line 1"),
        ("quote --use a.csv --target 850%", 2, "a percentage such as 85%"),
        ("quote --use a.csv --worlds 0", 2, "0 is not in 1.."),
        ("simulate --preset gold", 2, "there is no preset gold"),
        ("simulate --paths 3", 2, "--paths must be at least 10"),
        ("simulate --scene war", 2, "invalid value 'war'"),
        ("simulate --assumptions Cargo.toml", 2, "Cargo.toml"),
        ("audit", 2, "audit"),
        ("audit verify", 2, "<CREDIT>"),
        ("audit verify abc", 2, "is no address"),
        ("audit verfy CREDIT", 2, "'verify'"),
        ("audit export", 2, "<CREDIT>"),
        ("audit export CREDIT --focs", 2, "'--focus'"),
        ("audit statement CREDIT", 2, "--month"),
        ("audit statement --month 2027-01", 2, "<CREDIT>"),
        ("audit statement CREDIT --month January", 2, "is no month; write the year and the month as 2027-01"),
        ("audit statement CREDIT --month 2027-13", 2, "is no month"),
        ("audit statement CREDIT --month 2027-01 --as pdf", 2, "invalid value 'pdf'"),
        ("market show here", 2, "is no address"),
        ("market show --market here", 2, "market \"here\" (--market) is no address"),
        ("market show --commitment soon", 2, "is no commitment"),
        ("market show -u mainnet2", 2, "is no node"),
        ("market show -u ftp://one", 2, "is no node"),
        ("market show --profile home", 2, "there is no profile home"),
        ("market show -u http://127.0.0.1:1", 1, "no node answers"),
        ("market init", 2, "--config"),
        ("market init --config nowhere.toml", 4, "nowhere.toml"),
        ("market propose", 2, "--config"),
        ("market pause", 2, "--for"),
        ("market pause --for 6h --until tomorrow", 2, "cannot be used with"),
        ("market pause --until soon", 2, "is no time; write 2027-01-31"),
        ("market pause --until 2027-02-30", 2, "is no time; write 2027-01-31"),
        ("market pause --until 2027-01-31T10:00Europe/Atlantis", 2, "has a time zone that is not known"),
        ("market pause --for 6", 2, "is no span of time"),
        ("market pause --for 0s", 2, "is no time at all"),
        ("market pause --for 200000d", 2, "is longer than 136 years"),
        ("market admin", 2, "ADDRESS"),
        ("market admin me", 2, "is no address"),
        ("market admin CREDIT --accept", 2, "cannot be used with"),
        ("market guardian", 2, "<ADDRESS>"),
        ("market halt --lift now", 2, "unexpected argument"),
        ("credit mark", 2, "<CREDIT>"),
        ("credit mark here", 2, "is no address"),
        ("credit mark CREDIT --all", 2, "unexpected argument '--all'"),
        ("credit notice CREDIT", 2, "--document"),
        ("credit notice CREDIT --document a --withdraw", 2, "cannot be used with"),
        ("credit notice CREDIT --document nowhere.txt", 4, "nowhere.txt cannot be read"),
        ("credit waive CREDIT --amount 5", 2, "write it with its currency"),
        ("credit assign CREDIT", 2, "ADDRESS"),
        ("credit assign CREDIT CREDIT --withdraw", 2, "cannot be used with"),
        ("credit accept-assignment", 2, "<CREDIT>"),
        ("credit freeze-authority CREDIT", 2, "<ADDRESS>"),
        ("credit seize CREDIT", 2, "--all"),
        ("credit seize CREDIT --all --start-price 100", 2, "write it with its sign"),
        ("credit seize CREDIT --all --start-price 700%", 2, "655.35 %, the largest share of a price"),
        ("credit accept CREDIT --terms-hash xyz", 2, "is no hash; write its 64 hexadecimal digits"),
        ("credit seize CREDIT --all --floor-price 0.001%", 2, "is finer than a basis point"),
        ("credit seize CREDIT --all --window soon", 2, "is no span of time"),
        ("credit take-over CREDIT --units none", 2, "is no number of units"),
        ("credit cancel-locked CREDIT", 2, "--units"),
        ("credit write-off", 2, "<CREDIT>"),
        ("credit offer", 2, "--borrower"),
        ("OFFER --terms gold", 2, "invalid value 'gold'"),
        ("OFFER --principal 5", 2, "cannot be used multiple times"),
        ("OFFER --apr 12", 2, "write it with its sign"),
        ("OFFER --apr 700%", 2, "is above 655.35 % a year"),
        ("OFFER --instalments 0", 2, "0 is not in 1..=36"),
        ("OFFER --instalments 37", 2, "37 is not in 1..=36"),
        ("OFFER --every monthly", 2, "is no interval"),
        ("OFFER --every 11years", 2, "is longer than 120 months"),
        ("OFFER --first-due soon", 2, "is no time"),
        ("OFFER --counted-from 2027-02-30", 2, "is no time"),
        ("OFFER --schedule balloon", 2, "invalid value 'balloon'"),
        ("OFFER --schedule bullet --schedule-file a.csv", 2, "cannot be used with"),
        ("OFFER --ahead many", 2, "is no part of the units"),
        ("OFFER --holdback all", 2, "is no part of the price of the locked units"),
        ("OFFER --lifetime never", 2, "is no lifetime"),
        ("OFFER --expires soon", 2, "is no end of an offer"),
        ("OFFER --freeze never", 2, "invalid value 'never'"),
        ("OFFER --auto-freeze soon", 2, "invalid value 'soon'"),
        ("OFFER --reserve 0usdc", 2, "is zero"),
        ("OFFER --pay-in-kind 101%", 2, "is more than 100 %"),
        ("OFFER --covenant-window 30d", 2, "--planned-units"),
        ("OFFER --low 50%", 2, "--covenant-window"),
        ("OFFER --nonce one", 2, "invalid value 'one'"),
        ("OFFER --freeze-authority me", 2, "is no address"),
        ("credit restructure", 2, "<CREDIT>"),
        ("credit restructure CREDIT", 2, "name --instalments and --every, or --schedule-file"),
        ("credit restructure CREDIT --apr 9%", 2, "counts a new schedule from now"),
        ("credit restructure CREDIT --instalments many", 2, "invalid value 'many'"),
        ("credit restructure CREDIT --units 5", 2, "unexpected argument '--units'"),
        ("credit reserve CREDIT", 2, "--fill"),
        ("credit reserve CREDIT --fill --draw", 2, "cannot be used with"),
        ("credit reserve CREDIT --draw --from CREDIT", 2, "cannot be used with"),
        ("credit reserve CREDIT --amount 0usdc", 2, "is zero"),
        ("credit borrower-key CREDIT", 2, "ADDRESS"),
        ("credit borrower-key CREDIT CREDIT --accept", 2, "cannot be used with"),
        ("credit borrower-key CREDIT --accept --withdraw", 2, "cannot be used with"),
        ("credit borrower-key CREDIT --withdraw --borrower-keypair a.json", 2, "cannot be used with"),
        ("credit close", 2, "<CREDIT>"),
        ("credit close CREDIT --give-up some", 2, "is no number of units"),
        ("credit freeze CREDIT --all --other CREDIT", 2, "--other goes with --reason cross-default alone"),
        ("credit freeze CREDIT --all --reason cross-default --other me", 2, "is no address"),
        ("credit show CREDIT --interval 5s", 2, "--watch"),
        ("credit show CREDIT --watch --interval soon", 2, "is no span of time"),
        ("credit accept", 2, "<CREDIT>"),
        ("credit accept CREDIT --terms", 2, "--terms"),
        ("credit cancel here", 2, "is no address"),
        ("credit collect CREDIT --for me", 2, "invalid value 'me'"),
        ("credit collect", 2, "<CREDIT>"),
        ("credit schedule", 2, "<CREDIT>"),
        ("config get colour", 2, "there is no setting \"colour\""),
        ("config get keypiar", 2, "did you mean keypair?"),
        ("config get market", 4, "market is not set"),
        ("config set market here", 2, "is no address"),
        ("config set url ftp://one", 2, "is no node"),
        ("config set output xml", 2, "is no form of an answer"),
        ("config set commitment soon", 2, "is no commitment"),
        ("config set priority-fee much", 2, "is no whole number"),
        ("config set gate gate.example", 2, "is no server"),
        ("config set market CREDIT CREDIT", 2, "takes one value"),
        ("config set keypair prompt://secret", 2, "has a part behind prompt://"),
        ("config use home", 2, "there is no profile home"),
        ("keys new", 2, "<FILE>"),
        ("keys new /", 3, "exists"),
        ("completions powerless", 2, "invalid value 'powerless'"),
        ("man --folder /dev/null/pages", 1, "cannot be written"),
    ];
    let cases: Vec<(String, i32, &str)> =
        cases.iter().map(|(line, code, said)| (with(line), *code, *said)).collect();
    let cases: Vec<(&str, i32, &str)> =
        cases.iter().map(|(line, code, said)| (line.as_str(), *code, *said)).collect();
    refuse(&cases, offline);
}

#[test]
fn keys_that_cannot_sign_are_refused() {
    let (world, credit) = (world(), world().loan().to_string());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (open, none) = (file("open.json"), file("none.json"));
    std::fs::copy(world.key("lender"), &open).unwrap();
    std::fs::write(&none, "[1, 2, 3]").unwrap();
    for (path, mode) in [(&open, 0o644), (&none, 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let freeze = format!("credit freeze {credit} --all --yes -k");
    let cases = [
        (
            format!("{freeze} {}", file("missing.json")),
            4,
            "missing.json (--keypair) cannot be used: there is no such file",
        ),
        (format!("{freeze} {open}"), 3, "can be read by other users; run `chmod 600"),
        (format!("{freeze} {none}"), 1, "it holds no keypair"),
        (format!("{freeze} -"), 1, "the standard input holds no key"),
        (format!("{freeze} prompt://"), 1, "there is no terminal"),
        (format!("{freeze} usb://ledger?key=0"), 2, "add --no-send"),
        (format!("{freeze} {}", world.party("lender")), 2, "is an address and cannot sign"),
    ];
    let cases: Vec<(&str, i32, &str)> =
        cases.iter().map(|(line, code, said)| (line.as_str(), *code, *said)).collect();
    refuse(&cases, |arguments| world.run(arguments));
    assert_eq!(world.credit(&credit.parse().unwrap()).collateral.frozen(), 0);
}
