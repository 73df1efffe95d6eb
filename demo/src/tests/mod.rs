//! Both stories on the embedded cluster: what is printed is what the chain holds.

mod ledger;
mod printed;
mod readme;

use {
    crate::{DemoArgs, Played, narrator::Narrator, play_both},
    blockable_economics::study::StudyPlan,
    blockable_sdk::amounts::{MicroUsd, Units},
    clap::Parser,
    serde_json::Value,
    std::{
        io::Write,
        sync::{Arc, Mutex},
    },
};

/// Keeps what a demo prints.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A demo that has been played, and what it has printed.
struct Run {
    played: Played,
    text: String,
}

/// The objects of a demo with `--json`.
struct Printed(Vec<Value>);

impl Run {
    /// Plays a demo with these arguments on the embedded cluster.
    async fn new(arguments: &[&str], plan: StudyPlan) -> Run {
        let arguments = [&["blockable-demo"], arguments].concat();
        let args = DemoArgs::try_parse_from(arguments).unwrap();
        let sink = Sink::default();
        let narrator = Narrator::new(args.json, Box::new(sink.clone()));
        let played = play_both(&args, &narrator, plan).await.unwrap();
        played.print(&narrator);
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        Run { played, text }
    }

    fn printed(&self) -> Printed {
        Printed(self.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

impl Printed {
    /// The steps of a story in their order.
    fn story<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |step| step["story"] == name)
    }

    /// The steps of a name in a story.
    fn steps<'a>(&'a self, story: &'a str, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.story(story).filter(move |step| step["step"] == name)
    }

    /// The only step of a name in a story.
    fn step<'a>(&'a self, story: &'a str, name: &'a str) -> &'a Value {
        let found: Vec<&Value> = self.steps(story, name).collect();
        assert_eq!(found.len(), 1, "{story}: {name}");
        found[0]
    }

    /// The sum of a field over the steps of a name in a story.
    fn sum(&self, story: &str, name: &str, field: &str) -> MicroUsd {
        self.steps(story, name).map(|step| MicroUsd(amount(step, field))).sum()
    }
}

fn amount(step: &Value, field: &str) -> u64 {
    step[field].as_u64().unwrap_or_else(|| panic!("{field} in {step}"))
}

fn units(step: &Value, field: &str) -> Units {
    Units(amount(step, field))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_stories_are_what_the_ledger_holds_to_the_micro_usdc() {
    let run = Run::new(&["--json"], StudyPlan { paths: 400, seed: 7, threads: 1 }).await;
    let printed = run.printed();
    assert!(run.played.ok);
    printed::the_stories_have_their_steps(&printed);
    printed::each_amount_is_that_of_its_transaction(&run.played, &printed).await;
    printed::the_summary_is_the_last_line(&run.played, &printed);
    for story in [0, 1] {
        ledger::every_micro_usdc_is_accounted_for(&run.played, story, &printed).await;
        ledger::a_micro_usdc_that_is_missing_is_noticed(&run.played, story).await;
    }
    ledger::the_lock_opens_as_payments_unlock_units(&run.played, &printed);
    ledger::covered_units_are_cancelled_at_the_price_paid(&run.played, &printed);
    ledger::the_freeze_holds_and_use_beyond_it_is_the_providers_loss(&run.played, &printed);
    ledger::prepaid_terms_recover_half_of_what_the_standard_ones_do(&run.played);
    run.played.cast.cluster.stop().await.unwrap();
}
