//! The answer of a command, and its data where the command is one that signs.

use {
    super::{Change, Cost, Effect, EffectLine, Exit, Heading, Nodes, Unsigned},
    blockable_sdk::{Pubkey, Signature, amounts::Lamports},
    serde_json::{Map, Value, json},
};

/// The result of a command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Lines for people.
    pub text: String,
    /// The same for scripts: an object, or a list of objects.
    pub data: Value,
}

/// The part of an answer's data that differs with the way in which a change ended. Every answer of a command that signs has the
/// same members, so that a script asks for the same fields whatever came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended<'a> {
    /// True where transactions have landed.
    pub changed: bool,
    /// True where no key was loaded and nothing printed.
    pub dry_run: bool,
    /// The transactions that landed.
    pub signatures: &'a [Signature],
    /// The transactions that are to be signed elsewhere.
    pub unsigned: &'a [Unsigned],
    /// The proposal to a multisig, for a change that is proposed.
    pub proposal: Option<Value>,
}

/// The data of a change that was carried out, or simulated.
pub(super) fn change_data<E>(
    nodes: &Nodes,
    heading: &Heading,
    change: &Change<'_, E>,
    cost: Cost,
    effect: &Effect,
    ended: Ended<'_>,
) -> Value {
    let created = change.created.iter().map(|(name, address)| (name.to_string(), json!(address.to_string())));
    json!({
        "cluster": nodes.cluster_json(),
        "market": heading.market.to_string(),
        "signer": heading.signer.to_string(),
        "fee_payer": heading.payer.to_string(),
        "changed": ended.changed,
        "dry_run": ended.dry_run,
        "signatures": ended.signatures.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "transactions": ended.unsigned.iter().map(Unsigned::json).collect::<Vec<_>>(),
        "proposal": ended.proposal,
        "created": created.collect::<Map<_, _>>(),
        "fee_lamports": cost.fee,
        "rent_lamports": cost.rent,
        "effect": effect.lines.iter().map(EffectLine::json).collect::<Vec<_>>(),
        "state": effect.state,
    })
}

impl Answer {
    /// The command's exit code: [`Exit::Proposed`] where a proposal stands in the place of what was asked for, so that a script does not
    /// take it for done; [`Exit::Partly`] where a part is left, which `not_frozen` names.
    pub fn exit(&self) -> Exit {
        let is_whole = self.data["not_frozen"].as_array().is_none_or(Vec::is_empty);
        match (self.data["proposal"]["status"].is_null(), is_whole) {
            (false, _) => Exit::Proposed,
            (true, false) => Exit::Partly,
            (true, true) => Exit::Done,
        }
    }

    /// The answer of a command that finds nothing to do: what it would bring about holds. `market` is `None`
    /// where the account that named it is gone.
    pub fn nothing(nodes: &Nodes, market: Option<Pubkey>, dry_run: bool, says: &str, state: Value) -> Answer {
        let data = json!({
            "cluster": nodes.cluster_json(),
            "market": market.map(|market| market.to_string()),
            "signer": null,
            "fee_payer": null,
            "changed": false,
            "dry_run": dry_run,
            "signatures": [],
            "transactions": [],
            "proposal": null,
            "created": {},
            "fee_lamports": Lamports::ZERO,
            "rent_lamports": Lamports::ZERO,
            "effect": [],
            "state": state,
        });
        Answer { text: format!("nothing to do: {says}"), data }
    }
}
