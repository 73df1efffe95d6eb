# Daily work; `just` lists the recipes. CI runs .ci/run.
set shell := ["bash", "-euo", "pipefail", "-c"]

# list the recipes
default:
    @just --list

# format all code
fmt:
    cargo fmt --all

# format, circles of modules, docs, features of dependencies and clippy, warnings denied
lint:
    cargo fmt --all --check
    scripts/check-structure
    scripts/check-docs
    scripts/check-features
    cargo clippy --release --workspace --all-targets -- -D warnings

# all tests, or those that match: just test freeze
test *args:
    cargo test --release --workspace {{args}}

# build ELF, IDL and manifest into app-idl/
program *args:
    scripts/build-program {{args}}

# is app-idl/ up to date? (--rebuild: build again and compare)
check-program *args:
    scripts/check-program {{args}}

# a whole market on this machine, to try everything: docs/try.md
sandbox *args:
    cargo run --release -p blockable-demo -- --serve {{args}}

# a loan that defaults, on standard and on prepaid terms, and many simulated ones
demo *args:
    cargo run --release -p blockable-demo -- {{args}}

# compute units per instruction, against their bounds
bench *args:
    cargo run --release -p blockable-bench -- cu {{args}}

# what comes back of a default, simulated; just simulate --help lists the options
simulate *args:
    cargo run --release -p blockable-economics -- simulate {{args}}

# try to break the program: random hostile steps, verified by an independent model
fuzz *args:
    cargo run --release -p blockable-fuzz -- {{args}}

# the lifecycle on solana-test-validator, which is built first where it is missing
test-validator *args:
    SOLANA_TEST_VALIDATOR="$(scripts/install-test-validator)" cargo test --release -p blockable-tests --test validator {{args}}

# stories of the simulator on the built program: just stories 200
stories count="20" *args:
    BLOCKABLE_STORIES={{count}} cargo test --release -p blockable-tests --test stories {{args}} -- --nocapture

# the TypeScript client: equal to the Rust SDK, its size, the lifecycle on the built program
client *args:
    scripts/check-client {{args}}

# licenses, sources, bans and advisories of all dependencies
deny:
    scripts/check-dependencies

# sends over a node that fails one request of ten, and 50 killed commands: none lost, none done twice; just sends 1000
sends count="1000" *args:
    BLOCKABLE_SENDS={{count}} BLOCKABLE_KILLS=50 cargo test --release -p blockable-cli --test cli {{args}} -- faults --nocapture

# time from the start of a command to its answer, on a machine that does nothing else: 50 ms at most
start:
    BLOCKABLE_START=1 cargo test --release -p blockable-cli --test cli -- help --nocapture --test-threads 1

# the path of somebody who has README and --help alone, on solana-test-validator; CI runs it on a sandbox
stranger *args="--validator":
    scripts/stranger {{args}}

# the examples of SDK and gate, on a sandbox's cluster
examples:
    scripts/run-examples

# proposals to a multisig, against Squads' own program, which is built first where it is missing
squads *args:
    BLOCKABLE_SQUADS="$(scripts/build-squads)" cargo test --release -p blockable-cli --test cli {{args}} -- propose --nocapture

# the audit of a log: 10,000 events within 10 s, and 1,000 tamperings, all found
audit events="10000" tampers="1000":
    BLOCKABLE_AUDIT_EVENTS={{events}} BLOCKABLE_TAMPERS={{tampers}} cargo test --release -p blockable-sdk --all-features --test audit -- --nocapture

# all that CI checks
ci:
    .ci/run
