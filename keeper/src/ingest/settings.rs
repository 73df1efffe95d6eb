//! The endpoints that reports are read from, and the time for which digests are kept.

use {
    blockable_sdk::{Pubkey, amounts::ChainTime},
    blockable_service::settings::Reader,
    reqwest::Url,
    std::{fmt, time::Duration},
};

/// Section `[ingest]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IngestSettings {
    /// Days for which the digests of reports are kept, to find two reports for one instant.
    pub keep_digests_days: u64,
}

impl IngestSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader) -> IngestSettings {
        IngestSettings { keep_digests_days: reader.number("keep_digests_days", 14, 1..=365) }
    }

    /// The time before which digests are to be pruned, where the time is `now`.
    pub(crate) fn keep_from(&self, now: ChainTime) -> ChainTime {
        let days = i64::try_from(self.keep_digests_days).unwrap_or(i64::MAX);
        now.plus_seconds(-days.saturating_mul(86_400))
    }
}

/// The way to read an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Page by page, again and again.
    Pull,
    /// As reports are signed; page by page while that fails.
    Stream,
}

/// One entry of `[[reporter]]`: an endpoint that hands out a provider's reports.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceSettings {
    /// The base of `/v1/reports`. It carries no user, password or query; logs show its host alone.
    pub url: Url,
    /// The provider whose reports it serves; others are refused.
    pub provider: Pubkey,
    /// Time between two reads.
    pub every: Duration,
    /// The way to read it.
    pub mode: Mode,
    /// Seconds without a report after which a reporter of the provider is silent.
    pub silent_after: i64,
    /// Bounds on the endpoint.
    pub limits: EndpointLimits,
}

/// Bounds on one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointLimits {
    /// Time for one request with its answer, or for opening a stream.
    pub deadline: Duration,
    /// Bytes of one answer.
    pub body: usize,
    /// Reports asked for at once.
    pub page: u32,
    /// Pages read in one go.
    pub pages: u32,
    /// Time for which a stream may send nothing.
    pub idle: Duration,
    /// Bytes of one event of a stream.
    pub event: usize,
    /// Longest pause after failures.
    pub pause_max: Duration,
    /// Time for which reports of an epoch that the chain does not show yet are read again.
    pub wait_for_epoch: Duration,
}

impl Default for EndpointLimits {
    fn default() -> EndpointLimits {
        EndpointLimits {
            deadline: Duration::from_secs(10),
            body: 8 << 20,
            page: 500,
            pages: 20,
            // Three of the comments that a provider's server sends when it has nothing to say.
            idle: Duration::from_secs(45),
            event: 256 << 10,
            pause_max: Duration::from_secs(60),
            wait_for_epoch: Duration::from_secs(60),
        }
    }
}

impl SourceSettings {
    /// The defaults for an endpoint.
    pub fn new(url: Url, provider: Pubkey) -> SourceSettings {
        SourceSettings {
            url,
            provider,
            every: Duration::from_secs(5),
            mode: Mode::Pull,
            silent_after: super::silence::SILENT_AFTER,
            limits: EndpointLimits::default(),
        }
    }

    /// Reads an entry; `None` where a required key is missing. Mistakes are with the reader.
    pub fn read(reader: &mut Reader) -> Option<SourceSettings> {
        let url = read_url(reader);
        let provider = reader.address("provider");
        let every = reader.seconds("every_seconds", 5, 1..=3_600);
        let mode = read_mode(reader);
        let silent_after = reader.number("silent_after_seconds", 120, 10..=86_400);
        Some(SourceSettings { every, mode, silent_after, ..SourceSettings::new(url?, provider?) })
    }

    /// The host and port, for logs and metrics.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Debug for SourceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceSettings")
            .field("host", &self.host())
            .field("provider", &self.provider)
            .field("every", &self.every)
            .field("mode", &self.mode)
            .field("silent_after", &self.silent_after)
            .finish_non_exhaustive()
    }
}

fn read_url(reader: &mut Reader) -> Option<Url> {
    let url = reader.url("url", ["http", "https"])?;
    if url.query().is_some() || url.fragment().is_some() {
        reader.mistake("url", "must not hold a query or a fragment; end it before the ? or #");
        return None;
    }
    Some(url)
}

fn read_mode(reader: &mut Reader) -> Mode {
    match reader.optional::<String>("mode").as_deref() {
        None | Some("pull") => Mode::Pull,
        Some("stream") => Mode::Stream,
        Some(_) => {
            reader.mistake("mode", "is no mode; write \"pull\" or \"stream\"");
            Mode::Pull
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Option<SourceSettings>>, Vec<String>) {
        let mut reader = Reader::new(text).unwrap();
        let sources = reader.each("reporter", SourceSettings::read);
        (sources, reader.finish())
    }

    #[test]
    fn an_entry_is_read_with_its_defaults_and_shows_its_host_alone() {
        let key = Pubkey::new_from_array([7; 32]);
        let text =
            format!("[[reporter]]\nurl = \"https://gpu.example:8443/secret-path\"\nprovider = \"{key}\"");
        let (sources, mistakes) = read(&text);
        assert_eq!(mistakes, Vec::<String>::new());
        let source = sources[0].clone().unwrap();
        assert_eq!(
            (source.every, source.mode, source.silent_after),
            (Duration::from_secs(5), Mode::Pull, 120)
        );
        assert_eq!(source.host(), "gpu.example:8443");
        assert!(!format!("{source:?}").contains("secret-path"), "{source:?}");
        let (sources, _) = read(&format!("{text}\nmode = \"stream\"\nevery_seconds = 9"));
        let source = sources[0].clone().unwrap();
        assert_eq!((source.every, source.mode), (Duration::from_secs(9), Mode::Stream));
    }

    #[test]
    fn every_mistake_of_an_entry_is_named() {
        for (line, expected) in [
            ("url = \"ftp://host\"", "reporter[0].url: is no such URL"),
            ("url = \"http://me:pw@host\"", "reporter[0].url: must not hold a user or a password"),
            ("url = \"http://host/?key=1\"", "reporter[0].url: must not hold a query"),
            ("mode = \"push\"", "reporter[0].mode: is no mode"),
            ("every_seconds = 0", "reporter[0].every_seconds: 0 is not from 1"),
            ("provider = \"abc\"", "reporter[0].provider: is no address"),
            ("urls = 1", "reporter[0].urls: no such key"),
        ] {
            let (_, mistakes) = read(&format!("[[reporter]]\n{line}"));
            assert!(mistakes.iter().any(|mistake| mistake.starts_with(expected)), "{line}: {mistakes:?}");
            assert!(!mistakes.iter().any(|mistake| mistake.contains("me:pw")), "{mistakes:?}");
        }
    }

    #[test]
    fn digests_are_kept_for_the_days_that_are_set() {
        let mut reader = Reader::new("keep_digests_days = 2").unwrap();
        let settings = IngestSettings::read(&mut reader);
        assert_eq!(settings.keep_from(ChainTime(1_000_000)), ChainTime(1_000_000 - 2 * 86_400));
        assert_eq!(settings.keep_from(ChainTime(i64::MIN)), ChainTime(i64::MIN));
    }
}
