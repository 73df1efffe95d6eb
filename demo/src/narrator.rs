//! Output of the demo: lines for people, or one JSON object per step.

use {
    blockable_sdk::{
        amounts::{Bps, MicroUsd, Units},
        client::Landed,
        program::state::Credit,
    },
    blockable_service::text,
    indicatif::{ProgressBar, ProgressStyle},
    serde_json::{Value, json},
    std::{
        cell::{Cell, RefCell},
        io::Write,
    },
};

/// Columns of the text for people.
const COLUMNS: usize = 100;
/// Columns before a step's sentence: those of `day 123`.
const INDENT: usize = 9;

/// One fact of a step, for machines.
pub(crate) struct Fact {
    key: &'static str,
    value: Value,
}

/// Makes a fact of a text.
pub(crate) fn words(key: &'static str, text: impl Into<String>) -> Fact {
    Fact { key, value: json!(text.into()) }
}

/// Makes a fact of money, in micro-USDC.
pub(crate) fn money(key: &'static str, amount: MicroUsd) -> Fact {
    Fact { key, value: json!(amount) }
}

/// Makes a fact of compute, in units.
pub(crate) fn units(key: &'static str, amount: Units) -> Fact {
    Fact { key, value: json!(amount) }
}

/// Makes a fact of a plain number.
pub(crate) fn number(key: &'static str, value: u64) -> Fact {
    Fact { key, value: json!(value) }
}

/// Makes a fact of a share, in basis points.
pub(crate) fn share(key: &'static str, share: Bps) -> Fact {
    Fact { key, value: json!(share) }
}

/// Makes a fact of a JSON value.
pub(crate) fn fact(key: &'static str, value: Value) -> Fact {
    Fact { key, value }
}

/// Something that happens in a demo.
pub(crate) struct Step<'a> {
    name: &'static str,
    sentence: String,
    day: Option<u32>,
    landed: Option<&'a Landed>,
    facts: Vec<Fact>,
    credit: Option<&'a Credit>,
}

impl<'a> Step<'a> {
    /// A step by its name, for machines, and its sentence, for people.
    pub(crate) fn new(name: &'static str, sentence: impl Into<String>) -> Step<'a> {
        Step { name, sentence: sentence.into(), day: None, landed: None, facts: Vec::new(), credit: None }
    }

    /// The same step with another sentence.
    pub(crate) fn says(self, sentence: impl Into<String>) -> Step<'a> {
        Step { sentence: sentence.into(), ..self }
    }

    /// The same step on a day after issue.
    pub(crate) fn on(self, day: u32) -> Step<'a> {
        Step { day: Some(day), ..self }
    }

    /// The same step with its transaction.
    pub(crate) fn landed(self, landed: &'a Landed) -> Step<'a> {
        Step { landed: Some(landed), ..self }
    }

    /// The same step with one more fact.
    pub(crate) fn fact(mut self, fact: Fact) -> Step<'a> {
        self.facts.push(fact);
        self
    }

    /// The same step with the amounts of the credit after it.
    pub(crate) fn after(self, credit: &'a Credit) -> Step<'a> {
        Step { credit: Some(credit), ..self }
    }

    fn fields(&self, story: Option<&str>) -> Vec<(&str, Value)> {
        let mut fields = vec![("step", json!(self.name))];
        fields.extend(story.map(|story| ("story", json!(story))));
        fields.extend(self.day.map(|day| ("day", json!(day))));
        if let Some(landed) = self.landed {
            fields.push(("signature", json!(landed.signature.to_string())));
            fields.push(("slot", json!(landed.slot)));
            fields.push(("compute_units", json!(landed.compute_units)));
        }
        fields.extend(self.facts.iter().map(|fact| (fact.key, fact.value.clone())));
        if let Some(credit) = self.credit {
            let collateral = &credit.collateral;
            fields.push(("open", json!(collateral.available())));
            fields.push(("locked", json!(collateral.locked())));
            fields.push(("frozen", json!(collateral.frozen())));
            fields.push(("owed", json!(credit.debt.total())));
            fields.push(("held_back", json!(credit.holdback_left)));
        }
        fields
    }
}

