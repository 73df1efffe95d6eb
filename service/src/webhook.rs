//! Signatures of webhooks, as Standard Webhooks has them (standardwebhooks.com): libraries of most languages verify them.

use {
    base64::{Engine, engine::general_purpose::STANDARD},
    hmac::{Hmac, Mac},
    secrecy::{ExposeSecret, SecretSlice, SecretString},
    sha2::Sha256,
};

/// Header of a message's id, which is the same for each attempt to deliver it.
pub const ID_HEADER: &str = "webhook-id";
/// Header of the time of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Header of the signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// Beginning of every secret.
const PREFIX: &str = "whsec_";
/// Bytes that a secret may have.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A key that webhooks are signed with.
pub struct WebhookKey(SecretSlice<u8>);

impl WebhookKey {
    /// Reads a secret, `whsec_` and 24 to 64 bytes in base64. `None` for another text.
    pub fn parse(secret: &SecretString) -> Option<WebhookKey> {
        let bytes = STANDARD.decode(secret.expose_secret().strip_prefix(PREFIX)?).ok()?;
        BYTES.contains(&bytes.len()).then(|| WebhookKey(SecretSlice::from(bytes)))
    }

    /// The signature of a message: `v1,` and HMAC-SHA256 over id, timestamp and body, with dots between them, in base64.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// Signs a message with each key. A receiver accepts it by any of them, so that secrets can be changed one side at a time.
pub fn signatures(keys: &[WebhookKey], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signed: Vec<String> = keys.iter().filter_map(|key| key.sign(id, timestamp, body)).collect();
    signed.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Option<WebhookKey> {
        WebhookKey::parse(&SecretString::from(secret))
    }

    /// The example of the specification.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let known = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signatures(&[known], id, 1_614_265_330, body), expected);
    }

    #[test]
    fn while_secrets_change_there_is_a_signature_of_each() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"];
        let keys: Vec<WebhookKey> = secrets.into_iter().map(|secret| key(secret).unwrap()).collect();
        let both = signatures(&keys, "1", 2, b"{}");
        for one in keys {
            let alone = signatures(&[one], "1", 2, b"{}");
            assert!(both.split(' ').any(|signature| signature == alone));
        }
        assert_eq!(both.split(' ').count(), 2);
    }

    #[test]
    fn a_secret_of_another_form_is_none() {
        for wrong in [
            "",
            "shared",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_not base64, though it is long enough",
        ] {
            assert!(key(wrong).is_none(), "{wrong}");
        }
    }
}
