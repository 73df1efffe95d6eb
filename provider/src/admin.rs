//! The operator's token, for what no customer may see.

use {
    crate::{error::ApiError, serve_error::ServeError},
    axum::http::{HeaderMap, header::AUTHORIZATION},
    blockable_service::secrets::SecretSource,
    secrecy::ExposeSecret,
    sha2::{Digest, Sha256},
};

/// Characters that the token must have at least.
const LEAST: usize = 32;

/// The hash of the operator's token. Hashes are compared, so the time of a comparison says nothing about the token.
pub(crate) struct AdminToken([u8; 32]);

impl AdminToken {
    /// Reads the token from its source. Errors: it cannot be read, or is too short.
    pub(crate) fn read(source: &SecretSource) -> Result<AdminToken, ServeError> {
        let token = source.read()?;
        let token = token.expose_secret();
        match token.len() >= LEAST {
            true => Ok(AdminToken(hash(token))),
            false => Err(ServeError::AdminToken { least: LEAST }),
        }
    }

    /// Requires the token in a request. Errors: 401 without it.
    fn require(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        match token.is_some_and(|token| hash(token) == self.0) {
            true => Ok(()),
            false => Err(ApiError::unauthorised("send the operator's token as `Authorization: Bearer ...`")),
        }
    }
}

/// Requires the operator's token in a request. Errors: 404 where the server has none, 401 without it.
pub(crate) fn require(token: Option<&AdminToken>, headers: &HeaderMap) -> Result<(), ApiError> {
    let none = || {
        ApiError::not_found(
            "no_admin",
            "this server has no operator's token; set [admin] token to use this path",
        )
    };
    token.ok_or_else(none)?.require(headers)
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use {super::*, std::fs};

    #[test]
    fn only_the_whole_token_is_let_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "short").unwrap();
        let source = SecretSource::File(path.clone());
        assert!(matches!(AdminToken::read(&source), Err(ServeError::AdminToken { least: 32 })));
        let good = "0123456789abcdef0123456789abcdef";
        fs::write(&path, format!("{good}\n")).unwrap();
        let token = AdminToken::read(&source).unwrap();
        let with = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert!(require(Some(&token), &with(&format!("Bearer {good}"))).is_ok());
        for wrong in [&good[..31], "", &format!("{good}0"), &good.to_uppercase()] {
            let error = require(Some(&token), &with(&format!("Bearer {wrong}"))).unwrap_err();
            assert_eq!(error.status, 401, "{wrong}");
        }
        assert_eq!(require(Some(&token), &HeaderMap::new()).unwrap_err().status, 401);
        assert_eq!(require(None, &with(&format!("Bearer {good}"))).unwrap_err().status, 404);
    }
}
