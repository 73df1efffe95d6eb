//! Output of the demo: lines for people, or one JSON object per step.

use {
    blockable_sdk::{
        amounts::{Bps, MicroUsd, Units},
        client::Landed,
    },
    blockable_service::text,
    indicatif::{ProgressBar, ProgressStyle},
    serde_json::{Value, json},
    std::{cell::Cell, io::Write},
};

/// One fact of a step: a JSON value, and its text for people.
pub(crate) struct Fact {
    key: &'static str,
    value: Value,
    text: String,
}

/// Makes a fact of a text.
pub(crate) fn words(key: &'static str, text: impl Into<String>) -> Fact {
    let text = text.into();
    Fact { key, value: json!(text), text }
}

/// Makes a fact of money that was paid or received. JSON has micro-USDC.
pub(crate) fn money(key: &'static str, amount: MicroUsd) -> Fact {
    Fact { key, value: json!(amount), text: text::usd_received(amount) }
}

/// Makes a fact of money that is owed. JSON has micro-USDC.
pub(crate) fn owed(key: &'static str, amount: MicroUsd) -> Fact {
    Fact { key, value: json!(amount), text: text::usd_owed(amount) }
}

/// Makes a fact of compute.
pub(crate) fn units(key: &'static str, amount: Units) -> Fact {
    Fact { key, value: json!(amount), text: text::units(amount) }
}

/// Makes a fact of a plain number.
pub(crate) fn number(key: &'static str, value: u64) -> Fact {
    Fact { key, value: json!(value), text: text::thousands(value) }
}

/// Makes a fact of a share. JSON has basis points.
pub(crate) fn share(key: &'static str, share: Bps) -> Fact {
    Fact { key, value: json!(share), text: text::percent(share) }
}

/// Prints a demo's steps, numbered from 1.
pub(crate) struct Narrator {
    json: bool,
    step: Cell<u32>,
}

impl Narrator {
    /// Prints JSON, or text for people.
    pub(crate) fn new(json: bool) -> Narrator {
        Narrator { json, step: Cell::new(0) }
    }

    /// Prints a headline between steps, for people only.
    pub(crate) fn chapter(&self, title: &str) {
        if !self.json {
            self.print(&format!("\n{title}\n{}", "-".repeat(title.chars().count())));
        }
    }

    /// Prints one step: its name for machines, a sentence for people, its transaction if it has one, and its facts.
    pub(crate) fn step(&self, name: &str, sentence: &str, landed: Option<&Landed>, facts: Vec<Fact>) {
        self.step.set(self.step.get() + 1);
        if self.json {
            self.print(&object(&step_fields(name, landed, &facts)));
            return;
        }
        self.print(&format!("{:>2}. {sentence}", self.step.get()));
        let width = facts.iter().map(|fact| fact.key.len()).max().unwrap_or(0);
        for fact in &facts {
            let label = fact.key.replace('_', " ");
            self.print(&format!("      {label:<width$}  {}", fact.text));
        }
        if let Some(landed) = landed {
            let cost = landed
                .compute_units
                .map_or(String::new(), |units| format!("{} CU, ", text::thousands(units)));
            self.print(&format!("      {cost}{}", landed.signature));
        }
    }

    /// Prints a check of the books and its result.
    pub(crate) fn check(&self, name: &str, holds: bool) {
        if self.json {
            self.print(&object(&[("step", json!("check")), ("name", json!(name)), ("holds", json!(holds))]));
        } else {
            self.print(&format!("{}  {name}", if holds { "holds" } else { "FAILS" }));
        }
    }

    /// Prints the closing table, or the summary object.
    pub(crate) fn summary(&self, ok: bool, facts: Vec<Fact>) {
        if self.json {
            let mut fields = vec![("step", json!("summary")), ("ok", json!(ok))];
            fields.extend(facts.into_iter().map(|fact| (fact.key, fact.value)));
            return self.print(&object(&fields));
        }
        self.chapter("In short");
        let width = facts.iter().map(|fact| fact.key.len()).max().unwrap_or(0);
        for fact in &facts {
            let label = fact.key.replace('_', " ");
            self.print(&format!("{label:<width$}  {:>24}", fact.text));
        }
    }

    /// Makes a progress bar on standard error; it is hidden for machines and where there is no terminal.
    pub(crate) fn progress(&self, length: u64, message: &'static str) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(length).with_message(message);
        if let Ok(style) = ProgressStyle::with_template("    {msg} [{bar:40}] {pos}/{len} {elapsed}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar
    }

    /// Prints a line. Unlike `println!`, a reader that closes the pipe early ends the output and not the run.
    fn print(&self, line: &str) {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

fn step_fields(name: &str, landed: Option<&Landed>, facts: &[Fact]) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("step", json!(name))];
    if let Some(landed) = landed {
        fields.push(("signature", json!(landed.signature.to_string())));
        fields.push(("slot", json!(landed.slot)));
        fields.push(("compute_units", json!(landed.compute_units)));
    }
    fields.extend(facts.iter().map(|fact| (fact.key, fact.value.clone())));
    fields
}

/// Writes a JSON object whose fields keep their order, so that the step's name comes first.
fn object(fields: &[(&str, Value)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(money("x", MicroUsd(100_000_000_000)).text, "$100,000.00");
        assert_eq!(money("x", MicroUsd(1_239_999)).text, "$1.23");
        assert_eq!(owed("x", MicroUsd(1_239_999)).text, "$1.24");
        assert_eq!(number("x", 7).text, "7");
        assert_eq!(number("x", 1_234_567).text, "1,234,567");
        assert_eq!(units("x", Units(1_234_567)).text, "1,234,567 units");
        assert_eq!(share("x", Bps(7_805)).text, "78.05 %");
    }

    #[test]
    fn objects_keep_their_order_and_are_json() {
        let text = object(&step_fields("offer", None, &[words("b", "say \"hi\""), money("a", MicroUsd(5))]));
        assert_eq!(text, r#"{"step":"offer","b":"say \"hi\"","a":5}"#);
        assert!(serde_json::from_str::<Value>(&text).is_ok());
    }
}
