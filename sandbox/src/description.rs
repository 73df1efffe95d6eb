//! The facts about a running sandbox, for people and scripts.

use {
    crate::loans::LoanName,
    blockable_sdk::{
        amounts::{Bps, MicroUsd, Units},
        program::state::Credit,
    },
    serde::Serialize,
    std::{collections::BTreeMap, path::PathBuf},
};

/// The version of the document that [`Description`] is written as.
pub const SCHEMA_VERSION: u32 = 1;

/// The facts about a running sandbox. Addresses are in base58.
#[derive(Clone, Debug, Serialize)]
pub struct Description {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The embedded cluster.
    pub cluster: ClusterDescription,
    /// The program.
    pub program: String,
    /// The market's account.
    pub market: String,
    /// The number in the market's address, in decimal: too large for a number in JavaScript.
    pub market_id: String,
    /// The payment token.
    pub mint: String,
    /// The payment token's program.
    pub token_program: String,
    /// The provider's account.
    pub provider: String,
    /// The OpenAI-compatible base URL of the provider's server, up to and with `/v1`.
    pub base_url: String,
    /// The models that it serves.
    pub models: Vec<String>,
    /// The provider's server itself: freezes, reports, credits and health.
    pub provider_url: String,
    /// `/livez`, `/readyz` and `/metrics` of the provider's server.
    pub health_url: String,
    /// The keeper's API, and the lender's page.
    pub keeper_url: String,
    /// The file of the token that opens all of the keeper's API.
    pub keeper_token_file: PathBuf,
    /// `/livez`, `/readyz` and `/metrics` of the keeper.
    pub keeper_health_url: String,
    /// The folder of keys, settings and stores.
    pub folder: PathBuf,
    /// Programs besides the market's that the cluster has.
    pub programs: Vec<String>,
    /// The parties by name.
    pub parties: BTreeMap<&'static str, PartyDescription>,
    /// The loans.
    pub credits: Vec<CreditDescription>,
}

impl Description {
    /// A loan by its name.
    pub fn loan(&self, name: LoanName) -> Option<&CreditDescription> {
        self.credits.iter().find(|credit| credit.name == name)
    }

    /// The document on one line, as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The embedded cluster.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterDescription {
    /// JSON-RPC over HTTP.
    pub rpc_url: String,
    /// WebSocket.
    pub ws_url: String,
    /// Milliseconds of a slot.
    pub slot_ms: u64,
    /// Seconds by which its clock was ahead of this machine's at the start; below zero where it was behind.
    pub clock_ahead_seconds: i64,
}

/// A party.
#[derive(Clone, Debug, Serialize)]
pub struct PartyDescription {
    /// Its address.
    pub address: String,
    /// The file of its key, in the format of Solana's command line.
    pub key_file: PathBuf,
    /// Its account of the payment token.
    pub token_account: String,
}

/// A loan.
#[derive(Clone, Debug, Serialize)]
pub struct CreditDescription {
    /// Its name in the sandbox.
    pub name: LoanName,
    /// The number in the credit's address.
    pub nonce: u64,
    /// Its part in the sandbox, for people.
    pub purpose: &'static str,
    /// The credit's account.
    pub address: String,
    /// The credit's vault.
    pub vault: String,
    /// The lot in which its units are for sale.
    pub lot: Option<String>,
    /// The status as the sandbox became ready.
    pub status: String,
    /// The API key with which its units are used.
    pub api_key: String,
    /// The terms.
    pub terms: TermsDescription,
}

/// The main terms of a loan.
#[derive(Clone, Debug, Serialize)]
pub struct TermsDescription {
    /// Amount lent, in micro-USDC.
    pub principal: MicroUsd,
    /// Units granted.
    pub units: Units,
    /// Units open ahead of payment.
    pub unlocked_ahead: Units,
    /// Part of the principal that is held back, in micro-USDC.
    pub holdback: MicroUsd,
    /// Annual interest rate.
    pub apr_bps: Bps,
    /// Instalments.
    pub instalments: u8,
    /// Seconds from issue to the first due date.
    pub first_due_after_seconds: u32,
    /// Seconds between due dates.
    pub interval_seconds: u32,
    /// Seconds from a due date until the loan may be marked delinquent.
    pub delinquency_grace_seconds: u32,
    /// Seconds from a due date until the loan may be marked defaulted.
    pub default_grace_seconds: u32,
    /// Seconds from the mark of default until units may be seized.
    pub cure_period_seconds: u32,
}

impl TermsDescription {
    pub(crate) fn new(credit: &Credit) -> TermsDescription {
        let (terms, due) = (&credit.terms, &credit.due_after);
        TermsDescription {
            principal: MicroUsd(terms.principal),
            units: Units(terms.units),
            unlocked_ahead: Units(terms.unlocked_ahead),
            holdback: MicroUsd(terms.holdback),
            apr_bps: Bps(terms.apr_bps.into()),
            instalments: credit.instalment_count,
            first_due_after_seconds: due[0],
            interval_seconds: due[1].saturating_sub(due[0]),
            delinquency_grace_seconds: terms.delinquency_grace,
            default_grace_seconds: terms.default_grace,
            cure_period_seconds: terms.cure_period,
        }
    }
}
