//! The simulator's stories on the built program: after every step the accounts must show the simulator's amounts, to the
//! micro-USDC and to the unit, and what the simulator's program refuses is refused with the same error.
//!
//! 20 stories run by default. `BLOCKABLE_STORIES` asks for more, `BLOCKABLE_STORY_SEED` for others.

mod stage;

use {
    blockable_economics::story::{Step, Story},
    blockable_sdk::program::transitions::Status,
    stage::Stage,
    std::{
        collections::BTreeMap,
        env,
        sync::{
            Mutex,
            atomic::{AtomicU64, Ordering},
        },
        thread,
    },
};

/// Stories that run where nothing else is asked for.
const STORIES: u64 = 20;
/// Seed of the stories where nothing else is asked for: the simulator's own.
const SEED: u64 = 20_261_129;

/// Everything that some twenty stories must show between them.
const EVENTS: [&str; 21] = [
    "Pay",
    "Meter",
    "MarkDelinquent",
    "MarkDefaulted",
    "Freeze",
    "AutoFreeze",
    "Cancel",
    "CancelTogether",
    "SuspendProvider",
    "DrawReserve",
    "Seize",
    "Buy",
    "CloseLot",
    "TakeOver",
    "WriteOff",
    "Expire",
    "a cure of a delinquency",
    "a cure of a default",
    "a loan paid off",
    "a recovery of the whole debt",
    "a refusal",
];

#[test]
fn stories_of_the_simulator_show_the_same_amounts_on_the_built_program() {
    let number = |name: &str, usual| env::var(name).map_or(usual, |text| text.parse().expect("a number"));
    let (stories, seed) = (number("BLOCKABLE_STORIES", STORIES), number("BLOCKABLE_STORY_SEED", SEED));
    println!("{stories} stories, seed {seed}");
    let (next, seen) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    let play_on = || {
        while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|next| *next < stories) {
            let story = Story::eventful(seed, number).expect("the simulator plays the story");
            let events = play(&story, &format!("story {number} of seed {seed}, {}", story.name));
            let mut seen = seen.lock().expect("no other story failed");
            for (event, times) in events {
                *seen.entry(event).or_insert(0) += times;
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(play_on))));
    let seen = seen.into_inner().expect("no story failed");
    println!("steps compared: {seen:#?}");
    if seed == SEED {
        let missing: Vec<_> = EVENTS.iter().filter(|event| !seen.contains_key(**event)).collect();
        assert!(missing.is_empty() || stories < STORIES, "no story shows {missing:?}");
    }
}

/// Plays a story, compares after every step, and pays all claims out. Returns how often it shows each event.
fn play(story: &Story, name: &str) -> BTreeMap<&'static str, u64> {
    let mut stage = Stage::new(story);
    stage.compare(&story.issued, name);
    let (mut loan, mut events) = (story.issued, BTreeMap::new());
    for (index, step) in story.steps.iter().enumerate() {
        let at = format!("{name}, step {index}: {step:?}");
        let was = Status::from_byte(loan.credit.status).expect("a status");
        stage.play(step, &at);
        step.play(&mut loan).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(loan.snapshot(), step.after, "{at}: the simulator does not repeat itself");
        stage.compare(&loan, &at);
        let now = Status::from_byte(loan.credit.status).expect("a status");
        for event in shown(step, was, now) {
            *events.entry(event).or_insert(0) += 1;
        }
    }
    stage.pay_out(&loan, name);
    events
}

/// The events that a step shows, by the status before and after it.
fn shown(step: &Step, was: Status, now: Status) -> Vec<&'static str> {
    if step.refused.is_some() {
        return vec!["a refusal"];
    }
    let act = format!("{:?}", step.act);
    let mut events: Vec<_> = EVENTS
        .into_iter()
        .filter(|event| act.strip_prefix(event).is_some_and(|rest| !rest.starts_with(char::is_alphabetic)))
        .collect();
    match (was, now) {
        (Status::Delinquent, Status::Active) => events.push("a cure of a delinquency"),
        (Status::Defaulted, Status::Active) => events.push("a cure of a default"),
        (Status::Active, Status::Repaid) => events.push("a loan paid off"),
        (Status::Seizing, Status::Repaid) if act != "WriteOff" => events.push("a recovery of the whole debt"),
        _ => {}
    }
    events
}
