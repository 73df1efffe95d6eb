use {
    super::{servers::mail, *},
    std::time::Duration,
    tokio::time::timeout,
};

#[tokio::test]
async fn mail_is_sent_once_to_each_address_with_what_happened() {
    let (folder, (port, mut received)) = (tempfile::tempdir().unwrap(), mail().await);
    let lender = key(1).to_string();
    let text = format!(
        "[email]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"Keeper <keeper@example.org>\"\n\
         [[email_to]]\naddress = \"desk@example.org\"\nparty = \"{lender}\"\n\
         [[email_to]]\naddress = \"desk@example.org\"\nparty = \"all\"\nmin_severity = \"critical\"\n"
    );
    let case = Case::open(folder.path(), sinks(&text)).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    case.alerts.apply(coverage(SAFE), ChainTime(NOW + 60)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 2);
    let mut take = async || timeout(Duration::from_secs(20), received.recv()).await.unwrap().unwrap();
    // Quoted-printable breaks long lines.
    let whole_lines = |mail: String| mail.replace("=\r\n", "").replace("=\n", "");
    let (raised, cleared) = (whole_lines(take().await), whole_lines(take().await));
    assert!(raised.contains("RCPT TO:<desk@example.org>"), "{raised}");
    assert!(raised.contains("Subject: warning: coverage on credit "), "{raised}");
    assert!(
        raised.contains("against a debt of $10,000.00: 70 %.") && raised.contains("Next: The lender should"),
        "{raised}"
    );
    let id = raised.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().trim().to_string();
    assert!(id.starts_with("<alert_") && id.ends_with("@example.org>"), "{id}");
    assert!(cleared.contains(&format!("In-Reply-To: {id}")), "{cleared}");
    assert_eq!(case.states().await, ["email/0a59d4a5 raised delivered", "email/0a59d4a5 cleared delivered"]);
}

#[tokio::test]
async fn secured_connections_can_be_set_up_with_a_login() {
    let folder = tempfile::tempdir().unwrap();
    let password = secret(folder.path(), "password", "hush");
    for tls in ["starttls", "tls"] {
        let text = format!(
            "[email]\nhost = \"mail.example.org\"\ntls = \"{tls}\"\nfrom = \"keeper@example.org\"\nuser = \"u\"\n\
             password = {password}\n[[email_to]]\naddress = \"a@example.org\"\nparty = \"all\"\n"
        );
        assert_eq!(sinks(&text).len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_offers_no_tls_gets_neither_the_password_nor_the_message() {
    let (folder, (port, mut received)) = (tempfile::tempdir().unwrap(), mail().await);
    let password = secret(folder.path(), "password", "hush");
    let text = format!(
        "[email]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"keeper@example.org\"\nuser = \"u\"\n\
         password = {password}\n[[email_to]]\naddress = \"a@example.org\"\nparty = \"all\"\n"
    );
    let case = Case::open(folder.path(), sinks(&text)).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    let said = timeout(Duration::from_secs(20), received.recv()).await.unwrap().unwrap();
    assert!(said.starts_with("EHLO "), "{said}");
    assert!(!said.contains("AUTH") && !said.contains("MAIL FROM") && !said.contains("DATA"), "{said}");
    let outbox = case.outbox().await;
    let [(_, phase, state, attempts)] = outbox.as_slice() else { panic!("one entry: {outbox:?}") };
    assert_eq!((phase.as_str(), *attempts), ("raised", 1));
    assert_ne!(state, "delivered", "it is tried again");
}
