//! The settings by name.

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SettingName {
    /// The nodes.
    Url,
    /// The key that signs.
    Keypair,
    /// The key that pays.
    FeePayer,
    /// The market.
    Market,
    /// The provider's server.
    Gate,
    /// The state that is read.
    Commitment,
    /// The most priority fee.
    PriorityFee,
    /// The form of the answer.
    Output,
}

impl SettingName {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: [SettingName; 8] = [
        SettingName::Url,
        SettingName::Keypair,
        SettingName::FeePayer,
        SettingName::Market,
        SettingName::Gate,
        SettingName::Commitment,
        SettingName::PriorityFee,
        SettingName::Output,
    ];

    /// The name in a profile; with `-` for `_` that of the flag.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SettingName::Url => "url",
            SettingName::Keypair => "keypair",
            SettingName::FeePayer => "fee_payer",
            SettingName::Market => "market",
            SettingName::Gate => "gate",
            SettingName::Commitment => "commitment",
            SettingName::PriorityFee => "priority_fee",
            SettingName::Output => "output",
        }
    }

    /// The environment variable.
    pub(crate) fn variable(self) -> String {
        format!("BLOCKABLE_{}", self.name().to_ascii_uppercase())
    }

    /// The flag.
    pub(crate) fn flag(self) -> String {
        format!("--{}", self.name().replace('_', "-"))
    }

    /// The setting of a name, written with `_` or `-`.
    pub(crate) fn from_name(name: &str) -> Option<SettingName> {
        let name = name.replace('-', "_");
        SettingName::ALL.into_iter().find(|key| key.name() == name)
    }

    /// True for the one setting that can have several values.
    pub(crate) fn is_list(self) -> bool {
        self == SettingName::Url
    }
}
