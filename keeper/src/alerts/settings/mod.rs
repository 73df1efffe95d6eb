//! `[rules]`, `[alerts]` and the sections of sinks: the alerts that are raised, and where they go.

mod email;
mod sinks;
pub(super) mod url;

pub(crate) use {
    email::{Email, EmailTo, Tls},
    sinks::{Ping, SinkSettings, SubscribedParty, Target, Wants},
    url::SinkUrl,
};

use {
    crate::alerts::{Rules, message::Origin},
    blockable_sdk::Pubkey,
    blockable_service::settings::Reader,
    std::path::Path,
};

/// The rules and the sinks.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlertSettings {
    /// The rules.
    pub(crate) rules: Rules,
    /// Properties of all messages.
    pub(crate) common: CommonSettings,
    /// Sinks that are reached over HTTP.
    pub(crate) sinks: Vec<SinkSettings>,
    /// The mail server; `None` where nobody gets mail.
    pub(crate) email: Option<Email>,
    /// The recipients of mail.
    pub(crate) email_to: Vec<EmailTo>,
    /// URLs that are asked for after good cycles.
    pub(crate) pings: Vec<Ping>,
}

/// `[alerts]`.
#[derive(Clone, Debug)]
pub(crate) struct CommonSettings {
    /// The keeper's name in messages.
    pub(crate) keeper: String,
    /// A page on a credit, with `{credit}` in the place of its address; `None` for no link.
    pub(crate) link: Option<String>,
    /// Hour of the day, in UTC, at which daily digests leave.
    pub(crate) digest_hour: i64,
}

impl Default for CommonSettings {
    fn default() -> CommonSettings {
        CommonSettings { keeper: "keeper".to_string(), link: None, digest_hour: 7 }
    }
}

impl CommonSettings {
    fn read(reader: &mut Reader) -> CommonSettings {
        reader.section("alerts", |reader| {
            let otherwise = CommonSettings::default();
            let keeper: String = reader.optional("keeper").unwrap_or(otherwise.keeper);
            if keeper.is_empty() || keeper.chars().count() > 64 || keeper.contains(char::is_control) {
                reader.mistake("keeper", "must be one line of at most 64 characters; shorten it");
            }
            let link: Option<String> = reader.optional("link");
            if link.as_ref().is_some_and(|link| !is_link(link)) {
                reader.mistake(
                    "link",
                    "must be a web address with {credit} in it, as https://HOST/credits/{credit}",
                );
            }
            CommonSettings {
                keeper,
                link,
                digest_hour: reader.number("digest_hour", otherwise.digest_hour, 0..=23),
            }
        })
    }
}

fn is_link(link: &str) -> bool {
    let is_web = link.starts_with("https://") || link.starts_with("http://");
    is_web && link.contains("{credit}") && reqwest::Url::parse(&link.replace("{credit}", "1")).is_ok()
}

impl AlertSettings {
    /// The keeper of a market that messages come from.
    pub(super) fn origin(&self, market: Pubkey) -> Origin {
        let CommonSettings { keeper, link, .. } = self.common.clone();
        Origin { market, keeper, link }
    }

    /// Makes the relative paths of secrets start from `folder`.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        self.sinks.iter_mut().for_each(|sink| sink.target.resolve(folder));
        self.pings.iter_mut().for_each(|ping| ping.url.resolve(folder));
        let login = self.email.iter_mut().filter_map(|email| email.login.as_mut());
        login.for_each(|(_, secret)| secret.resolve(folder));
    }

    /// Reads the sections; the reader collects its mistakes.
    pub(crate) fn read(reader: &mut Reader) -> AlertSettings {
        let (rules, common) = (Rules::read(reader), CommonSettings::read(reader));
        let sinks = sinks::read_sinks(reader);
        let email = if reader.has("email") { reader.section("email", email::read_email) } else { None };
        let email_to: Vec<_> = reader.each("email_to", email::read_email_to);
        if !email_to.is_empty() && !reader.has("email") {
            reader.mistake("email", "is missing, and there is an [[email_to]]; add it");
        }
        let pings = sinks::read_pings(reader);
        let email_to = email_to.into_iter().flatten().collect();
        AlertSettings { rules, common, sinks, email, email_to, pings }
    }
}