/// Prints a demo's steps.
pub(crate) struct Narrator {
    json: bool,
    story: Cell<Option<&'static str>>,
    /// The amounts that were printed last: people see them again once they change.
    amounts: RefCell<String>,
    out: RefCell<Box<dyn Write>>,
}

impl Narrator {
    /// Prints JSON, or text for people, to a sink.
    pub(crate) fn new(json: bool, out: Box<dyn Write>) -> Narrator {
        Narrator { json, story: Cell::new(None), amounts: RefCell::default(), out: RefCell::new(out) }
    }

    /// Begins a story: its steps carry its name.
    pub(crate) fn begin_story(&self, name: &'static str, title: &str) {
        self.story.set(Some(name));
        self.chapter(title);
    }

    /// Ends a story.
    pub(crate) fn end_story(&self) {
        self.story.set(None);
        self.amounts.borrow_mut().clear();
    }

    /// Prints a headline between steps, for people only.
    pub(crate) fn chapter(&self, title: &str) {
        self.line(&format!("\n{title}\n{}", "-".repeat(title.chars().count())));
    }

    /// Prints lines for people only.
    pub(crate) fn line(&self, line: &str) {
        if !self.json {
            self.print(line);
        }
    }

    /// Prints one step: an object for machines; its day, its sentence and the amounts after it for people.
    pub(crate) fn step(&self, step: Step) {
        if self.json {
            return self.print(&object(&step.fields(self.story.get())));
        }
        let label = step.day.map_or(String::new(), |day| format!("day {day:>3}"));
        for (number, line) in wrapped(&step.sentence, COLUMNS - INDENT).iter().enumerate() {
            let label = if number == 0 { label.as_str() } else { "" };
            self.print(&format!("{label:<INDENT$}{line}"));
        }
        if let Some(amounts) = step.credit.map(amounts)
            && self.amounts.replace(amounts.clone()) != amounts
        {
            self.print(&format!("{:INDENT$}{amounts}", ""));
        }
    }

    /// Prints a paragraph, for people only.
    pub(crate) fn paragraph(&self, text: &str) {
        for line in wrapped(text, COLUMNS) {
            self.line(&line);
        }
    }

    /// Prints a check of the books and its result; people see those that fail.
    pub(crate) fn check(&self, name: &str, holds: bool) {
        if self.json {
            let mut fields = vec![("step", json!("check"))];
            fields.extend(self.story.get().map(|story| ("story", json!(story))));
            fields.extend([("name", json!(name)), ("holds", json!(holds))]);
            self.print(&object(&fields));
        } else if !holds {
            self.print(&format!("FAILS: {name}"));
        }
    }

    /// Prints the summary, for machines only: the last line of their output.
    pub(crate) fn summary(&self, ok: bool, facts: Vec<Fact>) {
        if self.json {
            let mut fields = vec![("step", json!("summary")), ("ok", json!(ok))];
            fields.extend(facts.into_iter().map(|fact| (fact.key, fact.value)));
            self.print(&object(&fields));
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
        let mut out = self.out.borrow_mut();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

/// The amounts of a credit in columns: what may be used, what may not, what is owed, what the provider waits for.
fn amounts(credit: &Credit) -> String {
    let collateral = &credit.collateral;
    let units = |amount: u64| format!("{:>11}", text::thousands(amount));
    format!(
        "open {}  locked {}  frozen {}  owed {:>11}  held back {:>10}",
        units(collateral.available()),
        units(collateral.locked()),
        units(collateral.frozen()),
        text::usd_owed(MicroUsd(credit.debt.total())),
        text::usd_received(MicroUsd(credit.holdback_left)),
    )
}

/// Breaks a sentence into lines of so many columns; a longer word has a line of its own.
fn wrapped(sentence: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
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
    fn objects_keep_their_order_and_are_json() {
        let step = Step::new("offer", "A loan is offered.")
            .on(3)
            .fact(words("b", "say \"hi\""))
            .fact(money("a", MicroUsd(5)));
        let text = object(&step.fields(Some("standard")));
        assert_eq!(text, r#"{"step":"offer","story":"standard","day":3,"b":"say \"hi\"","a":5}"#);
        assert!(serde_json::from_str::<Value>(&text).is_ok());
    }

    #[test]
    fn sentences_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable a", 4), ["unbreakable", "a"]);
        assert!(wrapped("", 9).is_empty());
    }
}
