"""Runs the program's unit tests on many mutants with one build.

Every function is replaced by one that chooses between its own body and those of its mutants by a number from the
environment. A mutant therefore costs a run of the tests, no build. Mutants of constants, and of functions that the compiler
evaluates, are built one at a time.
"""
import bisect
import collections
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import time
from dataclasses import dataclass

import checkout
import report

# The modules free of Anchor's contexts.
MODULES = ["auction", "covenant", "hash", "holdback", "metering", "quorum", "report", "signature", "transitions", "units", "waterfall"]
FOLDERS = ["actions", "schedule", "state"]
PROGRAM = checkout.ROOT / checkout.CRATE / "src"
# For most mutants few cases of each property, without the two tests that take two thirds of the time, are enough: a fifth of a
# second. What survives these meets everything: 2 seconds. The limits are in seconds of CPU time.
FEW_CASES, FEW_SECONDS, ALL_SECONDS = 64, 20, 60
SLOW = ["no_two_steps_of_others_turn_a_signature", "no_three_steps_of_others_turn_a_signature"]
SWITCH = """
#[cfg(test)]
pub(crate) mod mutant {
    /// The number of the mutant to run as, 0 for the program itself.
    pub(crate) fn number() -> u32 {
        static NUMBER: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
        *NUMBER.get_or_init(|| std::env::var("BLOCKABLE_MUTANT").map_or(0, |number| number.parse().expect("a number")))
    }
}
"""
# The program itself without optimisation and with its assertions, what it depends on with optimisation: quick to build, and
# the signatures and properties of the tests are quick as well.
CARGO = ["cargo", "test", "--release", "--locked", "-p", "blockable-credits", "--lib",
         "--config", "profile.release.package.blockable-credits.opt-level=0",
         "--config", "profile.release.package.blockable-credits.debug-assertions=true",
         "--config", "profile.release.incremental=true"]


@dataclass
class Mutant:
    """A change of a file: the characters from `start` to `end` become `text`."""
    file: str
    start: int
    end: int
    text: str
    # Place and change, for the list of all mutants.
    title: str
    # Line and change, as equivalent.txt names them.
    described: str


def files():
    """The files that mutants are made in, by their paths without the ending."""
    folders = sorted(path for folder in FOLDERS for path in (PROGRAM / folder).glob("*.rs"))
    return MODULES + [str(path.relative_to(PROGRAM).with_suffix("")) for path in folders]


def blanked(source):
    """The source with spaces for comments, strings and characters, so that braces and words can be counted."""
    hidden = re.compile(r"//[^\n]*|/\*.*?\*/|b?\"(?:\\.|[^\"\\])*\"|b?'(?:\\.[^']*|[^\\'])'", re.S)
    return hidden.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)


def matching(code, at):
    """The position after the brace that closes the one at `at`."""
    depth = 0
    for brace in re.finditer(r"[{}]", code[at:]):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return at + brace.end()
    sys.exit("a brace is not closed")


@functools.cache
def bodies(source):
    """Start and end of the body of each outermost function that is not evaluated by the compiler."""
    code, found, after = blanked(source), [], 0
    for function in re.finditer(r"\b(const\s+)?fn\s+\w+", code):
        if function.start() < after:
            continue
        depth, at = 0, function.end()
        while code[at] not in "{;" or depth:
            depth += (code[at] in "([") - (code[at] in ")]")
            at += 1
        if code[at] == "{":
            after = matching(code, at)
            if not function.group(1):
                found.append((at, after))
    return found


@functools.cache
def original(file):
    """The source as it is when it is first read: the checkout may change meanwhile."""
    return (PROGRAM / f"{file}.rs").read_text()


def changed(source, mutant, start=0, end=None):
    """Part of a source with the mutant's change."""
    return source[start:mutant.start] + mutant.text + source[mutant.end:len(source) if end is None else end]


