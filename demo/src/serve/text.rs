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
        command: |sandbox| {
            let healthy = credit(sandbox, LoanName::Healthy);
            let (key, address) = healthy.map_or(("", ""), |credit| (&credit.api_key, &credit.address));
            format!("curl -s -H 'Authorization: Bearer {key}' {}/v1/credits/{address}", sandbox.provider_url)
        },
    },
    Trial {
        party: "lender",
        effect: "watches the late loan: missed, delinquent, frozen, defaulted",
        command: |sandbox| {
            let address = credit(sandbox, LoanName::Late).map_or("", |credit| &credit.address);
            format!("curl -s {}/v1/credits/{address}", sandbox.keeper_url)
        },
    },
    Trial {
        party: "lender",
        effect: "freezes the healthy loan: the next request of its key is refused (`thaw` at the end reverses it)",
        command: |sandbox| {
            let address = credit(sandbox, LoanName::Healthy).map_or("", |credit| &credit.address);
            let key =
                sandbox.parties.get("freeze-authority").map(|party| party.key_file.display().to_string());
            format!(
                "cargo run --release -p blockable-demo --example freeze -- {} {} {} {address}",
                sandbox.cluster.rpc_url,
                sandbox.provider_url,
                key.unwrap_or_default(),
            )
        },
    },
    Trial {
        party: "provider",
        effect: "sees the usage reports that its three reporters sign",
        command: |sandbox| format!("curl -s {}/v1/reports", sandbox.provider_url),
    },
    Trial {
        party: "keeper",
        effect: "lists the alerts",
        command: |sandbox| format!("curl -s {}/v1/alerts", sandbox.keeper_url),
    },
];

fn credit(sandbox: &Description, name: LoanName) -> Option<&CreditDescription> {
    sandbox.credits.iter().find(|credit| credit.name == name)
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
        ("payment token", &sandbox.mint),
        ("provider", &sandbox.provider),
        ("provider's server", &sandbox.provider_url),
        ("keeper's API", &sandbox.keeper_url),
        ("server's health", &sandbox.health_url),
    ];
    lines.iter().map(|(name, value)| format!("{name:<19}{value}\n")).collect()
}

fn loans(sandbox: &Description) -> String {
    let line = |credit: &CreditDescription| {
        format!("{:<10}{:<10}{}  {}\n", credit.name.name(), credit.status, credit.address, credit.purpose)
    };
    format!("Loans\n{}", sandbox.credits.iter().map(line).collect::<String>())
}

fn requests(sandbox: &Description) -> String {
    let key = credit(sandbox, LoanName::Healthy).map_or("", |credit| &credit.api_key);
    let model = Value::from(sandbox.models.first().map_or("", String::as_str)).to_string();
    // The shell takes all between two ' as it is, and Python's strings have the escapes of JSON.
    let quoted = model.replace('\'', r"'\''");
    let base = &sandbox.base_url;
    format!(
        r#"The first request, with the API key of the healthy loan

curl {base}/chat/completions \
  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \
  -d '{{"model": {quoted}, "messages": [{{"role": "user", "content": "freeze me if you can"}}]}}'

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
