//! Arguments that commands share.

use {
    crate::settings::{Commitment, Flags, Format, KeySource, SettingName},
    blockable_sdk::Pubkey,
    blockable_service::command::{Proposing, values::address},
    clap::Args,
};

/// Seconds within which a transaction lands.
const LANDS_WITHIN: i64 = 120;
/// Seconds within which the members of a multisig approve and execute a proposal; one that takes longer may be refused by its bounds.
const EXECUTED_WITHIN: i64 = 3 * 86_400;

/// Heading of the arguments that every command takes.
const EVERYWHERE: &str = "Options of every command";
/// Heading of the arguments of commands that sign.
const SIGNING: &str = "Signing";

/// The cluster, the market, and the form of the answer. Each of these can also come from the environment, a profile or Solana's
/// own settings; `blockable config` shows where it comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct GlobalArgs {
    /// Node: a URL, or mainnet-beta, devnet, testnet, localhost (or their first letter); several read, send and confirm together
    #[arg(short, long, value_name = "URL", global = true, help_heading = EVERYWHERE)]
    pub url: Vec<String>,
    /// The market's account
    #[arg(long, value_name = "ADDRESS", global = true, help_heading = EVERYWHERE)]
    pub market: Option<String>,
    /// State that is read and waited for: processed, confirmed or finalized
    #[arg(long, value_name = "LEVEL", global = true, help_heading = EVERYWHERE)]
    pub commitment: Option<Commitment>,
    /// Profile of the settings file
    #[arg(long, value_name = "NAME", global = true, help_heading = EVERYWHERE)]
    pub profile: Option<String>,
    /// Form of the answer: table or json
    #[arg(long, value_name = "FORM", global = true, help_heading = EVERYWHERE)]
    pub output: Option<Format>,
    /// JSON with these fields of `data` alone, such as debt,status
    #[arg(long, value_name = "FIELDS", global = true, value_delimiter = ',', help_heading = EVERYWHERE)]
    pub json: Vec<String>,
    /// Asks nothing: what needs an answer is refused [environment: BLOCKABLE_NON_INTERACTIVE]
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub non_interactive: bool,
}

/// The keys of a command that signs, and the way from its review to the chain.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SignArgs {
    /// Key that signs: a file, prompt://, - for the standard input, or an address with --dry-run or --no-send
    #[arg(short, long, value_name = "KEY", help_heading = SIGNING)]
    pub keypair: Option<KeySource>,
    /// Key that pays fee and rent, if it is another one
    #[arg(long, value_name = "KEY", help_heading = SIGNING)]
    pub fee_payer: Option<KeySource>,
    /// Most priority fee, in micro-lamports per compute unit; recent blocks decide below it
    #[arg(long, value_name = "NUMBER", help_heading = SIGNING)]
    pub priority_fee: Option<u64>,
    /// Simulates and shows everything; loads no key and cannot send
    #[arg(long, help_heading = SIGNING)]
    pub dry_run: bool,
    /// Prints the unsigned transaction and the hash that a Ledger or Squads shows for it; loads no key
    #[arg(long, conflicts_with = "dry_run", help_heading = SIGNING)]
    pub no_send: bool,
    /// Proposes it to a multisig of Squads v4, whose vault acts; --keypair is the key of a member
    #[arg(long, value_name = "MULTISIG", value_parser = address, help_heading = SIGNING)]
    pub propose: Option<Pubkey>,
    /// The multisig's vault that acts [default: 0]
    #[arg(long, value_name = "NUMBER", requires = "propose", help_heading = SIGNING)]
    pub vault_index: Option<u8>,
    /// Confirms what the review shows
    #[arg(short, long, help_heading = SIGNING)]
    pub yes: bool,
}

impl SignArgs {
    /// The multisig that is to make the change, if one is.
    pub(crate) fn proposing(&self) -> Option<Proposing> {
        let vault_index = self.vault_index.unwrap_or(0);
        self.propose.map(|multisig| Proposing { multisig, vault_index })
    }

    /// Seconds within which the change is made: interest grows until then, and what its bounds allow must suffice.
    pub(crate) fn made_within(&self) -> i64 {
        if self.propose.is_some() { EXECUTED_WITHIN } else { LANDS_WITHIN }
    }
}

impl GlobalArgs {
    /// The flags of a command; `sign` and `gate` are those of commands that have them.
    pub(crate) fn flags(&self, sign: Option<&SignArgs>, gate: Option<&str>) -> Flags {
        let mut flags = Flags {
            profile: self.profile.clone(),
            non_interactive: self.non_interactive,
            ..Flags::default()
        };
        let mut put = |key, value: Option<String>| {
            if let Some(value) = value {
                flags.values.insert(key, vec![value]);
            }
        };
        put(SettingName::Market, self.market.clone());
        put(SettingName::Commitment, self.commitment.map(|commitment| commitment.to_string()));
        put(SettingName::Gate, gate.map(str::to_string));
        let output = if self.json.is_empty() { self.output } else { Some(Format::Json) };
        put(SettingName::Output, output.map(|format| format.to_string()));
        if let Some(sign) = sign {
            put(SettingName::Keypair, sign.keypair.as_ref().map(KeySource::to_string));
            put(SettingName::FeePayer, sign.fee_payer.as_ref().map(KeySource::to_string));
            put(SettingName::PriorityFee, sign.priority_fee.map(|fee| fee.to_string()));
        }
        if !self.url.is_empty() {
            flags.values.insert(SettingName::Url, self.url.clone());
        }
        flags
    }
}
