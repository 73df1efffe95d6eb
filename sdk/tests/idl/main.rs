//! The committed IDL says the truth: its layouts read what the SDK writes, its defaults are the SDK's addresses.
//!
//! `BLOCKABLE_IDL=FILE` runs these tests on another IDL.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends by a panic where something is wrong"
)]

mod constants;
mod document;
mod samples;

use {
    anchor_lang::AnchorSerialize,
    blockable_sdk::{
        Pubkey,
        events::{Change, MarketChange},
        program::{
            instructions::FreezeAmount,
            metering::Skip,
            state::{FreezePolicy, FreezeReason, Party},
            transitions::Status,
        },
    },
    document::Document,
    samples::{Sample, zero_from},
    serde_json::Value,
    std::collections::BTreeSet,
};

/// Fails with all faults at once.
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_instruction_of_the_idl_has_a_builder_and_the_other_way_round() {
    let idl = Document::read();
    let named: BTreeSet<String> = idl.list("instructions").iter().map(document::name).collect();
    let built: BTreeSet<String> = samples::all().into_iter().map(|sample| sample.name.to_string()).collect();
    assert_eq!(named, built);
}

#[test]
fn every_optional_account_is_given_in_one_sample_and_left_out_in_another() {
    let idl = Document::read();
    let mut seen = BTreeSet::new();
    for sample in samples::all() {
        for (account, meta) in idl.accounts(sample.name).iter().zip(&sample.instruction.accounts) {
            if account["optional"] == true {
                let is_given = meta.pubkey != idl.address();
                seen.insert((sample.name, document::name(account), is_given));
            }
        }
    }
    let given: BTreeSet<_> = seen.iter().map(|(name, account, _)| (name, account)).collect();
    assert_eq!(given.len() * 2, seen.len(), "{seen:?}");
    let page = include_str!("../../../docs/encodings.md");
    let section = page.split("## Accounts that need not be given").nth(1).expect("the section");
    let rows = section.split("\n## ").next().unwrap_or(section).matches("\n| `").count();
    assert_eq!(rows, given.len(), "docs/encodings.md has a row for each");
    for (name, account) in given {
        let row = format!("\n| `{name}` | `{account}` | ");
        assert!(page.contains(&row), "docs/encodings.md lacks the row{row}");
    }
}

#[test]
fn arguments_are_encoded_as_the_idl_says() {
    let idl = Document::read();
    let mut faults = Vec::new();
    for Sample { name, instruction, .. } in samples::all() {
        let declared = idl.instruction(name);
        let discriminator = document::bytes(&declared["discriminator"]);
        let Some(arguments) = instruction.data.strip_prefix(discriminator.as_slice()) else {
            faults.push(format!("{name}: another discriminator"));
            continue;
        };
        let length = idl.fields_length(&declared["args"], arguments);
        if length != Some(arguments.len()) {
            faults.push(format!("{name}: arguments of {} bytes, {length:?} in the IDL", arguments.len()));
        }
    }
    assert_none(&faults);
}

#[test]
fn accounts_are_in_order_and_have_their_flags() {
    let idl = Document::read();
    let mut faults = Vec::new();
    for sample in samples::all() {
        let declared = idl.accounts(sample.name);
        let given = sample.instruction.accounts.len() - sample.remaining;
        if declared.len() != given {
            faults.push(format!("{}: {} accounts, {given} given", sample.name, declared.len()));
        }
        for (account, meta) in declared.iter().zip(&sample.instruction.accounts) {
            let flag = |flag: &str| account[flag].as_bool().unwrap_or(false);
            // The program's address stands in the place of an account that is not given.
            let is_absent = flag("optional") && meta.pubkey == idl.address();
            let flag = |name: &str| flag(name) && !is_absent;
            if (flag("signer"), flag("writable")) != (meta.is_signer, meta.is_writable) {
                faults.push(format!("{}.{}: other flags", sample.name, document::name(account)));
            }
        }
    }
    assert_none(&faults);
}

