"""Reads what ./operators has found: a table of the modules, and what survives with or without an explanation."""
import collections
import pathlib
import re
import sys

import report

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = "programs/blockable-credits/src/"


def names(path):
    return set(path.read_text().splitlines()) if path.exists() else set()


def described(name):
    """A mutant without its place: file, line and change. Where the line has the operator several times, which of them."""
    path, number, column, change = re.fullmatch(r"(.+?):(\d+):(\d+): (.+)", name).groups()
    line = (ROOT / path).read_text().split("\n")[int(number) - 1]
    operator = re.match(r"(?:replace|delete) (\S+)", change).group(1)
    places = [m.start() + 1 for m in re.finditer(rf"(?<!\S){re.escape(operator)}(?!\S)", line)]
    which = f", number {places.index(int(column)) + 1}" if len(places) > 1 and int(column) in places else ""
    return f"{path.removeprefix(SOURCES)}: {line.strip()} [{change}{which}]"


def main():
    found = pathlib.Path(sys.argv[1])
    last = found / "mutants.out"
    unviable, timeout = names(found / "unviable.txt"), names(found / "timeout.txt") | names(last / "timeout.txt")
    unviable |= names(last / "unviable.txt")
    noticed = names(last / "caught.txt") | names(last / "previously_caught.txt")
    survivors = {name: described(name) for name in sorted(names(last / "missed.txt"))}
    kinds = {**dict.fromkeys(noticed, "caught"), **dict.fromkeys(timeout, "timeout"), **dict.fromkeys(unviable, "unviable"),
             **{name: report.kind_of(text) for name, text in survivors.items()}}
    counts = collections.defaultdict(collections.Counter)
    for name, kind in kinds.items():
        counts[name.split(":")[0].removeprefix(SOURCES).removesuffix(".rs")][kind] += 1
    report.finish(dict(sorted(counts.items())), survivors.values())


main()
