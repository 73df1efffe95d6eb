//! The project's contact for reports of vulnerabilities, in the form that explorers and `query-security-txt` read out of a
//! deployed program. `docs/deploy.md` lists the changes that a deployer makes here.

solana_security_txt::security_txt! {
    name: "Blockable",
    project_url: "private",
    contacts: "other:private vulnerability report,other:the security advisories of the repository of the source code",
    policy: "Report privately, as SECURITY.md of the source code says. Do not open a public issue, and do not try it on a market that holds real money.",
    preferred_languages: "en",
    source_release: env!("CARGO_PKG_VERSION")
}