/// Derives the address of each account that the IDL has a default for, from the keys of the other accounts, the arguments and
/// the data of accounts, as a client does.
#[test]
fn every_default_is_the_address_that_the_sdk_uses() {
    let idl = Document::read();
    let (mut faults, mut derived) = (Vec::new(), BTreeSet::new());
    for sample in samples::all() {
        for (account, meta) in idl.accounts(sample.name).iter().zip(&sample.instruction.accounts) {
            let place = format!("{}.{}", sample.name, document::name(account));
            for (kind, default) in defaults(&idl, &sample, account) {
                match default {
                    Some(key) if key == meta.pubkey => drop(derived.insert(format!("{kind} {place}"))),
                    Some(key) => {
                        faults.push(format!("{place}: its {kind} gives {key}, the SDK uses {}", meta.pubkey))
                    }
                    None => faults.push(format!("{place}: its {kind} cannot be derived")),
                }
            }
        }
    }
    assert_none(&faults);
    for place in ["credit_seize_to_pool.lot", "credit_seize_to_lender.lender_credit", "lot_buy.buyer_credit"]
    {
        assert!(derived.contains(&format!("pda {place}")), "{place} has no seeds");
    }
}

/// The defaults of an account by kind; `None` where it cannot be derived.
fn defaults(idl: &Document, sample: &Sample, account: &Value) -> Vec<(&'static str, Option<Pubkey>)> {
    let mut found = Vec::new();
    if let Some(address) = account["address"].as_str() {
        found.push(("address", address.parse().ok()));
    }
    if account["pda"].is_object() {
        found.push(("pda", derive(idl, sample, &account["pda"])));
    }
    for relation in document::list(account, "relations") {
        let path = format!("{}.{}", relation.as_str().unwrap_or_default(), document::name(account));
        found.push(("relation", field(idl, sample, &path, None).and_then(|bytes| bytes.try_into().ok())));
    }
    found
}

fn derive(idl: &Document, sample: &Sample, pda: &Value) -> Option<Pubkey> {
    assert!(pda["program"].is_null(), "an address of another program");
    let seeds: Option<Vec<Vec<u8>>> =
        document::list(pda, "seeds").iter().map(|seed| seed_bytes(idl, sample, seed)).collect();
    let seeds = seeds?;
    let parts: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    Some(Pubkey::find_program_address(&parts, &idl.address()).0)
}

fn seed_bytes(idl: &Document, sample: &Sample, seed: &Value) -> Option<Vec<u8>> {
    let path = seed["path"].as_str().unwrap_or_default();
    match seed["kind"].as_str()? {
        "const" => Some(document::bytes(&seed["value"])),
        "arg" => {
            let arguments = sample.instruction.data.get(8..)?;
            idl.field(&idl.instruction(sample.name)["args"], path, arguments).map(<[u8]>::to_vec)
        }
        "account" => field(idl, sample, path, seed["account"].as_str()),
        _ => None,
    }
}

/// The key of an account of the instruction, or a field of its data, whose type `expected` names.
fn field(idl: &Document, sample: &Sample, path: &str, expected: Option<&str>) -> Option<Vec<u8>> {
    let (account, field) =
        path.split_once('.').map_or((path, None), |(account, field)| (account, Some(field)));
    let index = idl.accounts(sample.name).iter().position(|declared| document::name(declared) == account)?;
    let key = sample.instruction.accounts.get(index)?.pubkey;
    let Some(field) = field else { return Some(key.to_bytes().to_vec()) };
    let stored = samples::stored(&key)?;
    if expected.is_some_and(|expected| expected != stored.ty) {
        return None;
    }
    let data = stored.data.strip_prefix(idl.discriminator("accounts", stored.ty).as_slice())?;
    idl.field(&idl.ty(stored.ty)["type"]["fields"], field, data).map(<[u8]>::to_vec)
}

