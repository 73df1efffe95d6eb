//! The JSON of a signed report, as a provider's server serves it, with everything needed to verify it and to meter with it.

use {
    super::{CreditReading, ReportError, ReportScope, SignedReport, verify},
    blockable_credits::state::Provider,
    serde::{Deserialize, Serialize},
    solana_hash::Hash,
    solana_pubkey::Pubkey,
    solana_signature::Signature,
};

/// Values written as text: keys and signatures in base58, 64-bit amounts in decimal, because JavaScript rounds numbers
/// above 2^53.
mod text {
    use {
        serde::{Deserialize, Deserializer, Serializer, de::Error},
        std::{fmt::Display, str::FromStr},
    };

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The reading of one credit in a [`ReportRecord`], in credit units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordReading {
    /// The credit's bit in the chunk: its index is `chunk x chunk size + bit`.
    pub bit: u32,
    /// The credit's address. Not signed: before metering, compare [`ReportRecord::index`] of `bit` with the index in the
    /// credit's account.
    #[serde(with = "text")]
    pub credit: Pubkey,
    /// Units used since issue.
    #[serde(with = "text")]
    pub cumulative: u64,
    /// Units that running jobs hold.
    #[serde(with = "text")]
    pub in_flight: u64,
}

/// One reporter's signed report on one chunk of credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRecord {
    /// Number that the serving provider gives the report, rising, with gaps. Not signed.
    pub seq: u64,
    /// The provider's cluster tag: a hash that its cluster made and no other has.
    #[serde(with = "text")]
    pub cluster_tag: Hash,
    /// The market's account.
    #[serde(with = "text")]
    pub market: Pubkey,
    /// The provider's account.
    #[serde(with = "text")]
    pub provider: Pubkey,
    /// Epoch of the provider's reporters.
    pub epoch: u32,
    /// The chunk of credits.
    pub chunk: u32,
    /// Credits per chunk in that epoch. Not signed; [`ReportRecord::verify`] compares it with the provider.
    pub chunk_size: u8,
    /// The reporter's public key.
    #[serde(with = "text")]
    pub reporter: Pubkey,
    /// The reporter's index in the provider's list.
    pub reporter_index: u8,
    /// The chain's clock at the readings, in Unix seconds.
    pub reported_at: i64,
    /// Bit n stands for the credit with index `chunk x chunk size + n`.
    pub bitmap: u32,
    /// One reading per set bit, from the lowest.
    pub readings: Vec<RecordReading>,
    /// Ed25519 signature over the report's digest.
    #[serde(with = "text")]
    pub signature: Signature,
}

/// One page of reports, in the order of their `seq`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPage {
    /// The reports.
    pub reports: Vec<ReportRecord>,
    /// The `seq` after which the next page begins.
    pub next: u64,
}

impl ReportRecord {
    /// The cluster, market, provider, epoch and chunk of the report.
    pub fn scope(&self) -> ReportScope {
        ReportScope {
            cluster_tag: self.cluster_tag.to_bytes(),
            market: self.market,
            provider: self.provider,
            epoch: self.epoch,
            chunk: self.chunk,
        }
    }

    /// The report as it travels in a transaction, not verified.
    pub fn report(&self) -> SignedReport {
        let reading = |reading: &RecordReading| CreditReading {
            cumulative: reading.cumulative,
            in_flight: reading.in_flight,
        };
        SignedReport {
            reporter: self.reporter_index,
            signature: self.signature.into(),
            reported_at: self.reported_at,
            bitmap: self.bitmap,
            readings: self.readings.iter().map(reading).collect(),
        }
    }

    /// The digest that its reporter signs.
    pub fn digest(&self) -> [u8; 32] {
        self.report().digest(&self.scope())
    }

    /// The index of the credit that a bit of this report stands for; `None` above 2^32 - 1, where no credit has an index.
    pub fn index(&self, bit: u32) -> Option<u32> {
        self.chunk.checked_mul(u32::from(self.chunk_size))?.checked_add(bit)
    }

    /// Checks the report against the provider's account at `address`: everything that the program checks, except the
    /// reporter's expiry and the report's time. Returns the report for [`crate::instructions::usage_meter`]. Errors: [`ReportError`].
    pub fn verify(&self, address: &Pubkey, provider: &Provider) -> Result<SignedReport, ReportError> {
        if self.provider != *address || self.market != provider.market {
            return Err(ReportError::WrongProvider);
        }
        if self.cluster_tag.to_bytes() != provider.cluster_tag {
            return Err(ReportError::WrongCluster);
        }
        if self.epoch != provider.epoch {
            return Err(ReportError::WrongEpoch { report: self.epoch, provider: provider.epoch });
        }
        if self.chunk_size != provider.settings.chunk_size {
            return Err(ReportError::WrongChunkSize {
                report: self.chunk_size,
                provider: provider.settings.chunk_size,
            });
        }
        let listed = provider.reporters().get(usize::from(self.reporter_index));
        if listed.is_none_or(|listed| listed.key != self.reporter) {
            return Err(ReportError::UnknownReporter(self.reporter_index));
        }
        self.verify_places()?;
        let report = self.report();
        verify(&report, &self.scope(), provider)?;
        Ok(report)
    }

    /// Requires readings in the order of the bitmap's bits, within the chunk, and no credit twice.
    fn verify_places(&self) -> Result<(), ReportError> {
        let set = (0..u32::BITS).filter(|bit| self.bitmap & (1 << bit) != 0);
        if !set.eq(self.readings.iter().map(|reading| reading.bit)) {
            return Err(ReportError::Malformed {
                bits: self.bitmap.count_ones(),
                readings: self.readings.len(),
            });
        }
        for (place, reading) in self.readings.iter().enumerate() {
            if reading.bit >= u32::from(self.chunk_size) || self.index(reading.bit).is_none() {
                return Err(ReportError::BitOutOfRange(reading.bit));
            }
            if self.readings.iter().take(place).any(|earlier| earlier.credit == reading.credit) {
                return Err(ReportError::RepeatedCredit(reading.credit));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
