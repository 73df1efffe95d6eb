//! Settings: a flag comes first, then the environment, then the profile, then Solana's own settings, then the default. Each value
//! knows where it came from.

mod file;
mod name;
mod place;
mod resolve;
mod solana;
mod values;

pub(crate) use {
    file::{Profiles, ProfilesError},
    name::SettingName,
    place::{Place, Setting, Surroundings},
    resolve::{Flags, Settings, SettingsError, validate},
    values::{Commitment, Format, KeySource, gate_url, shown, shown_url},
};

#[cfg(test)]
mod tests;
