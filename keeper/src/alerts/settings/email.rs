//! `[email]` and `[[email_to]]`: the mail server, and the recipients of mail.

use {
    super::{
        sinks::{Wants, read_wants},
        url::is_this_machine,
    },
    blockable_service::{secrets::SecretSource, settings::Reader},
    lettre::message::Mailbox,
    serde::Deserialize,
};

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
    /// Its choice of messages.
    pub(crate) wants: Wants,
}

/// Reads `[email]`.
pub(super) fn read_email(reader: &mut Reader) -> Option<Email> {
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

/// Reads one `[[email_to]]`.
pub(super) fn read_email_to(reader: &mut Reader) -> Option<EmailTo> {
    let (address, wants) = (read_mailbox(reader, "address"), read_wants(reader, true));
    Some(EmailTo { address: address?, wants: wants? })
}

fn read_mailbox(reader: &mut Reader, key: &str) -> Option<Mailbox> {
    let text: String = reader.required(key)?;
    let mailbox = text.parse().ok();
    if mailbox.is_none() {
        reader.mistake(key, "is not a mail address; write it as NAME@HOST");
    }
    mailbox
}
