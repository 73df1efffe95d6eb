//! Bytes as hexadecimal digits, in lower case.

/// Writes bytes as hexadecimal digits.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |value: u8| DIGITS.get(usize::from(value & 0xf)).copied().unwrap_or('0');
    bytes.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Reads hexadecimal digits; `None` where they are not the digits of `N` bytes. Upper case is refused: it would be a
/// second text for the same bytes.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let digits = text.as_bytes();
    if digits.len() != N.checked_mul(2)? {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_they_were_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode(&bytes);
        assert!(text.starts_with("000102") && text.ends_with("fdfeff"), "{text}");
        assert_eq!(decode::<256>(&text).as_ref().map(<[u8; 256]>::as_slice), Some(&bytes[..]));
    }

    #[test]
    fn other_lengths_and_other_digits_are_refused() {
        for text in ["", "0", "0g", "0A", "000", "0000", " 0", "é"] {
            assert_eq!(decode::<1>(text), None, "{text}");
        }
        assert_eq!(decode::<1>("7f"), Some([0x7f]));
    }
}
