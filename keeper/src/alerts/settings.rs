//! `[rules]`, `[[webhook]]`, `[email]` and `[[email_to]]`: the alerts that are raised, and their sinks.

use {
    crate::alerts::{Rules, Severity},
    blockable_sdk::Pubkey,
    blockable_service::secrets::SecretSource,
    blockable_service::settings::Reader,
    lettre::message::Mailbox,
    reqwest::Url,
    serde::Deserialize,
    std::{collections::BTreeSet, fmt, path::Path},
};

/// The rules and the sinks.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlertSettings {
    /// The rules.
    pub(crate) rules: Rules,
    /// Addresses that alerts are posted to.
    pub(crate) webhooks: Vec<Webhook>,
    /// The mail server; `None` where nobody gets mail.
    pub(crate) email: Option<Email>,
    /// The recipients of mail.
    pub(crate) email_to: Vec<EmailTo>,
}

/// The alerts that a sink gets, by the parties they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscribedParty {
    /// All alerts.
    All,
    /// Those for the operator alone.
    Operator,
    /// Those on credits that this key lends or borrows on.
    Key(Pubkey),
}

/// The form of a webhook's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// The alert as JSON.
    Json,
    /// A message for Slack, and what takes the same.
    Slack,
}

/// The address of a webhook. The path or query may hold a token, so only the host is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WebhookUrl(Url);

impl WebhookUrl {
    /// Reads a URL. Errors: its mistake.
    pub(crate) fn parse(text: &str) -> Result<WebhookUrl, &'static str> {
        let url = Url::parse(text).map_err(|_| "is not a URL; write it as https://HOST/PATH")?;
        match (url.scheme(), url.host_str()) {
            ("https", Some(_)) => Ok(WebhookUrl(url)),
            ("http", Some(host)) if is_this_machine(host) => Ok(WebhookUrl(url)),
            ("http", Some(_)) => Err("would be sent in the clear; use https, http is for this machine alone"),
            _ => Err("is not a web address; write it as https://HOST/PATH"),
        }
    }

    /// Its host, for logs.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    pub(super) fn get(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/...", self.0.scheme(), self.host())
    }
}

/// `[[webhook]]`.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    /// Its name in logs and metrics.
    pub(crate) name: String,
    /// Its address.
    pub(crate) url: WebhookUrl,
    /// The secret that signs posts; `None` only for Slack, whose URL is the secret.
    pub(crate) secret: Option<SecretSource>,
    /// The parties whose alerts it gets.
    pub(crate) party: SubscribedParty,
    /// The least severity that it gets.
    pub(crate) min_severity: Severity,
    /// The form of the body.
    pub(crate) format: Format,
    /// Hours after which an alert that is not taken is given up.
    pub(crate) give_up_hours: u64,
}

/// The security of a connection to a mail server.
#[allow(clippy::enum_variant_names, reason = "they are the names of the methods")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tls {
    /// Opened in the clear, then secured, or not used at all.
    StartTls,
    /// Secured from the first byte.
    Tls,
    /// In the clear, to this machine alone.
    None,
}

/// `[email]`.
#[derive(Clone, Debug)]
pub(crate) struct Email {
    /// The mail server.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// User and password; `None` for a server that needs no login.
    pub(crate) login: Option<(String, SecretSource)>,
    /// The sender of the mails.
    pub(crate) from: Mailbox,
    /// The security of the connection.
    pub(crate) tls: Tls,
    /// Hours after which mail that is not taken is given up.
    pub(crate) give_up_hours: u64,
}

/// `[[email_to]]`.
#[derive(Clone, Debug)]
pub(crate) struct EmailTo {
    /// The recipient.
    pub(crate) address: Mailbox,
    /// The parties whose alerts it gets.
    pub(crate) party: SubscribedParty,
    /// The least severity that it gets.
    pub(crate) min_severity: Severity,
}

