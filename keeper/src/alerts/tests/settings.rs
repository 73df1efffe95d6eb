use {
    super::*,
    crate::alerts::{
        AlertError,
        settings::{Format, SubscribedParty, Tls, WebhookUrl},
    },
};

fn mistakes(text: &str) -> Vec<String> {
    let mut reader = Reader::new(text).unwrap();
    AlertSettings::read(&mut reader);
    reader.finish()
}

#[test]
fn sinks_are_read_with_their_defaults() {
    let key = key(1);
    let settings = settings(&format!(
        "[[webhook]]\nname = \"a\"\nurl = \"https://hooks.example.org/T0/token\"\nformat = \"slack\"\nparty = \"{key}\"\n\
         [email]\nhost = \"mail.example.org\"\nfrom = \"keeper@example.org\"\nuser = \"u\"\npassword = {{ env = \"P\" }}\n\
         [[email_to]]\naddress = \"a@example.org\"\nparty = \"operator\"\nmin_severity = \"critical\"",
    ));
    let hook = &settings.webhooks[0];
    assert_eq!(
        (hook.party, hook.format, hook.min_severity, hook.give_up_hours),
        (SubscribedParty::Key(key), Format::Slack, Severity::Info, 24)
    );
    let email = settings.email.as_ref().unwrap();
    assert_eq!((email.tls, email.port), (Tls::StartTls, 587));
    assert_eq!(
        (settings.email_to[0].party, settings.email_to[0].min_severity),
        (SubscribedParty::Operator, Severity::Critical)
    );
    assert!(!format!("{settings:?}").contains("token"), "a URL may hold a secret");
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let found = mistakes(
        "[[webhook]]\nname = \"a\"\nurl = \"http://example.org/\"\nparty = \"me\"\n\
         [[webhook]]\nname = \"b\"\nurl = \"ftp://example.org/\"\nparty = \"all\"\nsecret = { env = \"X\" }\ngive_up_hours = 0\n\
         [email]\nhost = \"mail.example.org\"\ntls = \"none\"\nfrom = \"nobody\"\nuser = \"u\"\n\
         [[email_to]]\nparty = \"all\"\n",
    );
    let has =
        |start: &str| assert!(found.iter().any(|mistake| mistake.starts_with(start)), "{start}: {found:?}");
    has("webhook[0].url: would be sent in the clear");
    has("webhook[0].party: is neither");
    has("webhook[0].secret: is missing");
    has("webhook[1].url: is not a web address");
    has("webhook[1].give_up_hours: ");
    has("email.tls: \"none\" is for a mail server on this machine alone");
    has("email.from: is not a mail address");
    has("email.password: is missing though user is set");
    has("email_to[0].address: is missing");
    assert_eq!(found.len(), 9, "{found:?}");
    assert_eq!(mistakes("[[email_to]]\naddress = \"a@b.org\"\nparty = \"all\"").len(), 1, "no [email]");
    let hook =
        "[[webhook]]\nname = \"a\"\nurl = \"https://x.org/\"\nparty = \"all\"\nsecret = { env = \"X\" }\n";
    assert_eq!(mistakes(&hook.repeat(2)), ["webhook[1].name: is used twice; give each its own"]);
}

#[test]
fn a_secret_in_the_wrong_place_is_one_mistake_and_is_not_repeated() {
    let hook = "[[webhook]]\nname = \"a\"\nurl = \"https://x.org/\"\nparty = \"all\"\nsecret = \"hush\"\n";
    let email = "[email]\nhost = \"mail.example.org\"\nfrom = \"k@example.org\"\n";
    for (text, key) in [
        (hook.to_string(), "webhook[0].secret: "),
        (format!("{email}user = \"u\"\npassword = \"hush\""), "email.password: "),
        (format!("{email}user = 5\npassword = {{ env = \"P\" }}"), "email.user: "),
    ] {
        let found = mistakes(&text);
        assert!(found.len() == 1 && found[0].starts_with(key) && !found[0].contains("hush"), "{found:?}");
    }
}

#[test]
fn only_this_machine_is_reached_in_the_clear() {
    for good in ["http://127.0.0.1:80/x", "http://localhost/", "http://[::1]:9/", "https://example.org/x"] {
        assert!(WebhookUrl::parse(good).is_ok(), "{good}");
    }
    for bad in ["http://10.0.0.1/", "http://127.0.0.1.example.org/", "file:///etc/passwd", "example.org"] {
        assert!(WebhookUrl::parse(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let settings = settings(&format!(
        "[[webhook]]\nname = \"a\"\nurl = \"https://example.org/\"\nparty = \"all\"\nsecret = {{ file = \"{}\" }}",
        missing.display()
    ));
    let store = Store::open(&folder.path().join("store")).unwrap();
    let error = Alerts::open(store, &settings).await.err().unwrap();
    assert!(matches!(&error, AlertError::Secret { of, .. } if of == "webhook a"), "{error}");
    assert!(error.to_string().ends_with("write the secret to it"), "{error}");
}
