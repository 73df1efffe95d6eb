//! The servers that freezes are handed to: each credit's provider's own.

use {
    crate::{
        change::{Line, SendToGate, Step},
        error::CliError,
        gate::{self, Recipient},
        lookup::CreditView,
        output::warn,
        settings::{gate_url, shown_url},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::address::{AddressError, address},
    std::collections::{BTreeMap, BTreeSet},
};

/// A server as it is named: `URL`, or `PROVIDER=URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GateArg {
    provider: Option<Pubkey>,
    url: String,
}

/// A reason for which a text names no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum GateArgError {
    /// The part before the sign is no address.
    #[error("{0}; write PROVIDER=URL with the provider's account, or the URL alone")]
    Provider(AddressError),
    /// The URL is none.
    #[error("{0}")]
    Url(String),
}

/// Reads a server. Errors: [`GateArgError`].
pub(super) fn gate(text: &str) -> Result<GateArg, GateArgError> {
    // A URL may have the sign too.
    let (provider, url) = match text.split_once('=') {
        Some((provider, url)) if !provider.contains("://") => {
            (Some(address(provider).map_err(GateArgError::Provider)?), url)
        }
        _ => (None, text),
    };
    Ok(GateArg { provider, url: gate_url(url).map_err(GateArgError::Url)? })
}

/// The servers of the credits of a freeze, by their providers.
pub(super) struct Gates {
    /// The provider of each credit.
    providers: BTreeMap<Pubkey, Pubkey>,
    /// The server of each provider that has one named.
    urls: BTreeMap<Pubkey, String>,
}

impl Gates {
    /// Finds the servers: those that are named, else that of the setting, where all credits are of one provider. Errors:
    /// [`CliError::Usage`] for a server that is named for several providers, for none of them, or twice.
    pub(super) fn new(
        named: &[GateArg],
        setting: Option<&str>,
        found: &[CreditView],
    ) -> Result<Gates, CliError> {
        let credits = found.iter().map(|credit| (credit.address, credit.account.provider)).collect();
        Gates::of(named, setting, credits)
    }

    fn of(
        named: &[GateArg],
        setting: Option<&str>,
        providers: BTreeMap<Pubkey, Pubkey>,
    ) -> Result<Gates, CliError> {
        let known: BTreeSet<Pubkey> = providers.values().copied().collect();
        let only = known.first().copied().filter(|_| known.len() == 1);
        let listed = || known.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let mut urls = BTreeMap::new();
        for GateArg { provider, url } in named {
            let provider = provider.or(only).ok_or_else(|| {
                CliError::Usage(format!(
                    "--gate {} is one server, and the loans are of the providers {}; write --gate PROVIDER=URL for each of them",
                    shown_url(url),
                    listed()
                ))
            })?;
            if !known.contains(&provider) {
                return Err(CliError::Usage(format!(
                    "--gate names a server of {provider}, and the loans are of {}; name a server of theirs",
                    listed()
                )));
            }
            if let Some(other) = urls.insert(provider, url.clone()).filter(|other| other != url) {
                return Err(CliError::Usage(format!(
                    "--gate names {} and {} for the provider {provider}; leave one of them out",
                    shown_url(&other),
                    shown_url(url)
                )));
            }
        }
        match (setting, only) {
            (Some(url), Some(provider)) if named.is_empty() => drop(urls.insert(provider, url.to_string())),
            (Some(_), None) if named.is_empty() => warn(
                "the setting gate is one server, and the loans are of several providers: none is handed over; name theirs by --gate \
                 PROVIDER=URL",
            ),
            _ => {}
        }
        Ok(Gates { providers, urls })
    }

    /// The server of a credit's provider.
    pub(super) fn url(&self, credit: &Pubkey) -> Option<&String> {
        self.urls.get(self.providers.get(credit)?)
    }

