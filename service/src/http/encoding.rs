//! Bodies that are compressed, by their `Content-Encoding`.

use {
    axum::http::{HeaderMap, header::CONTENT_ENCODING},
    bytes::Bytes,
    flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder},
    std::io::{self, Read},
};

/// Most bytes that a zstd frame may refer back to, as a power of two: 8 MiB, the most that RFC 9659 allows over HTTP. The
/// decoder reserves as much as a frame asks for.
const ZSTD_WINDOW_LOG: u32 = 23;
/// The mark that some editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The codings that are read, for `Accept-Encoding`.
pub(super) const CODINGS: &str = "gzip, deflate, zstd";

/// The way in which a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Plain,
    Gzip,
    Deflate,
    Zstd,
}

/// A body that cannot be decompressed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// It becomes larger than it may be.
    TooLarge,
    /// It is not what its header says.
    Broken,
}

impl Coding {
    /// Reads the header. `None` where it names another coding, or several.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Coding> {
        let mut values = headers.get_all(CONTENT_ENCODING).iter();
        let Some(value) = values.next() else { return Some(Coding::Plain) };
        if values.next().is_some() {
            return None;
        }
        match value.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Coding::Plain),
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "deflate" => Some(Coding::Deflate),
            "zstd" => Some(Coding::Zstd),
            _ => None,
        }
    }

    /// Decompresses a whole body to at most `most` bytes. No more than that is ever unpacked.
    pub(super) fn decode(self, body: Bytes, most: usize) -> Result<Bytes, DecodeError> {
        let input = &body[..];
        let decoded = match self {
            Coding::Plain => return Ok(body),
            Coding::Gzip => read_all(MultiGzDecoder::new(input), most)?,
            // The name stands for zlib's format, and many clients send bare deflate.
            Coding::Deflate if is_zlib(input) => read_all(ZlibDecoder::new(input), most)?,
            Coding::Deflate => read_all(DeflateDecoder::new(input), most)?,
            Coding::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(input).map_err(|_| DecodeError::Broken)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|_| DecodeError::Broken)?;
                read_all(decoder, most)?
            }
        };
        Ok(decoded)
    }
}

fn read_all(decoder: impl Read, most: usize) -> Result<Bytes, DecodeError> {
    let mut decoded = Vec::new();
    let limit = (most as u64).saturating_add(1);
    let read: io::Result<usize> = decoder.take(limit).read_to_end(&mut decoded);
    match read {
        Ok(bytes) if bytes > most => Err(DecodeError::TooLarge),
        Ok(_) => Ok(decoded.into()),
        Err(_) => Err(DecodeError::Broken),
    }
}

/// True where bytes begin as zlib's format does: method 8, and a check sum of the first two bytes.
fn is_zlib(input: &[u8]) -> bool {
    match input {
        &[method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([method, flags]) % 31 == 0,
        _ => false,
    }
}

/// Removes a byte order mark: JSON has none.
pub(super) fn without_mark(body: Bytes) -> Bytes {
    match body.starts_with(BYTE_ORDER_MARK) {
        true => body.slice(BYTE_ORDER_MARK.len()..),
        false => body,
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        flate2::{
            Compression,
            write::{DeflateEncoder, GzEncoder, ZlibEncoder},
        },
        std::io::Write,
    };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(coding: Coding, bytes: Vec<u8>, most: usize) -> Result<Vec<u8>, DecodeError> {
        coding.decode(bytes.into(), most).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn every_coding_gives_back_what_was_packed() {
        let text = "{\"naïve\": [1, 2, 3]}".repeat(1_000).into_bytes();
        let most = text.len();
        let zstd = zstd::encode_all(&text[..], 3).unwrap();
        for (coding, packed) in [
            (Coding::Plain, text.clone()),
            (Coding::Gzip, gzip(&text)),
            (Coding::Gzip, [gzip(&text[..7_000]), gzip(&text[7_000..])].concat()),
            (Coding::Deflate, zlib(&text)),
            (Coding::Deflate, deflate(&text)),
            (Coding::Zstd, zstd),
        ] {
            assert!(coding == Coding::Plain || packed.len() < most / 4);
            assert_eq!(decode(coding, packed.clone(), most), Ok(text.clone()), "{coding:?}");
            if coding != Coding::Plain {
                assert_eq!(
                    decode(coding, packed.clone(), most - 1),
                    Err(DecodeError::TooLarge),
                    "{coding:?}"
                );
                let half = packed[..packed.len() / 2].to_vec();
                assert_eq!(decode(coding, half, most), Err(DecodeError::Broken), "{coding:?}");
                let wrong = decode(coding, b"{\"plain\": true}".to_vec(), most);
                assert_eq!(wrong, Err(DecodeError::Broken), "{coding:?}");
            }
        }
    }

    #[test]
    fn a_bomb_is_unpacked_to_its_bound_and_no_further() {
        let zeros = vec![0; 64 << 20];
        for (coding, packed) in [
            (Coding::Gzip, gzip(&zeros)),
            (Coding::Deflate, zlib(&zeros)),
            (Coding::Zstd, zstd::encode_all(&zeros[..], 1).unwrap()),
        ] {
            assert!(packed.len() < 1 << 20);
            assert_eq!(decode(coding, packed, 4 << 20), Err(DecodeError::TooLarge), "{coding:?}");
        }
        // A frame of a few bytes that asks for a window of 2 GiB.
        let window = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
        assert_eq!(decode(Coding::Zstd, window, 4 << 20), Err(DecodeError::Broken));
    }

    #[test]
    fn one_known_coding_is_taken_and_a_mark_removed() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, value.parse().unwrap());
            }
            Coding::from_headers(&headers)
        };
        assert_eq!((of(&[]), of(&["identity"])), (Some(Coding::Plain), Some(Coding::Plain)));
        assert_eq!((of(&["GZIP"]), of(&["x-gzip"])), (Some(Coding::Gzip), Some(Coding::Gzip)));
        assert_eq!((of(&["deflate"]), of(&[" zstd"])), (Some(Coding::Deflate), Some(Coding::Zstd)));
        for unknown in [&["br"][..], &["gzip, zstd"], &["gzip", "gzip"]] {
            assert_eq!(of(unknown), None, "{unknown:?}");
        }
        assert_eq!(without_mark(Bytes::from_static(b"\xef\xbb\xbf{}")), "{}");
        assert_eq!(without_mark(Bytes::from_static(b"\xef\xbb")), &b"\xef\xbb"[..]);
    }
}