#[test]
fn accounts_are_laid_out_as_the_idl_says() {
    let idl = Document::read();
    for stored in samples::all_stored() {
        let data = stored.data.strip_prefix(idl.discriminator("accounts", stored.ty).as_slice()).unwrap();
        assert_eq!(
            idl.fields_length(&idl.ty(stored.ty)["type"]["fields"], data),
            Some(data.len()),
            "{}",
            stored.ty
        );
    }
    assert_eq!(idl.list("accounts").len(), samples::all_stored().len());
}

/// Every variant of an enum, with zeros in its fields, is as long as the IDL says.
fn assert_variants<T: anchor_lang::AnchorDeserialize + AnchorSerialize>(idl: &Document, name: &str) {
    let variants = document::list(&idl.ty(name)["type"], "variants").len();
    assert!(variants > 0, "{name} has no variants");
    for variant in 0..u8::try_from(variants).unwrap() {
        let mut encoded = Vec::new();
        zero_from::<T>(&[variant]).unwrap().serialize(&mut encoded).unwrap();
        let ty = serde_json::json!({"defined": {"name": name}});
        assert_eq!(idl.length(&ty, &encoded), Some(encoded.len()), "{name}, variant {variant}");
    }
    assert!(
        zero_from::<T>(&[u8::try_from(variants).unwrap()]).is_none(),
        "{name} has a variant that the IDL lacks"
    );
}

#[test]
fn the_changes_in_events_are_encoded_as_the_idl_says() {
    let idl = Document::read();
    assert_variants::<Change>(&idl, "Change");
    assert_variants::<MarketChange>(&idl, "MarketChange");
    assert_variants::<Skip>(&idl, "Skip");
    assert_variants::<Status>(&idl, "Status");
    assert_variants::<FreezePolicy>(&idl, "FreezePolicy");
    assert_variants::<FreezeReason>(&idl, "FreezeReason");
    assert_variants::<Party>(&idl, "Party");
    assert_variants::<FreezeAmount>(&idl, "FreezeAmount");
}

#[test]
fn everything_is_documented_and_no_link_leads_nowhere() {
    let idl = Document::read();
    let mut faults = Vec::new();
    let documented = |of: &Value| !document::list(of, "docs").is_empty();
    for instruction in idl.list("instructions") {
        let name = document::name(instruction);
        if !documented(instruction) {
            faults.push(format!("{name} has no docs"));
        }
        for item in idl.accounts(&name).iter().chain(document::list(instruction, "args")) {
            if !documented(item) {
                faults.push(format!("{name}.{} has no docs", document::name(item)));
            }
        }
        for account in idl.accounts(&name) {
            let is_fixed =
                matches!(document::name(&account).as_str(), "event_authority" | "program" | "system_program");
            if is_fixed && !account["address"].is_string() {
                faults.push(format!("{name}.{} has no address", document::name(&account)));
            }
        }
    }
    for constant in idl.list("constants").iter().filter(|constant| !documented(constant)) {
        faults.push(format!("{} has no docs", document::name(constant)));
    }
    let text = idl.text();
    faults.extend(
        text.match_indices("[`")
            .map(|(at, _)| format!("a link: {}", text.get(at..at + 40).unwrap_or_default())),
    );
    faults.extend(
        text.match_indices("](")
            .map(|(at, _)| format!("a link: {}", text.get(at..at + 40).unwrap_or_default())),
    );
    assert_none(&faults);
}

#[test]
fn constants_have_the_programs_values() {
    let idl = Document::read();
    let value = |constant: &Value| {
        let text = constant["value"].as_str().unwrap_or_default().to_string();
        (document::name(constant), constant["type"].as_str().unwrap_or_default().to_string(), text)
    };
    let written: Vec<_> = idl.list("constants").iter().map(value).collect();
    assert_eq!(written, constants::all());
}
