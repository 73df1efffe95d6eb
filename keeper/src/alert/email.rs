//! Sends alerts by mail.

use {
    crate::alert::{
        AlertError,
        letters::News,
        record::Alert,
        settings::{Email, Tls},
        text,
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

/// How long a mail may take, from connecting to the server's word that it has it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Mail to one address.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailbox,
    pub deadline: Duration,
}

impl Mailer {
    /// Reads the password. Errors: [`AlertError`].
    pub fn new(email: &Email, to: Mailbox) -> Result<Mailer, AlertError> {
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

    /// Sends news of an alert. Errors: why it was not taken.
    pub async fn send(&self, alert: &Alert, news: News) -> Result<(), String> {
        let message = self.message(alert, news).map_err(|error| error.to_string())?;
        match timeout(self.deadline, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it does not answer in time".to_string()),
        }
    }

    fn message(&self, alert: &Alert, news: News) -> Result<Message, lettre::error::Error> {
        // The same news has the same id, so mail programs show what was sent twice once, and the end below the beginning.
        let id = |news: News| {
            let (number, at, domain) = (alert.id, alert.raised_at, self.from.email.domain());
            format!("<blockable-alert.{number}.{at}.{}@{domain}>", news.name())
        };
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(text::title(alert, news))
            .message_id(Some(id(news)))
            .header(ContentType::TEXT_PLAIN);
        if news == News::Cleared {
            message = message.in_reply_to(id(News::Raised));
        }
        message.body(text::mail(alert, news))
    }
}
