use {
    super::*,
    crate::alerts::{
        AlertError,
        settings::{SubscribedParty, Target, Tls, url::parse},
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
        "[[slack]]\nname = \"a\"\nurl = \"https://hooks.example.org/T0/token\"\nparty = \"{key}\"\n\
         [[telegram]]\nname = \"a\"\ntoken = {{ env = \"T\" }}\nchat = \"@loans\"\nparty = \"all\"\n\
         [[pagerduty]]\nname = \"a\"\nrouting_key = {{ env = \"R\" }}\nparty = \"operator\"\n\
         [[discord]]\nname = \"a\"\nurl = {{ env = \"D\" }}\nparty = \"all\"\nheartbeat_seconds = 60\ninfo = \"each\"\n\
         [email]\nhost = \"mail.example.org\"\nfrom = \"keeper@example.org\"\nuser = \"u\"\npassword = {{ env = \"P\" }}\n\
         [[email_to]]\naddress = \"a@example.org\"\nparty = \"operator\"\nmin_severity = \"critical\"\n\
         [[ping]]\nname = \"hc\"\nurl = \"https://hc.example.org/token\"",
    ));
    let kinds: Vec<&str> = settings.sinks.iter().map(|sink| sink.target.kind()).collect();
    assert_eq!(kinds, ["slack", "discord", "telegram", "pagerduty"]);
    let slack = &settings.sinks[0];
    assert_eq!((slack.wants.party, slack.give_up_hours), (SubscribedParty::Key(key), 24));
    assert_eq!((slack.wants.min_severity, slack.wants.is_info_daily), (Severity::Info, true));
    let discord = &settings.sinks[1].wants;
    assert_eq!((discord.heartbeat.map(|every| every.as_secs()), discord.is_info_daily), (Some(60), false));
    let Target::Telegram { url, .. } = &settings.sinks[2].target else { panic!("another kind") };
    assert_eq!(url.get().unwrap().as_str(), "https://api.telegram.org/");
    let email = settings.email.as_ref().unwrap();
    assert_eq!((email.tls, email.port), (Tls::StartTls, 587));
    let to = &settings.email_to[0].wants;
    assert_eq!((to.party, to.min_severity), (SubscribedParty::Operator, Severity::Critical));
    assert_eq!(settings.pings[0].every.as_secs(), 60);
    assert!(!format!("{settings:?}").contains("token\""), "a URL may hold a secret: {settings:?}");
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let found = mistakes(
        "[alerts]\nkeeper = \"\"\nlink = \"https://app.example.org/\"\ndigest_hour = 24\n\
         [[webhook]]\nname = \"a\"\nurl = \"http://example.org/\"\nparty = \"me\"\n\
         [[slack]]\nname = \"b\"\nurl = \"ftp://example.org/\"\nparty = \"all\"\ngive_up_hours = 0\n\
         [[pagerduty]]\nname = \"c\"\nparty = \"all\"\nrouting_key = { env = \"R\" }\nheartbeat_seconds = 60\n\
         [email]\nhost = \"mail.example.org\"\ntls = \"none\"\nfrom = \"nobody\"\nuser = \"u\"\n\
         [[email_to]]\nparty = \"all\"\n",
    );
    let has =
        |start: &str| assert!(found.iter().any(|mistake| mistake.starts_with(start)), "{start}: {found:?}");
    has("alerts.keeper: must be one line");
    has("alerts.link: must be a web address with {credit}");
    has("alerts.digest_hour: 24 is not from 0 to 23");
    has("webhook[0].url: would be sent in the clear");
    has("webhook[0].party: is neither");
    has("webhook[0].secret: is missing");
    has("slack[0].url: is not a web address");
    has("slack[0].give_up_hours: ");
    has("pagerduty[0].heartbeat_seconds: no such key");
    has("email.tls: \"none\" is for a mail server on this machine alone");
    has("email.from: is not a mail address");
    has("email.password: is missing though user is set");
    has("email_to[0].address: is missing");
    assert_eq!(found.len(), 13, "{found:?}");
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
        assert!(parse(good).is_ok(), "{good}");
    }
    for bad in ["http://10.0.0.1/", "http://127.0.0.1.example.org/", "file:///etc/passwd", "example.org"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_open_or_of_another_form_is_named_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let settings = settings(&format!(
        "[[webhook]]\nname = \"a\"\nurl = \"https://example.org/\"\nparty = \"all\"\nsecret = {{ file = \"{}\" }}",
        path.display()
    ));
    let store = Store::open(&folder.path().join("store")).unwrap();
    let error = async || Alerts::open(store.clone(), MARKET, &settings).await.err().unwrap();
    let missing = error().await;
    assert!(matches!(&missing, AlertError::Secret { of, .. } if of == "webhook a"), "{missing}");
    assert!(missing.to_string().ends_with("write the secret to it"), "{missing}");
    secret(folder.path(), "secret", "hush");
    assert!(matches!(error().await, AlertError::WebhookSecret { .. }));
    #[cfg(unix)]
    {
        use std::{fs, os::unix::fs::PermissionsExt};
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let open = error().await.to_string();
        assert!(open.contains("has mode 666") && !open.contains("hush"), "{open}");
    }
}
