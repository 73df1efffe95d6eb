//! Seeds of every address the program derives; the SDK builds its addresses from the same ones.

/// `["market", id]`
pub const MARKET: &[u8] = b"market";
/// `["provider", market, authority]`
pub const PROVIDER: &[u8] = b"provider";
/// `["credit", market, lender, borrower, nonce]`
pub const CREDIT: &[u8] = b"credit";
/// `["vault", credit]`
pub const VAULT: &[u8] = b"vault";
/// `["lot", credit, index]`
pub const LOT: &[u8] = b"lot";
