use {
    super::{
        Family,
        print::{Place, printed, printed_text},
        text::{Normalisation, character_tokens, text},
    },
    proptest::prelude::*,
    serde_json::{Value, json},
    unicode_normalization::{UnicodeNormalization, char::compose},
};

fn every_character() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// A text of characters that normalisation changes, moves or joins, among others.
fn texts() -> impl Strategy<Value = String> {
    let marks = prop_oneof![
        Just('\u{301}'),
        Just('\u{323}'),
        Just('\u{327}'),
        Just('\u{334}'),
        Just('\u{fb9}'),
        Just('\u{fb5}'),
        Just('\u{1d165}'),
        Just('\u{1d160}'),
        Just('\u{390}'),
        Just('é'),
        Just('\u{1e69}'),
        Just('가'),
        Just('\u{11a8}'),
        Just('\u{1100}'),
        Just('\u{1161}'),
        Just('が'),
        Just('\u{3099}'),
        Just('\u{93c}'),
        Just('\u{958}'),
        Just('\u{fdfa}'),
        Just('ﬃ'),
        Just('İ'),
        Just('a'),
        Just(' '),
        Just('"'),
        Just('\\'),
        Just('\n'),
        Just('\u{1}'),
        Just('<'),
    ];
    proptest::collection::vec(prop_oneof![3 => marks, 1 => any::<char>()], 0..24)
        .prop_map(|characters| characters.into_iter().collect())
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(1e15)),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(texts(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Prints as the templates of Llama 3 do: an element a line, indented by four.
fn indented(value: &Value) -> String {
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    serde::Serialize::serialize(value, &mut serde_json::Serializer::with_formatter(&mut bytes, format))
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Prints as Python does: `, ` and `: ` between, and what is not ASCII as an escape where `ascii` is set.
fn python(value: &Value, ascii: bool, out: &mut String) {
    let quoted = |text: &str, out: &mut String| {
        for character in serde_json::to_string(text).unwrap().chars() {
            match ascii && (!character.is_ascii() || character == '\u{7f}') {
                true => character
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .for_each(|unit| *out += &format!("\\u{unit:04x}")),
                false => out.push(character),
            }
        }
    };
    match value {
        Value::Array(list) => {
            out.push('[');
            for (index, element) in list.iter().enumerate() {
                *out += if index > 0 { ", " } else { "" };
                python(element, ascii, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                *out += if index > 0 { ", " } else { "" };
                quoted(name, out);
                *out += ": ";
                python(member, ascii, out);
            }
            out.push('}');
        }
        Value::String(text) => quoted(text, out),
        other => *out += &other.to_string(),
    }
}

#[test]
fn composition_never_adds_a_byte() {
    // Each pair that is composed comes from a decomposition.
    let mut pairs = 0;
    for composed in every_character() {
        let parts: Vec<char> = std::iter::once(composed).nfd().collect();
        for (first, second) in
            parts.iter().flat_map(|first| parts.iter().map(move |second| (*first, *second)))
        {
            if let Some(found) = compose(first, second) {
                pairs += 1;
                assert!(found.len_utf8() <= first.len_utf8() + second.len_utf8(), "{first:?} {second:?}");
            }
        }
        if let [first @ .., last] = parts.as_slice() {
            let first: String = first.iter().collect::<String>().nfc().collect();
            let mut first = first.chars();
            if let (Some(only), None) = (first.next(), first.next())
                && let Some(found) = compose(only, *last)
            {
                assert!(found.len_utf8() <= only.len_utf8() + last.len_utf8(), "{only:?} {last:?}");
            }
        }
    }
    assert!(pairs > 10_000, "{pairs}");
}

#[test]
fn every_character_is_bounded_under_each_normalisation() {
    for character in every_character() {
        let alone = character.to_string();
        let most = |normalisation| character_tokens(normalisation, character) as usize;
        assert!(most(Normalisation::None) == alone.len());
        assert!(most(Normalisation::Canonical) >= alone.nfc().map(char::len_utf8).sum::<usize>());
        for form in [
            alone.nfkc().to_string(),
            alone.nfkd().to_string(),
            alone.nfc().to_string(),
            alone.nfd().to_string(),
        ] {
            assert!(most(Normalisation::Any) >= form.len().max(form.to_lowercase().len()), "{character:?}");
        }
    }
    // What made a hold too small: one character of three bytes that becomes two of three.
    assert_eq!((text(Normalisation::Canonical, "\u{fb9}"), text(Normalisation::None, "\u{fb9}")), (6, 3));
    // Text that people write costs no more than its bytes.
    for plain in ["The quick brown fox.", "敏捷的棕色狐狸", "빠른 갈색 여우", "Быстрая лиса", "🦊 🚀"]
    {
        assert_eq!(text(Normalisation::Canonical, plain), plain.len() as u64, "{plain}");
    }
}

#[test]
fn what_is_nested_deeply_is_bounded_by_its_indentation() {
    let rules = Family::Llama3.rules();
    let mut body = "1,".repeat(1_000);
    body.truncate(body.len() - 1);
    let deep = format!("{}{body}{}", "[".repeat(100), "]".repeat(100));
    let lines = printed(rules, &rules.tools, &deep).unwrap();
    // 400 spaces before each of 1,000 numbers.
    assert!((10_000..20_000).contains(&lines), "{lines}");
    assert!(printed(rules, &rules.tools, &format!("{}{}", "[".repeat(200), "]".repeat(200))).is_none());
}

#[test]
fn numbers_and_texts_of_json_are_bounded_as_they_may_be_printed_anew() {
    let rules = Family::Qwen.rules();
    let most = |json: &str| printed(rules, &rules.calls, json).unwrap() as usize;
    for (given, anew) in [
        ("1e15", "1000000000000000.0"),
        ("-1e-7", "-1e-07"),
        ("18446744073709551615", "18446744073709551615"),
        (r#"{"a":1,"b":[1,2]}"#, r#"{"a": 1, "b": [1, 2]}"#),
        // The arguments of a call are a text that is JSON.
        (
            r#""{\"a\":1e15,\"b\":[1e15,1e15]}""#,
            r#"{"a": 1000000000000000.0, "b": [1000000000000000.0, 1000000000000000.0]}"#,
        ),
        (r#""[1e15,1e15,1e15,NaN]""#, "[1000000000000000.0, 1000000000000000.0, 1000000000000000.0, NaN]"),
    ] {
        assert!(most(given) >= anew.len(), "{given}: {} of {}", most(given), anew.len());
    }
    let digits = "9".repeat(300);
    assert!(most(&digits) >= 300, "Python prints whole numbers in full");
}

#[test]
fn any_is_the_largest_bound() {
    let any = Family::Any.rules();
    for family in Family::ALL {
        let rules = family.rules();
        for json in
            [r#"{"a":[1,2,{"b":"\u0fb9\n\"é"}],"c":"{\"d\":1}"}"#, "[[[[[1]]]]]", "\"x\"", "null", "1e300"]
        {
            let most =
                |rules, place: fn(&super::Rules) -> &Place| printed(rules, place(rules), json).unwrap();
            assert!(
                most(any, |rules| &rules.tools) >= most(rules, |rules| &rules.tools),
                "{family:?} {json}"
            );
            assert!(
                most(any, |rules| &rules.calls) >= most(rules, |rules| &rules.calls),
                "{family:?} {json}"
            );
        }
        assert!(any.per_message >= rules.per_message && any.per_request >= rules.per_request);
        assert!(any.with_tools >= rules.with_tools && any.per_tool >= rules.per_tool);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A byte-level tokenizer has at most as many tokens as its text has bytes.
    #[test]
    fn no_normalised_text_has_more_bytes_than_its_bound(given in texts(), more in texts()) {
        // Marks at the end of one text move into the next.
        let both = format!("{given}{more}");
        let most = |normalisation| (text(normalisation, &given) + text(normalisation, &more)) as usize;
        prop_assert!(both.nfc().map(char::len_utf8).sum::<usize>() <= most(Normalisation::Canonical));
        for form in [both.nfd().to_string(), both.nfkc().to_string(), both.nfkd().to_string()] {
            prop_assert!(form.len().max(form.to_lowercase().len()) <= most(Normalisation::Any));
        }
        prop_assert!(both.len() <= most(Normalisation::None));
    }

    #[test]
    fn no_json_is_printed_with_more_bytes_than_its_bound(value in values()) {
        let json = value.to_string();
        let most = |family: Family| {
            let rules = family.rules();
            (printed(rules, &rules.tools, &json).unwrap() as usize, printed(rules, &rules.calls, &json).unwrap() as usize)
        };
        let (mut plain, mut ascii) = (String::new(), String::new());
        python(&value, false, &mut plain);
        python(&value, true, &mut ascii);
        let composed = |text: &str| text.nfc().map(char::len_utf8).sum::<usize>();
        for family in [Family::Qwen, Family::QwenCoder, Family::Any] {
            let (tools, calls) = most(family);
            prop_assert!(composed(&plain) <= tools && composed(&plain) <= calls);
        }
        prop_assert!(plain.len() <= most(Family::Plain).0 && plain.len() <= most(Family::Deepseek).1);
        prop_assert!(ascii.len() <= most(Family::Any).0);
        // Each indentation is a few tokens.
        let lines = indented(&value);
        let spaces: usize = lines.lines().map(|line| line.len() - line.trim_start_matches(' ').len()).sum();
        prop_assert!(lines.len() - spaces <= most(Family::Llama3).0);
        prop_assert!(lines.len() <= most(Family::Any).0);
    }

    #[test]
    fn a_quoted_text_has_no_more_bytes_than_its_bound(given in texts()) {
        let rules = Family::Llama3.rules();
        let quoted = serde_json::to_string(&given).unwrap().len() - 2;
        prop_assert!(quoted as u64 <= printed_text(rules, &rules.calls, &given, 0));
    }
}
