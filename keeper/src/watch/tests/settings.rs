use {super::*, blockable_service::settings::Reader};

fn read(text: &str) -> (WatchSettings, Vec<String>) {
    let mut reader = Reader::new(text).unwrap();
    let settings = WatchSettings::read(&mut reader);
    (settings, reader.finish())
}

#[test]
fn what_is_left_out_has_a_default() {
    assert_eq!(read(""), (WatchSettings::default(), Vec::new()));
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let (settings, mistakes) = read("[watch]\nhaircut_bps = 500");
    assert_eq!((settings.haircut_bps, mistakes), (Bps(500), Vec::new()));
    let (_, mistakes) = read("[watch]\nhalf_life_hours = 200\nsample_seconds = 1\nfoo = 1\n");
    let has = |start: &str| {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(start)), "{start}: {mistakes:?}")
    };
    has("watch.long_half_life_hours: 168 is not above");
    has("watch.sample_seconds: ");
    has("watch.foo: no such key");
    assert_eq!(mistakes.len(), 3, "{mistakes:?}");
}
