//! QR codes of links, as images that any page can show.

use {
    super::error::LinkError,
    axum::{
        http::{HeaderValue, header},
        response::{IntoResponse, Response},
    },
    percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode},
    qrcode::{EcLevel, QrCode, render::svg},
};

/// Pixels of a code at least, with its margin.
const LEAST: u32 = 240;
/// The characters that a URI needs not write in another form.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The text by which a wallet that scans it opens the link: a transaction request of Solana Pay.
pub(super) fn request_text(link: &str) -> String {
    format!("solana:{}", utf8_percent_encode(link, ESCAPED))
}

/// Draws the code of a link. Errors: 400 for a link that has no room in one.
pub(super) fn image(link: &str) -> Result<Response, LinkError> {
    let too_long =
        |_| LinkError::BadRequest("the link is too long for a QR code; open it itself".to_string());
    let code = QrCode::with_error_correction_level(request_text(link), EcLevel::M).map_err(too_long)?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(LEAST, LEAST).build();
    Ok(svg_image(drawn))
}

/// An answer with an image that runs nothing.
pub(super) fn svg_image(text: impl Into<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
        ),
    ];
    (headers, text.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_holds_the_whole_link() {
        let link = "https://keeper.example/links/repay/4uQe?offer=7&amount=1.5";
        let text = request_text(link);
        assert_eq!(
            text,
            "solana:https%3A%2F%2Fkeeper.example%2Flinks%2Frepay%2F4uQe%3Foffer%3D7%26amount%3D1.5"
        );
        assert_eq!(image(link).unwrap().headers()[header::CONTENT_TYPE], "image/svg+xml");
        assert!(image(&"x".repeat(4_000)).is_err());
    }
}
