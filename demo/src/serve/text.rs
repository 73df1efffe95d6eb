//! The guide that a sandbox prints for people.

use {
    blockable_sandbox::{Description, description::CreditDescription, loans::LoanName},
    serde_json::Value,
};

/// One command that a party can try.
struct Trial {
    /// The party.
    party: &'static str,
    /// The effect.
    effect: &'static str,
    /// The command.
    command: fn(&Description) -> String,
}

/// The commands to try, by party. A new command of a party is a new line here.
const TRIALS: &[Trial] = &[
    Trial {
        party: "borrower",
        effect: "uses its units (the curl above), sees what is left",
        command: |sandbox| credit_at_server(sandbox, LoanName::Healthy),
    },
    Trial {
        party: "borrower",
        effect: "is refused with the late loan once the keeper has frozen it, two minutes after the start",
        command: |sandbox| request(sandbox, LoanName::Late),
    },
    Trial {
        party: "borrower",
        effect: "pays the next instalment of the healthy loan, which opens units",
        command: |sandbox| {
            let healthy = address(sandbox, LoanName::Healthy);
            cli(sandbox, &format!("credit repay {healthy} --next -k {}", key_file(sandbox, "borrower")))
        },
    },
    Trial {
        party: "lender",
        effect: "lists its loans",
        command: |sandbox| {
            let lender = sandbox.parties.get("lender").map_or("", |party| &party.address);
            cli(sandbox, &format!("credit list -w lender={lender}"))
        },
    },
    Trial {
        party: "lender",
        effect: "watches the late loan: missed, delinquent, frozen, defaulted",
        command: |sandbox| {
            format!("curl -s {}/v1/credits/{}", sandbox.keeper_url, address(sandbox, LoanName::Late))
        },
    },
    Trial {
        party: "lender",
        effect: "freezes the healthy loan, at its provider's server and on the chain: the next request of its key is refused (`thaw` \
                 instead of `freeze`, without `--gate`, reverses it)",
        command: |sandbox| {
            let (healthy, key) = (address(sandbox, LoanName::Healthy), key_file(sandbox, "freeze-authority"));
            cli(sandbox, &format!("credit freeze {healthy} --all --gate {} -k {key}", sandbox.provider_url))
        },
    },
    Trial {
        party: "buyer",
        effect: "sees what $100 buy of the units that are for sale (`pool buy` instead of `pool quote`, with its key, buys them)",
        command: |sandbox| {
            cli(sandbox, &format!("pool quote {} --spend 100usdc", lot(sandbox, LoanName::ForSale)))
        },
    },
    Trial {
        party: "provider",
        effect: "sees the usage reports that its three reporters sign",
        command: |sandbox| format!("curl -s {}/v1/reports", sandbox.provider_url),
    },
    Trial {
        party: "provider",
        effect: "sees the use of all customers, with its own token",
        command: |sandbox| {
            let token = sandbox.folder.join("provider/admin.token");
            format!(
                "curl -s -H \"Authorization: Bearer $(cat '{}')\" {}/admin/usage",
                token.display(),
                sandbox.health_url
            )
        },
    },
    Trial {
        party: "guardian",
        effect: "pauses the market for ten minutes (`unpause` instead of `pause --for 10m` ends it)",
        command: |sandbox| {
            let key = key_file(sandbox, "guardian");
            cli(sandbox, &format!("market pause --for 10m --market {} -k {key}", sandbox.market))
        },
    },
    Trial {
        party: "admin",
        effect: "sees the market, its bounds and what waits for its delay",
        command: |sandbox| cli(sandbox, &format!("market show {}", sandbox.market)),
    },
    Trial {
        party: "keeper",
        effect: "lists the alerts",
        command: |sandbox| format!("curl -s {}/v1/alerts", sandbox.keeper_url),
    },
];

fn address(sandbox: &Description, name: LoanName) -> &str {
    sandbox.loan(name).map_or("", |credit| &credit.address)
}

fn lot(sandbox: &Description, name: LoanName) -> &str {
    sandbox.loan(name).and_then(|credit| credit.lot.as_deref()).unwrap_or_default()
}

