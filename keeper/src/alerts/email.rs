//! Sends alerts by mail.

use {
    crate::alerts::{
        AlertError,
        entries::Phase,
        message,
        record::Alert,
        settings::{Email, Tls},
    },
    lettre::{
        AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
        message::{Mailbox, header::ContentType},
        transport::smtp::authentication::Credentials,
    },
    secrecy::ExposeSecret,
    std::time::Duration,
    tokio::time::timeout,
};

/// Longest time for one mail, from the connection to the server's confirmation.
const DEADLINE: Duration = Duration::from_secs(30);

/// Mail to one address.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailbox,
    pub(crate) deadline: Duration,
}

impl Mailer {
    /// Reads the password. Errors: [`AlertError`].
    pub(crate) fn new(email: &Email, to: Mailbox) -> Result<Mailer, AlertError> {
        type Transport = AsyncSmtpTransport<Tokio1Executor>;
        let builder = match email.tls {
            Tls::StartTls => Transport::starttls_relay(&email.host),
            Tls::Tls => Transport::relay(&email.host),
            Tls::None => Ok(Transport::builder_dangerous(&email.host)),
        };
        let builder = builder
            .map_err(|error| AlertError::Email { host: email.host.clone(), reason: error.to_string() })?;
        let mut builder = builder.port(email.port).timeout(Some(DEADLINE));
        if let Some((user, password)) = &email.login {
            let password = password
                .read()
                .map_err(|reason| AlertError::Secret { of: format!("mail server {}", email.host), reason })?;
            let password = password.expose_secret().to_string();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Mailer { transport: builder.build(), from: email.from.clone(), to, deadline: DEADLINE })
    }

    /// Sends a mail on an alert. Errors: the reason for which it was not taken.
    pub(crate) async fn send(&self, alert: &Alert, phase: Phase) -> Result<(), String> {
        let message = self.message(alert, phase).map_err(|error| error.to_string())?;
        match timeout(self.deadline, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it does not answer in time".to_string()),
        }
    }

    fn message(&self, alert: &Alert, phase: Phase) -> Result<Message, lettre::error::Error> {
        // The same message has the same id, so mail programs show one that was sent twice once, and the end of an alert below its
        // beginning.
        let id = |phase: Phase| {
            let (number, at, domain) = (alert.id, alert.raised_at.get(), self.from.email.domain());
            format!("<blockable-alert.{number}.{at}.{}@{domain}>", phase.name())
        };
        let mut mail = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(message::title(alert, phase))
            .message_id(Some(id(phase)))
            .header(ContentType::TEXT_PLAIN);
        if phase == Phase::Cleared {
            mail = mail.in_reply_to(id(Phase::Raised));
        }
        mail.body(message::mail(alert, phase))
    }
}
