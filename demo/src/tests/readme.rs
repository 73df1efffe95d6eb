use {
    super::Run,
    crate::distribution::PLAN,
    std::{fs, path::Path},
};

/// The line above the fence of the excerpt.
const MARKER: &str = "<!-- excerpt: demo -->";

/// The excerpt of the README, in parts that stand between lines of dots.
fn excerpt() -> Vec<Vec<String>> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, after) = readme.split_once(MARKER).expect("the excerpt's marker");
    let fenced = after.split("```").nth(1).expect("a fenced block after the marker");
    let lines: Vec<String> = fenced.lines().skip(1).map(comparable).collect();
    lines.split(|line| line == "...").map(<[String]>::to_vec).collect()
}

/// A line without the milliseconds that the freeze took, which differ from run to run.
fn comparable(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_time = |index: usize| words.get(index + 1) == Some(&"ms");
    let kept = words.iter().enumerate().map(|(index, word)| if is_time(index) { "?" } else { word });
    kept.collect::<Vec<_>>().join(" ").trim_end().to_string()
}

#[test]
fn only_the_time_of_a_freeze_may_differ() {
    assert_eq!(comparable("5 units, 13 ms after  its"), "5 units, ? ms after  its");
    assert_eq!(comparable("5 units, 13 mm "), "5 units, 13 mm");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_shows_what_the_demo_prints() {
    let run = Run::new(&[], PLAN).await;
    run.played.cast.cluster.stop().await.unwrap();
    let printed: Vec<String> = run.text.lines().map(comparable).collect();
    let mut rest = printed.as_slice();
    for part in excerpt() {
        let found = rest.windows(part.len()).position(|lines| lines == part);
        let at = found
            .unwrap_or_else(|| panic!("the demo does not print\n{}\nbut\n{}", part.join("\n"), run.text));
        rest = &rest[at + part.len()..];
    }
}
