//! Arguments that all commands on the chain take.

use {clap::Args, std::path::PathBuf};

/// The nodes, the key, and the form of the answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChainArgs {
    /// The server's file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Node to read and send by, in the place of chain.rpc_url; several send and confirm together
    #[arg(short, long, value_name = "URL", value_parser = parse_url)]
    pub url: Vec<String>,
    /// Key file of the provider's authority (Solana CLI JSON, readable by its owner alone) [default: operator.keypair]
    #[arg(short, long, value_name = "FILE", conflicts_with = "dry_run")]
    pub keypair: Option<PathBuf>,
    /// Simulates and shows everything; loads no key and cannot send
    #[arg(long)]
    pub dry_run: bool,
    /// Most priority fee, in micro-lamports per compute unit; recent blocks decide below it
    #[arg(long, value_name = "NUMBER")]
    pub priority_fee: Option<u64>,
    /// Prints exactly one JSON document
    #[arg(long)]
    pub json: bool,
    /// Confirms what the review shows
    #[arg(short, long)]
    pub yes: bool,
}

fn parse_url(text: &str) -> Result<String, String> {
    blockable_service::settings::parse_url(text, ["http", "https"]).map(|_| text.to_string())
}

/// Reads a number of units; `_` may stand between digits. Errors: what to write.
pub(crate) fn parse_units(text: &str) -> Result<u64, String> {
    let is_number =
        text.split('_').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let number = text.replace('_', "").parse().ok().filter(|_| is_number);
    number.ok_or_else(|| {
        format!("is no number of units; write digits, such as 10000000 or 10_000_000, up to {}", u64::MAX)
    })
}

/// Reads a span of time: seconds, or a number with `s`, `m`, `h`, `d` or `w`. Errors: what to write.
pub(crate) fn parse_span(text: &str) -> Result<u32, String> {
    let (digits, unit) = match text.char_indices().find(|(_, character)| !character.is_ascii_digit()) {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let seconds: Option<u64> = match unit.trim() {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        "w" => Some(604_800),
        _ => None,
    };
    let span = digits.parse::<u64>().ok().zip(seconds).and_then(|(count, unit)| count.checked_mul(unit));
    let span = span.and_then(|span| u32::try_from(span).ok()).filter(|span| *span > 0);
    span.ok_or_else(|| "is no span of time; write a number with s, m, h, d or w, such as 30d".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_exactly_or_refused() {
        for (text, units) in
            [("0", 0), ("12", 12), ("10_000_000", 10_000_000), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(parse_units(text), Ok(units), "{text}");
        }
        for text in [
            "",
            "_",
            "1_",
            "_1",
            "1__0",
            "-5",
            "1e9",
            "1,000",
            "1.5",
            "+1",
            "10 M",
            "18446744073709551616",
            "١",
        ] {
            assert!(parse_units(text).unwrap_err().contains("10_000_000"), "{text}");
        }
    }

    #[test]
    fn spans_are_read_exactly_or_refused() {
        for (text, seconds) in
            [("90", 90), ("90s", 90), ("2m", 120), ("3h", 10_800), ("30d", 2_592_000), ("1w", 604_800)]
        {
            assert_eq!(parse_span(text), Ok(seconds), "{text}");
        }
        for text in ["", "0", "d", "-5d", "1.5d", "5y", "5 dd", "4294967296", "99999999999d", "١d"] {
            assert!(parse_span(text).unwrap_err().contains("30d"), "{text}");
        }
    }
}