fn api_key(sandbox: &Description, name: LoanName) -> &str {
    sandbox.loan(name).map_or("", |credit| &credit.api_key)
}

fn key_file(sandbox: &Description, party: &str) -> String {
    sandbox.parties.get(party).map(|party| party.key_file.display().to_string()).unwrap_or_default()
}

/// A command of `blockable` on the sandbox's cluster.
fn cli(sandbox: &Description, command: &str) -> String {
    format!("cargo run --release -p blockable-cli -- -u {} {command}", sandbox.cluster.rpc_url)
}

fn credit_at_server(sandbox: &Description, name: LoanName) -> String {
    let (key, address) = (api_key(sandbox, name), address(sandbox, name));
    format!("curl -s -H 'Authorization: Bearer {key}' {}/v1/credits/{address}", sandbox.provider_url)
}

/// The first model's name as JSON has it, whose escapes are those of Python's strings too.
fn model(sandbox: &Description) -> String {
    Value::from(sandbox.models.first().map_or("", String::as_str)).to_string()
}

/// A request with the API key of a loan.
fn request(sandbox: &Description, name: LoanName) -> String {
    let (base, key) = (&sandbox.base_url, api_key(sandbox, name));
    // The shell takes all between two ' as it is.
    let model = model(sandbox).replace('\'', r"'\''");
    format!(
        r#"curl -s {base}/chat/completions \
  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \
  -d '{{"model": {model}, "messages": [{{"role": "user", "content": "freeze me if you can"}}]}}'"#
    )
}

/// Writes the guide.
pub(super) fn guide(sandbox: &Description) -> String {
    [addresses(sandbox), loans(sandbox), requests(sandbox), trials(sandbox), files(sandbox)].join("\n")
}

fn addresses(sandbox: &Description) -> String {
    let cluster = &sandbox.cluster;
    let lines = [
        ("JSON-RPC", &cluster.rpc_url),
        ("WebSocket", &cluster.ws_url),
        ("program", &sandbox.program),
        ("market", &sandbox.market),
        ("market's number", &sandbox.market_id),
        ("payment token", &sandbox.mint),
        ("provider", &sandbox.provider),
        ("provider's server", &sandbox.provider_url),
        ("keeper's API", &sandbox.keeper_url),
        ("server's health", &sandbox.health_url),
    ];
    let mut text: String = lines.iter().map(|(name, value)| format!("{name:<19}{value}\n")).collect();
    let ahead = cluster.clock_ahead_seconds;
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    text += &format!("{:<19}{} s {side} this machine's\n", "chain's clock", ahead.unsigned_abs());
    text
}

fn loans(sandbox: &Description) -> String {
    let line = |credit: &CreditDescription| {
        format!(
            "{:<10}{:<10}{}  {}\n{:20}key {}\n",
            credit.name.name(),
            credit.status,
            credit.address,
            credit.purpose,
            "",
            credit.api_key
        )
    };
    format!(
        "Loans, each with the API key that uses its units\n{}",
        sandbox.credits.iter().map(line).collect::<String>()
    )
}

fn requests(sandbox: &Description) -> String {
    let (key, curl) = (api_key(sandbox, LoanName::Healthy), request(sandbox, LoanName::Healthy));
    let model = model(sandbox);
    let base = &sandbox.base_url;
    format!(
        r#"The first request, with the API key of the healthy loan

{curl}

The same with openai's client for Python

from openai import OpenAI
client = OpenAI(base_url="{base}", api_key="{key}")
messages = [{{"role": "user", "content": "freeze me if you can"}}]
print(client.chat.completions.create(model={model}, messages=messages).choices[0].message.content)
"#
    )
}

fn trials(sandbox: &Description) -> String {
    let line =
        |trial: &Trial| format!("# the {} {}\n{}\n", trial.party, trial.effect, (trial.command)(sandbox));
    format!("To try\n\n{}", TRIALS.iter().map(line).collect::<String>())
}

fn files(sandbox: &Description) -> String {
    let mut text = "Keys, for Solana's command line and every wallet that imports them\n\n".to_string();
    for (name, party) in &sandbox.parties {
        text += &format!("{name:<18}{:<45} {}\n", party.address, party.key_file.display());
    }
    text
}
