//! Tests of the settings.

use {super::*, blockable_service::settings::Reader};

fn read(text: &str) -> (PlanSettings, Vec<String>) {
    let mut reader = Reader::new(text).unwrap();
    let settings = PlanSettings::read(&mut reader);
    (settings, reader.finish())
}

#[test]
fn nothing_set_is_the_default() {
    assert_eq!(read(""), (PlanSettings::default(), vec![]));
}

#[test]
fn every_key_is_read() {
    let listed = (key(3), provider_key());
    let (settings, mistakes) = read(&format!(
        "[metering]\nevery_seconds = 30\nsoon_every_seconds = 20\nurgent_every_seconds = 5\nat_risk_bps = 9\nreport_max_age_seconds = 90\nmax_reports = 4\n\
         max_credits = 10\ntolerance_units = 7\ntolerance_bps = 50\n\
         [enforcement]\nactions = [\"auto_freeze\", \"meter\"]\nextra_grace_seconds = 900\n\
         lenders = [\"{}\"]\nproviders = [\"{}\"]\n[backup]\ndelay_seconds = 20\n",
        listed.0, listed.1
    ));
    assert_eq!(mistakes, Vec::<String>::new());
    let expected = PlanSettings {
        meter_every: 30,
        soon_every: 20,
        urgent_every: 5,
        at_risk_bps: Bps(9),
        report_max_age_seconds: 90,
        max_reports: 4,
        max_credits: 10,
        tolerance_units: Units(7),
        tolerance_bps: Bps(50),
        enabled: [Kind::AutoFreeze, Kind::Meter].into(),
        lenders: [listed.0].into(),
        providers: [listed.1].into(),
        extra_grace_seconds: 900,
        backup_delay_seconds: 20,
    };
    assert_eq!(settings, expected);
}

#[test]
fn mistakes_say_what_to_do() {
    let (_, mistakes) = read(
        "[metering]\nmax_credits = 33\nevery_seconds = 5\nsoon_every_seconds = 6\nurgent_every_seconds = 7\n[enforcement]\n\
         actions = [\"freeze\"]\nlenders = [\"me\"]\n[backup]\ndelay = 1\n",
    );
    assert_eq!(
        mistakes,
        [
            "metering.soon_every_seconds: 6 is more than every_seconds, 5; lower it",
            "metering.urgent_every_seconds: 7 is more than soon_every_seconds, 6; lower it",
            "metering.max_credits: 33 is not from 1 to 32",
            "enforcement.lenders: is no address: it stands for another number of bytes than 32; write it whole, in base58",
            "enforcement.actions: has an unknown action; choose from meter, draw_reserve, mark_delinquent, \
             mark_defaulted, auto_freeze, cancel_locked, thaw_cross, expire_units, apply_covenant",
            "backup.delay: no such key; remove it or correct its name",
        ]
    );
}

#[test]
fn an_interval_below_the_usual_urgency_is_the_urgency() {
    let (settings, mistakes) = read("[metering]\nevery_seconds = 5\n");
    let paces = (settings.meter_every, settings.soon_every, settings.urgent_every);
    assert_eq!((paces, mistakes), ((5, 5, 5), vec![]));
}
