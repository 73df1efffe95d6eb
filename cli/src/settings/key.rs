//! The settings by name.

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
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

impl Key {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: [Key; 8] = [
        Key::Url,
        Key::Keypair,
        Key::FeePayer,
        Key::Market,
        Key::Gate,
        Key::Commitment,
        Key::PriorityFee,
        Key::Output,
    ];

    /// The name in a profile; with `-` for `_` that of the flag.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Key::Url => "url",
            Key::Keypair => "keypair",
            Key::FeePayer => "fee_payer",
            Key::Market => "market",
            Key::Gate => "gate",
            Key::Commitment => "commitment",
            Key::PriorityFee => "priority_fee",
            Key::Output => "output",
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
    pub(crate) fn from_name(name: &str) -> Option<Key> {
        let name = name.replace('-', "_");
        Key::ALL.into_iter().find(|key| key.name() == name)
    }

    /// True for the one setting that can have several values.
    pub(crate) fn is_list(self) -> bool {
        self == Key::Url
    }
}
