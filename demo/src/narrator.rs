//! What a demo tells: lines to be read, or one JSON object per step.

use {
    blockable_sdk::client::Landed,
    indicatif::{ProgressBar, ProgressStyle},
    serde_json::{Value, json},
    std::{cell::Cell, io::Write},
};

/// One fact of a step: a JSON value and the words a person reads.
pub struct Fact {
    key: &'static str,
    value: Value,
    text: String,
}

/// A fact in words.
pub fn words(key: &'static str, text: impl Into<String>) -> Fact {
    let text = text.into();
    Fact { key, value: json!(text), text }
}

/// An amount of money in micro-USDC.
pub fn money(key: &'static str, micro: u64) -> Fact {
    Fact { key, value: json!(micro), text: usdc(micro) }
}

/// An amount of compute in credit units.
pub fn units(key: &'static str, units: u64) -> Fact {
    Fact { key, value: json!(units), text: format!("{} units", grouped(units)) }
}

/// A plain number.
pub fn number(key: &'static str, value: u64) -> Fact {
    Fact { key, value: json!(value), text: grouped(value) }
}

/// A share in basis points.
pub fn share(key: &'static str, bps: u64) -> Fact {
    Fact { key, value: json!(bps), text: format!("{}.{:02} %", bps / 100, bps % 100) }
}

/// Micro-USDC as dollars and cents, rounded down.
pub fn usdc(micro: u64) -> String {
    let cents = micro / 10_000;
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

/// A number with its thousands apart.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Tells a demo's steps.
pub struct Narrator {
    json: bool,
    step: Cell<u32>,
}

impl Narrator {
    /// Tells in JSON or in words.
    pub fn new(json: bool) -> Narrator {
        Narrator { json, step: Cell::new(0) }
    }

    /// A headline between steps, for people only.
    pub fn chapter(&self, title: &str) {
        if !self.json {
            self.print(&format!("\n{title}\n{}", "-".repeat(title.chars().count())));
        }
    }

    /// One step: its name for machines, a sentence for people, the transaction where there is one, and its facts.
    pub fn step(&self, name: &str, sentence: &str, landed: Option<&Landed>, facts: Vec<Fact>) {
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
            let cost = landed.compute_units.map_or(String::new(), |units| format!("{} CU, ", grouped(units)));
            self.print(&format!("      {cost}{}", landed.signature));
        }
    }

    /// A check of the books and its verdict.
    pub fn check(&self, name: &str, holds: bool) {
        if self.json {
            self.print(&object(&[("step", json!("check")), ("name", json!(name)), ("holds", json!(holds))]));
        } else {
            self.print(&format!("{}  {name}", if holds { "holds" } else { "FAILS" }));
        }
    }

    /// The closing table, or the summary object.
    pub fn summary(&self, ok: bool, facts: Vec<Fact>) {
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

    /// A progress bar on standard error; hidden for machines and where there is no terminal.
    pub fn progress(&self, length: u64, message: &'static str) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(length).with_message(message);
        if let Ok(style) = ProgressStyle::with_template("    {msg} [{bar:40}] {pos}/{len} {elapsed}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar
    }

    /// Not `println!`: a reader that closes the pipe early ends the output, not the run.
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

/// A JSON object whose fields keep their order, so that the step's name comes first.
fn object(fields: &[(&str, Value)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(usdc(100_000_000_000), "$100,000.00");
        assert_eq!(usdc(1_239_999), "$1.23");
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(share("x", 7_805).text, "78.05 %");
    }

    #[test]
    fn objects_keep_their_order_and_are_json() {
        let text = object(&step_fields("offer", None, &[words("b", "say \"hi\""), money("a", 5)]));
        assert_eq!(text, r#"{"step":"offer","b":"say \"hi\"","a":5}"#);
        assert!(serde_json::from_str::<Value>(&text).is_ok());
    }
}