def with_choices(source, mutants):
    """A source whose functions choose between their mutants, and for each line of it the mutant it belongs to, or 0.
    `mutants` by number."""
    out, copied = [], 0
    for start, end in bodies(source):
        inside = {n: m for n, m in mutants.items() if start < m.start and m.end < end}
        if not inside:
            continue
        out.append((source[copied:start], 0))
        out.append(("{ match crate::mutant::number() {\n", 0))
        for number, mutant in inside.items():
            out.append((f"{number} => {changed(source, mutant, start, end)}\n", number))
        out.append((f"_ => {source[start:end]}\n}} }}", 0))
        copied = end
    out.append((source[copied:], 0))
    lines = []
    for text, number in out:
        lines += [number] * (text.count("\n") + (text is out[-1][0]))
    return "".join(text for text, _ in out), lines


def is_in_a_body(mutant):
    return any(start < mutant.start and mutant.end < end for start, end in bodies(original(mutant.file)))


def put(file, text):
    path = checkout.SOURCES / f"{file}.rs"
    if path.read_text() != text:
        path.write_text(text)


def messages(*arguments):
    """What cargo says while it builds the tests, and its result."""
    built = checkout.run(*CARGO, "--no-run", "--message-format=json", *arguments, capture_output=True)
    return [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")], built


def binary(said):
    return [message["executable"] for message in said if message.get("executable")][-1]


def build_all(mutants):
    """Builds the tests with all mutants but those that do not compile. Returns the binary and the numbers of these."""
    unviable = set()
    while True:
        lines = {}
        for file in {mutant.file for mutant in mutants.values()}:
            left = {n: m for n, m in mutants.items() if m.file == file and n not in unviable}
            text, lines[f"src/{file}.rs"] = with_choices(original(file), left)
            put(file, text)
        put("lib", original("lib") + SWITCH)
        said, built = messages()
        if built.returncode == 0:
            return binary(said), unviable
        refused = set()
        for message in (m["message"] for m in said if m["reason"] == "compiler-message" and m["message"]["level"] == "error"):
            for span in message["spans"]:
                numbers = next((v for k, v in lines.items() if span["file_name"].endswith(k)), [])
                refused |= set(numbers[span["line_start"] - 1:span["line_end"]])
        refused.discard(0)
        if not refused - unviable:
            sys.exit(f"the mutants do not build\n{''.join(m['message']['rendered'] for m in said if 'message' in m)[-4000:]}")
        unviable |= refused


def failed(tests, number, cases, seconds, *arguments):
    """The tests that fail on a mutant; ["timeout"] where they do not end within so many seconds of CPU time, ["aborted"]
    where the process ends without a word."""
    environment = {**checkout.ENVIRONMENT, "RUST_BACKTRACE": "0", "BLOCKABLE_MUTANT": str(number),
                   "RUST_MIN_STACK": str(64 << 20), **cases}
    limits = ["prlimit", f"--cpu={seconds}:{seconds + 5}", f"--as={8 << 30}"]
    child = subprocess.run([*limits, tests, "--format", "terse", "--test-threads", "1", *arguments], env=environment,
                           cwd=checkout.COPY / checkout.CRATE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                           check=False)
    if child.returncode in (-24, -9):
        return ["timeout"]
    names = sorted(set(re.findall(r"^    (\S+::\S+)$", child.stdout, re.M)))
    return names if child.returncode == 0 or names else ["aborted"]


def noticed(tests, number):
    """As `failed`, with few cases and the quick tests, and with all of them for what survives."""
    skip = [argument for name in SLOW for argument in ("--skip", name)]
    quick = failed(tests, number, {"PROPTEST_CASES": str(FEW_CASES)}, FEW_SECONDS, *skip)
    return quick or failed(tests, number, {}, ALL_SECONDS)


def alone(mutant):
    """What notices a mutant that needs a build of its own."""
    put(mutant.file, changed(original(mutant.file), mutant))
    said, built = messages()
    put(mutant.file, original(mutant.file))
    return noticed(binary(said), 0) if built.returncode == 0 else ["unviable"]


def results(numbered):
    """Each mutant's number with what notices it, as the runs end."""
    inside = {number: mutant for number, mutant in numbered.items() if is_in_a_body(mutant)}
    tests, unviable = build_all(inside)
    # The build of a lone mutant may take the place of this one.
    kept = checkout.COPY / "all-mutants"
    kept.write_bytes(pathlib.Path(tests).read_bytes())
    kept.chmod(0o755)
    for file in {mutant.file for mutant in numbered.values()} | {"lib"}:
        put(file, original(file))
    if noticed(kept, 0):
        sys.exit("the tests do not pass as they are")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(noticed, kept, number): number for number in inside if number not in unviable}
        yield from ((runs[run], run.result()) for run in concurrent.futures.as_completed(runs))
    yield from ((number, ["unviable"]) for number in sorted(unviable))
    yield from ((number, alone(mutant)) for number, mutant in numbered.items() if number not in inside)


