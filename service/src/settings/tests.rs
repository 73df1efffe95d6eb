use {super::*, crate::secrets::SecretSource, std::time::Duration};

#[test]
fn no_complaint_repeats_what_stands_in_the_file() {
    for text in ["url = \"hush", "a = 1\n[x]\nurl = 'hush\n", "url = hush", "hush hush", "a = { hush"] {
        let complaint = Reader::new(text).err().unwrap();
        assert!(!complaint.contains("hush") && complaint.contains("line"), "{text}: {complaint}");
    }
    for value in ["\"hush\"", "[\"hush\"]", "{ envv = \"hush\" }", "{ env = 5 }", "{ env = [\"hush\"] }"] {
        let mut reader = Reader::new(&format!("a = {value}")).unwrap();
        assert_eq!(reader.optional::<SecretSource>("a"), None);
        let mistakes = reader.finish();
        assert!(mistakes.len() == 1 && !mistakes[0].contains("hush"), "{value}: {mistakes:?}");
    }
    let mut reader = Reader::new("a = \"hush\"").unwrap();
    assert_eq!(reader.address("a"), None);
    assert_eq!(
        reader.finish(),
        ["a: is no address: it stands for another number of bytes than 32; write it whole, in base58"]
    );
    let mut reader = Reader::new("a = \"hush\"\nb = true\nc = -1").unwrap();
    assert_eq!((reader.number("a", 1_u64, 0..=9), reader.number("b", 1_u64, 0..=9)), (1, 1));
    assert_eq!(reader.number("c", 1_u64, 0..=9), 1);
    let mistakes = reader.finish();
    let expected =
        ["a", "b", "c"].map(|key| format!("{key}: has an impossible value; write a number from 0 to 9"));
    assert_eq!(mistakes, expected);
}

#[test]
fn mistakes_name_the_path_of_their_key() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        count: u8,
    }
    let text =
        "kind = \"c\"\n[[rpc]]\ninner = { count = 300 }\nnode = { counts = 1 }\nextra = 1\n[section]\nb = -1";
    let mut reader = Reader::new(text).unwrap();
    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        A,
        B,
    }
    assert!(reader.required::<Kind>("kind").is_none());
    let rpc = reader.each("rpc", |rpc| (rpc.required::<Inner>("inner"), rpc.optional::<Inner>("node")));
    assert!(matches!(rpc.as_slice(), [(None, None)]));
    reader.section("section", |section| {
        section.number("b", 0_u64, 0..=9);
        section.required::<String>("name").is_none()
    });
    assert_eq!(
        reader.finish(),
        [
            "kind: is none of those known; choose from a, b",
            "rpc[0].inner.count: has an impossible value; write a whole number from 0 to 255",
            "rpc[0].node: has an unknown key; choose from count",
            "rpc[0].extra: no such key; remove it or correct its name",
            "section.b: has an impossible value; write a number from 0 to 9",
            "section.name: is missing; add it",
        ]
    );
}

#[test]
fn a_section_that_is_a_value_is_shown_with_its_whole_header() {
    let mut reader =
        Reader::new("top = 1\n[rules]\nburn_rate = 5\n[[rpc]]\nlimits = 1\nlist = 2\nmixed = [3]").unwrap();
    reader.section("top", |_| ());
    reader.section("rules", |rules| rules.section("burn_rate", |_| ()));
    reader.each("rpc", |rpc| {
        rpc.section("limits", |_| ());
        rpc.each("list", |_| ());
        rpc.each("mixed", |_| ());
    });
    assert_eq!(
        reader.finish(),
        [
            "top: must be written as [top]",
            "rules.burn_rate: must be written as [rules.burn_rate]",
            "rpc[0].limits: must be written as [rpc.limits]",
            "rpc[0].list: must be written as [[rpc.list]]",
            "rpc[0].mixed: must be written as [[rpc.mixed]]",
        ]
    );
}

#[test]
fn expected_types_are_named_in_words() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Source {
        File,
    }
    let mut reader = Reader::new("a = \"x\"\nb = \"x\"\nc = 1\nd = 1\ne = \"x\"\nf = \"x\"").unwrap();
    assert!(reader.required::<Source>("a").is_none());
    assert!(reader.required::<f64>("b").is_none());
    assert!(reader.required::<bool>("c").is_none());
    assert!(reader.required::<Vec<u8>>("d").is_none());
    assert!(reader.required::<std::collections::BTreeMap<String, u8>>("e").is_none());
    assert!(reader.required::<i64>("f").is_none());
    let expected = [
        ("a", "a table"),
        ("b", "a number"),
        ("c", "true or false"),
        ("d", "a list"),
        ("e", "a table"),
        ("f", "a whole number"),
    ];
    assert_eq!(
        reader.finish(),
        expected.map(|(key, words)| format!("{key}: has an impossible value; write {words}"))
    );
}

#[test]
fn a_url_must_have_a_host_one_of_two_schemes_and_no_password() {
    let read = |text: &str| {
        let mut reader = Reader::new(&format!("url = \"{text}\"")).unwrap();
        let url = reader.url("url", ["http", "https"]);
        let mistakes = reader.finish();
        assert_eq!(url.is_none(), !mistakes.is_empty(), "{text}");
        mistakes
    };
    assert_eq!(read("https://node.example:8899/path"), Vec::<String>::new());
    for wrong in ["ftp://node", "node", "http://", "ws://node", ""] {
        assert_eq!(read(wrong), ["url: is no such URL; write http://HOST... or https://HOST..."], "{wrong}");
    }
    for secret in ["http://user:pw@node", "https://user@node"] {
        let mistakes = read(secret);
        assert!(mistakes.len() == 1 && !mistakes[0].contains("pw"), "{secret}: {mistakes:?}");
    }
}

#[test]
fn numbers_are_within_bounds_or_left_out() {
    let mut reader = Reader::new("a = 2\nb = 0.25\nc = 7").unwrap();
    assert_eq!((reader.number("a", 1_u8, 0..=9), reader.number("b", 1.0, 0.1..=9.0)), (2, 0.25));
    assert_eq!(reader.seconds("none", 5, 1..=60), Duration::from_secs(5));
    assert_eq!(
        (reader.required_number("c", 1..=6_u32), reader.required_number("d", 1..=6_u32)),
        (None, None)
    );
    assert_eq!(reader.finish(), ["c: 7 is not from 1 to 6", "d: is missing; add it"]);
}

#[test]
fn a_file_is_read_or_all_its_mistakes_are_named() {
    let kind = FileKind {
        example: "daemon.example.toml",
        advice: "write one",
        environment: None,
        read: |reader| Some((reader.required::<u8>("a")?, reader.required::<u8>("b")?)),
        resolve: |_, _| (),
    };
    let parse = |text| kind.parse(text, Path::new(""), "daemon.toml");
    assert_eq!(parse("a = 1\nb = 2").unwrap(), (1, 2));
    let error = parse("a = 1\nbb = 2").unwrap_err().to_string();
    let (missing, unknown) = ("b: is missing; add it", "bb: no such key; remove it or correct its name");
    assert_eq!(
        error,
        format!("daemon.toml:\n  {missing}\n  {unknown}\ndaemon.example.toml explains every key")
    );
    let error = parse("a").unwrap_err().to_string();
    assert!(error.starts_with("daemon.toml is not TOML: ") && error.ends_with("; correct it"), "{error}");
    let error = kind.load(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read no/such.toml: ") && error.ends_with("; write one"), "{error}");
}
