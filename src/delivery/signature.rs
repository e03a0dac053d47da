//! The headers of Standard Webhooks 1.0: id, timestamp and signature.

use anyhow::{Context, Result, ensure};
use reqwest::header::{HeaderMap, HeaderValue};
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};

use crate::core::batch::BatchId;

/// Signs with each key: while a receiver changes its key, it finds a signature by the old one and by the new one.
pub(super) struct Signer {
    keys: Vec<Webhook>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} keys)", self.keys.len())
    }
}

impl Signer {
    /// Takes keys in the `whsec_` form.
    pub(super) fn new(secrets: &[String]) -> Result<Self> {
        let key = |secret: &String| {
            ensure!(
                secret.starts_with("whsec_"),
                "each secret begins with whsec_"
            );
            ensure!(
                secret != "whsec_",
                "a secret is more than whsec_: anybody could sign with nothing"
            );
            // The error of the decoder would tell a part of the secret.
            let key = Webhook::new(secret).ok();
            key.context("after whsec_ a secret is base64, such as from: openssl rand -base64 32")
        };
        Ok(Self {
            keys: secrets.iter().map(key).collect::<Result<_>>()?,
        })
    }

    /// The headers for a call at `timestamp` (s since 1970), with a signature of each of these by each key.
    pub(super) fn headers(&self, id: &BatchId, timestamp: u64, signed: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            // All three are made of contexts, digits and punctuation that a header can carry.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put(HEADER_WEBHOOK_ID, id.as_str());
        put(HEADER_WEBHOOK_TIMESTAMP, &timestamp.to_string());
        if !self.keys.is_empty() {
            let timestamp = i64::try_from(timestamp).unwrap_or(i64::MAX);
            let each = signed
                .iter()
                .flat_map(|text| self.keys.iter().map(move |key| (key, text)));
            let signatures: Vec<_> = each
                .filter_map(|(key, text)| key.sign(id.as_str(), timestamp, text.as_bytes()).ok())
                .collect();
            put(HEADER_WEBHOOK_SIGNATURE, &signatures.join(" "));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(secrets: &[&str]) -> HeaderMap {
        let secrets: Vec<_> = secrets.iter().map(|&secret| secret.to_owned()).collect();
        let id = BatchId::from_stored("msg_p5jXN8AQM9LWM0D4loKWxJek");
        Signer::new(&secrets)
            .unwrap()
            .headers(&id, 1_614_265_330, &[r#"{"test": 2432232314}"#])
    }

    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        let headers = headers(&[SECRET]);

        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-signature"], SIGNATURE);
    }

    #[test]
    fn each_key_signs() {
        let headers = headers(&[SECRET, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);

        let signatures: Vec<_> = headers["webhook-signature"]
            .to_str()
            .unwrap()
            .split(' ')
            .collect();
        assert_eq!(signatures.len(), 2);
        assert_eq!(signatures[0], SIGNATURE);
    }

    #[test]
    fn without_a_key_there_is_no_signature() {
        assert!(!headers(&[]).contains_key("webhook-signature"));
    }

    #[test]
    fn a_broken_secret_is_refused_and_not_told() {
        for bad in [
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_not base64!",
            "whsec_",
        ] {
            let error = Signer::new(&[bad.to_owned()]).unwrap_err().to_string();
            assert!(
                error.contains("whsec_") && !error.contains("not base64!"),
                "{error}"
            );
        }
    }
}