impl AlertSettings {
    /// Makes the relative paths of secrets start from `folder`.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        let webhooks = self.webhooks.iter_mut().filter_map(|webhook| webhook.secret.as_mut());
        let login = self.email.iter_mut().filter_map(|email| email.login.as_mut().map(|(_, secret)| secret));
        webhooks.chain(login).for_each(|secret| secret.resolve(folder));
    }

    /// Reads the sections; the reader collects its mistakes.
    pub(crate) fn read(reader: &mut Reader) -> AlertSettings {
        let rules = Rules::read(reader);
        let mut names = BTreeSet::new();
        let webhooks = reader.each("webhook", |reader| {
            let webhook = read_webhook(reader);
            if let Some(webhook) = &webhook
                && !names.insert(webhook.name.clone())
            {
                reader.mistake("name", "is used twice; give each its own");
            }
            webhook
        });
        let email = if reader.has("email") { reader.section("email", read_email) } else { None };
        let email_to: Vec<_> = reader.each("email_to", read_email_to);
        if !email_to.is_empty() && !reader.has("email") {
            reader.mistake("email", "is missing, and there is an [[email_to]]; add it");
        }
        AlertSettings {
            rules,
            webhooks: webhooks.into_iter().flatten().collect(),
            email,
            email_to: email_to.into_iter().flatten().collect(),
        }
    }
}

fn read_webhook(reader: &mut Reader) -> Option<Webhook> {
    let name: Option<String> = reader.required("name");
    let url: Option<String> = reader.required("url");
    let secret = reader.optional("secret");
    let (party, min_severity) = read_wants(reader);
    let format = reader.optional("format").unwrap_or(Format::Json);
    let give_up_hours = reader.number("give_up_hours", 24, 1..=8_760);
    if name.as_ref().is_some_and(|name| name.is_empty() || name.contains(char::is_control)) {
        reader.mistake("name", "must be one line of text; name it");
    }
    if format == Format::Json && !reader.has("secret") {
        reader
            .mistake("secret", "is missing; name where it is, as { env = \"NAME\" } or { file = \"PATH\" }");
    }
    let url = match WebhookUrl::parse(&url?) {
        Ok(url) => Some(url),
        Err(mistake) => {
            reader.mistake("url", mistake);
            None
        }
    };
    Some(Webhook { name: name?, url: url?, secret, party: party?, min_severity, format, give_up_hours })
}

fn read_email(reader: &mut Reader) -> Option<Email> {
    let host: Option<String> = reader.required("host");
    let tls = reader.optional("tls").unwrap_or(Tls::StartTls);
    let standard = match tls {
        Tls::StartTls => 587,
        Tls::Tls => 465,
        Tls::None => 25,
    };
    let port = reader.number("port", standard, 1..=u16::MAX);
    let user: Option<String> = reader.optional("user");
    let password: Option<SecretSource> = reader.optional("password");
    let from = read_mailbox(reader, "from");
    let give_up_hours = reader.number("give_up_hours", 24, 1..=8_760);
    let host = host?;
    if tls == Tls::None && !is_this_machine(&host) {
        reader.mistake(
            "tls",
            "\"none\" is for a mail server on this machine alone; use \"starttls\" or \"tls\"",
        );
    }
    let login = match (user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) if reader.has("password") => None,
        (None, Some(_)) if reader.has("user") => None,
        (Some(_), None) => {
            reader.mistake("password", "is missing though user is set; name where it is, or remove user");
            None
        }
        (None, Some(_)) => {
            reader.mistake("user", "is missing though password is set; add it, or remove password");
            None
        }
    };
    Some(Email { host, port, login, from: from?, tls, give_up_hours })
}

fn read_email_to(reader: &mut Reader) -> Option<EmailTo> {
    let address = read_mailbox(reader, "address");
    let (party, min_severity) = read_wants(reader);
    Some(EmailTo { address: address?, party: party?, min_severity })
}

fn read_wants(reader: &mut Reader) -> (Option<SubscribedParty>, Severity) {
    let party = match reader.required::<String>("party") {
        None => None,
        Some(party) if party == "all" => Some(SubscribedParty::All),
        Some(party) if party == "operator" => Some(SubscribedParty::Operator),
        Some(key) => match key.parse() {
            Ok(key) => Some(SubscribedParty::Key(key)),
            Err(_) => {
                let mistake = "is neither \"all\", \"operator\" nor an address in base58; correct it";
                reader.mistake("party", mistake);
                None
            }
        },
    };
    (party, reader.optional("min_severity").unwrap_or(Severity::Info))
}

fn read_mailbox(reader: &mut Reader, key: &str) -> Option<Mailbox> {
    let text: String = reader.required(key)?;
    let mailbox = text.parse().ok();
    if mailbox.is_none() {
        reader.mistake(key, "is not a mail address; write it as NAME@HOST");
    }
    mailbox
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    is_loopback || bare == "localhost"
}
