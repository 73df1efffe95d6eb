//! Sends messages by mail.

use {
    super::{Channel, Pace, Refusal, Retry},
    crate::alerts::{
        AlertError,
        message::Message,
        settings::{Email, Tls},
    },
    futures_util::{FutureExt, future::BoxFuture},
    lettre::{
        AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor,
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
}

impl Mailer {
    /// Reads the password. Errors: [`AlertError`].
    pub(super) fn new(email: &Email, to: Mailbox) -> Result<Mailer, AlertError> {
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
                .read_private()
                .map_err(|reason| AlertError::Secret { of: format!("mail server {}", email.host), reason })?;
            let password = password.expose_secret().to_string();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Mailer { transport: builder.build(), from: email.from.clone(), to })
    }

    async fn post(&self, message: &Message) -> Result<(), Refusal> {
        let mail = self.mail(message).map_err(|error| Refusal::never(error.to_string()))?;
        match timeout(DEADLINE, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                // A server that refuses the address or the login for good does so every time.
                let retry = if error.is_permanent() { Retry::Never } else { Retry::Later };
                Err(Refusal { reason: error.to_string(), retry })
            }
            Err(_) => Err(Refusal::later("it does not answer in time")),
        }
    }

    fn mail(&self, message: &Message) -> Result<Mail, lettre::error::Error> {
        // The same message has the same id, so mail programs show one that was sent twice once, and the end of an alert below its
        // beginning.
        let id = |id: &str| format!("<{id}@{}>", self.from.email.domain());
        let mut mail = Mail::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(message.title.clone())
            .message_id(Some(id(&message.id)))
            .header(ContentType::TEXT_PLAIN);
        if let Some(answers) = &message.answers {
            mail = mail.in_reply_to(id(answers));
        }
        let paragraphs = message.paragraphs.iter().filter(|paragraph| !paragraph.is_empty());
        let mut lines: Vec<&str> = paragraphs.map(String::as_str).collect();
        lines.push(&message.footer);
        mail.body(lines.join("\n\n"))
    }
}

impl Channel for Mailer {
    fn pace(&self) -> Pace {
        Pace { burst: 5, every: Duration::from_secs(1) }
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refusal>> {
        self.post(message).boxed()
    }

    /// Connects to the server, logs in and sends nothing.
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        async {
            match timeout(DEADLINE, self.transport.test_connection()).await {
                Ok(Ok(true)) => Ok(()),
                Ok(Ok(false)) => Err("the mail server does not take the connection".to_string()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("the mail server does not answer in time".to_string()),
            }
        }
        .boxed()
    }
}
