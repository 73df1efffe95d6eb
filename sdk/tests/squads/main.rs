//! Proposals to Squads, byte for byte as Squads' own client encodes them, and accounts as its IDL lays them out.
//!
//! `make.cjs` has made `examples.json` by the npm package `@sqds/multisig`.

#![allow(clippy::unwrap_used, reason = "a test may end by a panic")]

use {
    blockable_sdk::{
        AccountMeta, Instruction, Pubkey,
        squads::{
            self, Member, Multisig, PROGRAM, Permission, Proposal, ProposalStatus, StoredTransaction, Votes,
        },
    },
    serde_json::Value,
};

fn examples() -> Value {
    serde_json::from_str(include_str!("examples.json")).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

fn key(value: &Value) -> Pubkey {
    value.as_str().unwrap().parse().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn instruction(value: &Value) -> Instruction {
    let meta = |value: &Value| AccountMeta {
        pubkey: key(&value["key"]),
        is_signer: value["signs"].as_bool().unwrap(),
        is_writable: value["written"].as_bool().unwrap(),
    };
    let accounts = list(value, "accounts").iter().map(meta).collect();
    Instruction { program_id: key(&value["program"]), accounts, data: bytes(&value["data"]) }
}

fn proposal(example: &Value) -> Proposal {
    Proposal {
        multisig: key(&example["multisig"]),
        vault_index: u8::try_from(example["vault_index"].as_u64().unwrap()).unwrap(),
        number: example["number"].as_str().unwrap().parse().unwrap(),
        member: key(&example["member"]),
        rent_payer: key(&example["rent_payer"]),
    }
}

#[test]
fn proposals_have_the_bytes_of_squads_own_client() {
    let examples = examples();
    assert_eq!(examples["made_by"], "@sqds/multisig 2.1.4");
    assert_eq!(list(&examples, "proposals").len(), 3);
    for example in list(&examples, "proposals") {
        let (name, proposal) = (&example["name"], proposal(example));
        assert_eq!(squads::multisig(&key(&example["create_key"])), proposal.multisig, "{name}");
        assert_eq!(squads::vault(&proposal.multisig, proposal.vault_index), key(&example["vault"]), "{name}");
        let proposed: Vec<Instruction> = list(example, "proposed").iter().map(instruction).collect();
        let [create, open] = proposal.instructions(&proposed, example["memo"].as_str()).unwrap();
        assert_eq!(create, instruction(&example["create"]), "{name}");
        assert_eq!(open, instruction(&example["open"]), "{name}");
        assert_eq!(proposal.approve(), instruction(&example["approve"]), "{name}");
        assert_eq!(create.accounts[1].pubkey, key(&example["transaction"]), "{name}");
        assert_eq!(open.accounts[1].pubkey, key(&example["proposal"]), "{name}");
    }
}

#[test]
fn a_stored_transaction_gives_its_instructions_back() {
    for example in list(&examples(), "proposals") {
        let (name, proposal) = (&example["name"], proposal(example));
        let stored = StoredTransaction::decode(&bytes(&example["stored"])).unwrap();
        assert_eq!((stored.multisig, stored.creator), (proposal.multisig, proposal.member), "{name}");
        assert_eq!((stored.number, stored.vault_index), (proposal.number, proposal.vault_index), "{name}");
        let proposed: Vec<Instruction> = list(example, "proposed").iter().map(instruction).collect();
        let found = stored.instructions().unwrap();
        let parts = |instruction: &Instruction| {
            let accounts = instruction.accounts.iter().map(|meta| meta.pubkey).collect::<Vec<_>>();
            (instruction.program_id, accounts, instruction.data.clone())
        };
        assert_eq!(
            found.iter().map(parts).collect::<Vec<_>>(),
            proposed.iter().map(parts).collect::<Vec<_>>(),
            "{name}"
        );
        // Proposed once more, they are the same message.
        assert_eq!(
            proposal.instructions(&found, example["memo"].as_str()).unwrap()[0],
            instruction(&example["create"])
        );
        let execute = squads::execute(&stored, &proposal.member).unwrap();
        assert!(execute.accounts.iter().all(|meta| meta.is_signer == (meta.pubkey == proposal.member)));
        assert_eq!(execute.program_id, PROGRAM);
        let vault = &execute.accounts[4];
        assert_eq!((vault.pubkey, vault.is_writable), (key(&example["vault"]), true), "{name}");
    }
}

#[test]
fn multisigs_and_votes_are_read_as_squads_idl_lays_them_out() {
    let examples = examples();
    let address = key(&examples["proposals"][0]["multisig"]);
    for example in list(&examples, "multisigs") {
        let mut data = bytes(&example["bytes"]);
        // Room for members that may join.
        data.extend_from_slice(&[0; 330]);
        let account = Multisig::decode(&address, &data).unwrap();
        let masks = list(example, "masks").iter().zip(40u8..);
        let members: Vec<Member> = masks
            .map(|(mask, number)| Member {
                key: Pubkey::new_from_array([number; 32]),
                permissions: u8::try_from(mask.as_u64().unwrap()).unwrap(),
            })
            .collect();
        assert_eq!(account.members, members);
        assert_eq!(u64::from(account.threshold), example["threshold"].as_u64().unwrap());
        assert_eq!(u64::from(account.time_lock), example["time_lock"].as_u64().unwrap());
        let collector = example["rent_collector"].as_str().map(|text| text.parse().unwrap());
        assert_eq!(account.rent_collector, collector);
        assert_eq!((account.next_number(), account.stale_number, account.bump), (8, 3, 253));
        assert_eq!(Multisig::decode(&Pubkey::new_unique(), &data), None, "another address than its own");
        let threshold_at = 8 + 32 + 32;
        for wrong in [0, 9] {
            data[threshold_at] = wrong;
            assert_eq!(Multisig::decode(&address, &data), None, "a threshold of {wrong}");
        }
    }
    for example in list(&examples, "votes") {
        let votes = Votes::decode(&bytes(&example["bytes"])).unwrap();
        assert_eq!((votes.multisig, votes.number, votes.bump), (address, 8, 252));
        assert_eq!((votes.approved.len(), votes.rejected.len(), votes.cancelled.len()), (2, 1, 0));
        assert_eq!(votes.status.name(), example["status"].as_str().unwrap());
        let is_open = ["draft", "active", "approved", "executing"].contains(&votes.status.name());
        assert_eq!(votes.status.is_open(), is_open, "{:?}", votes.status);
        if votes.status.name() == "active" {
            assert_eq!(votes.status, ProposalStatus::Active(1_780_000_000));
        }
    }
}

#[test]
fn other_accounts_and_cut_ones_are_none() {
    let examples = examples();
    let address = key(&examples["proposals"][0]["multisig"]);
    let multisig = bytes(&examples["multisigs"][0]["bytes"]);
    let (votes, stored) = (bytes(&examples["votes"][1]["bytes"]), bytes(&examples["proposals"][1]["stored"]));
    assert_eq!(Multisig::decode(&address, &votes), None);
    assert_eq!(Votes::decode(&stored), None);
    assert_eq!(StoredTransaction::decode(&multisig), None);
    for length in 0..multisig.len() {
        assert_eq!(Multisig::decode(&address, &multisig[..length]), None, "{length} bytes");
    }
    for length in 0..stored.len() {
        assert_eq!(StoredTransaction::decode(&stored[..length]), None, "{length} bytes");
    }
    // A count of keys that the account cannot hold.
    let mut swollen = stored;
    let keys_at = 8 + 32 + 32 + 8 + 3 + 4 + 3;
    swollen[keys_at..keys_at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(StoredTransaction::decode(&swollen), None);
}

#[test]
fn a_member_has_the_permissions_of_its_bits() {
    let member = |permissions| Member { key: Pubkey::new_unique(), permissions };
    let all = [Permission::Initiate, Permission::Vote, Permission::Execute];
    for (bits, expected) in
        [(0, [false; 3]), (1, [true, false, false]), (6, [false, true, true]), (7, [true; 3])]
    {
        assert_eq!(all.map(|permission| member(bits).may(permission)), expected, "{bits}");
    }
}