WORDS = {"unviable": "does not compile", "timeout": "does not end", "explained": "equivalent", "survived": "SURVIVED"}


def described(found, kind):
    """What the list of all mutants says of one."""
    if kind != "caught":
        return WORDS[kind]
    names = [name.removeprefix("tests::").replace("::tests::", "::") for name in found]
    return " ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def noticed_before(numbered, record):
    """The kind and the line of each mutant that the run of a record has noticed."""
    kinds, found = {words: kind for kind, words in WORDS.items()}, collections.defaultdict(list)
    for line in pathlib.Path(record).read_text().splitlines():
        title, words = line.rsplit(": ", 1)
        found[title].append((kinds.get(words, "caught"), line))
    before = {}
    for number, mutant in numbered.items():
        # A line has the same change twice where it has the call twice.
        entries = found[mutant.title]
        if entries and not {kind for kind, _ in entries} & {"survived", "explained"}:
            before[number] = entries.pop(0) if len(entries) > 1 else entries[0]
    return before


def run(mutants, record, iterate):
    """Runs the tests on each mutant, writes the list of them to the file `record` ("" for none) and ends with the report."""
    began, numbered = time.monotonic(), dict(enumerate(mutants, 1))
    entries = noticed_before(numbered, record) if iterate else {}
    for number, found in results({number: mutant for number, mutant in numbered.items() if number not in entries}):
        mutant, kind = numbered[number], found[0] if found and found[0] in ("unviable", "timeout") else "caught"
        kind = kind if found else report.kind_of(mutant.described)
        entries[number] = (kind, f"{mutant.title}: {described(found, kind)}")
        print(entries[number][1], flush=True)
    if record:
        pathlib.Path(record).write_text("".join(f"{entries[number][1]}\n" for number in numbered))
    used, counts = os.times(), collections.defaultdict(collections.Counter)
    print(f"{time.monotonic() - began:.0f} s, {used.children_user + used.children_system:.0f} s of CPU time", file=sys.stderr)
    for number, mutant in numbered.items():
        counts[mutant.file][entries[number][0]] += 1
    survivors = [mutant.described for number, mutant in numbered.items() if entries[number][0] in ("survived", "explained")]
    report.finish({file: counts[file] for file in files() if file in counts}, survivors)


def main(mutants, arguments):
    """What ./operators and ./arithmetic do with their mutants: --list, --only TEXT, --record FILE, --iterate."""
    option = lambda name: arguments[arguments.index(name) + 1] if name in arguments else ""
    mutants = [mutant for mutant in mutants if option("--only") in mutant.title]
    if "--list" in arguments:
        print("\n".join(mutant.title for mutant in mutants))
        return
    checkout.make()
    run(mutants, option("--record"), "--iterate" in arguments)


if __name__ == "__main__":
    print("\n".join(files()))