    /// The servers of some of the credits for a review, and the providers that have none named where others have.
    pub(super) fn facts<'a>(&self, credits: impl Iterator<Item = &'a Pubkey>) -> Vec<Line> {
        let known: BTreeSet<&Pubkey> = credits.filter_map(|credit| self.providers.get(credit)).collect();
        let fact = |provider: &&Pubkey| match self.urls.get(*provider) {
            Some(url) if known.len() == 1 => ("handed to".to_string(), shown_url(url)),
            Some(url) => ("handed to".to_string(), format!("{}, of provider {provider}", shown_url(url))),
            None => (
                "not handed over".to_string(),
                format!("provider {provider} has no server named, and sees the freeze once it lands"),
            ),
        };
        if self.urls.is_empty() { Vec::new() } else { known.iter().map(fact).collect() }
    }

    /// A function that hands each freeze to the server of its credit's provider, which must close as many units as `target_of` says for
    /// the credit; `None` where no server is named. Errors: as [`gate::send_to_gate`].
    pub(super) fn send_to_gate<'a>(
        &'a self,
        target_of: impl Fn(&Pubkey) -> Option<Units> + 'a,
    ) -> Result<Option<SendToGate<'a>>, CliError> {
        if self.urls.is_empty() {
            return Ok(None);
        }
        let recipient_of = move |step: &Step| {
            let credit = step.watched.first()?;
            Some(Recipient { url: self.url(credit)?.clone(), target: target_of(credit)? })
        };
        gate::send_to_gate(recipient_of).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(
        named: &[&str],
        setting: Option<&str>,
        credits: &[(Pubkey, Pubkey)],
    ) -> Result<Vec<Option<String>>, String> {
        let named: Vec<GateArg> = named.iter().map(|text| gate(text).unwrap()).collect();
        let gates = Gates::of(&named, setting, credits.iter().copied().collect());
        let gates = gates.map_err(|error| error.to_string())?;
        Ok(credits.iter().map(|(credit, _)| gates.url(credit).cloned()).collect())
    }

    #[test]
    fn each_credit_has_the_server_of_its_provider() {
        let [first, second, third] = [1, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        let [alpha, beta] = [8, 9].map(|byte| Pubkey::new_from_array([byte; 32]));
        let (one, two) = ("http://one?a=b".to_string(), "https://two".to_string());
        let (of_alpha, of_beta) = (format!("{alpha}={one}"), format!("{beta}={two}"));
        let (same, mixed) =
            ([(first, alpha), (second, alpha)], [(first, alpha), (second, beta), (third, alpha)]);
        assert_eq!(urls(&[&one], None, &same), Ok(vec![Some(one.clone()), Some(one.clone())]));
        assert_eq!(urls(&[], Some(&one), &same), Ok(vec![Some(one.clone()), Some(one.clone())]));
        assert_eq!(urls(&[&two], Some(&one), &same), Ok(vec![Some(two.clone()), Some(two.clone())]));
        assert_eq!(
            urls(&[&of_alpha, &of_beta], None, &mixed),
            Ok(vec![Some(one.clone()), Some(two.clone()), Some(one.clone())])
        );
        assert_eq!(urls(&[&of_beta], Some(&one), &mixed), Ok(vec![None, Some(two.clone()), None]));
        assert_eq!(urls(&[], Some(&one), &mixed), Ok(vec![None, None, None]), "whose it is nobody knows");
    }

    #[test]
    fn a_server_of_no_provider_or_of_several_is_refused() {
        let [credit, other] = [1, 2].map(|byte| Pubkey::new_from_array([byte; 32]));
        let [alpha, beta] = [8, 9].map(|byte| Pubkey::new_from_array([byte; 32]));
        let mixed = [(credit, alpha), (other, beta)];
        let said = urls(&["http://one"], None, &mixed).unwrap_err();
        assert!(said.contains("is one server") && said.contains(&beta.to_string()), "{said}");
        let said = urls(&[&format!("{beta}=http://one")], None, &mixed[..1]).unwrap_err();
        assert!(said.contains("name a server of theirs"), "{said}");
        let said = urls(&["http://one", "http://two"], None, &mixed[..1]).unwrap_err();
        assert!(said.contains("names http://one and http://two"), "{said}");
        assert!(matches!(gate("me=http://one"), Err(GateArgError::Provider(_))));
        assert!(matches!(gate("gate.example"), Err(GateArgError::Url(_))));
    }
}
