"""Runs the unit tests on the mutants that cargo-mutants lists.

usage: operators.py LIST [--list] [--only TEXT] [--record FILE [--iterate]]
"""
import json
import pathlib
import re
import sys

import checkout
import unit_tests

SOURCES = f"{checkout.CRATE}/src/"


def described(file, line, column, change):
    """A mutant without its place: file, line and change. Where the line has the operator several times, which of them."""
    operator = re.match(r"(?:replace|delete) (\S+)", change).group(1)
    places = [m.start() + 1 for m in re.finditer(rf"(?<!\S){re.escape(operator)}(?!\S)", line)]
    which = f", number {places.index(column) + 1}" if len(places) > 1 and column in places else ""
    return f"{file}.rs: {line.strip()} [{change}{which}]"


def mutant_of(listed):
    """A mutant as cargo-mutants lists it: lines and columns count from 1."""
    file = listed["file"].removeprefix(SOURCES).removesuffix(".rs")
    lines = unit_tests.original(file).splitlines(keepends=True)
    at = lambda place: sum(map(len, lines[:place["line"] - 1])) + place["column"] - 1
    start, end = listed["span"]["start"], listed["span"]["end"]
    title = listed["name"].removeprefix(SOURCES)
    change = re.fullmatch(r".+?:\d+:\d+: (.+)", title).group(1)
    text = described(file, lines[start["line"] - 1], start["column"], change)
    return unit_tests.Mutant(file, at(start), at(end), listed["replacement"], title, text)


def main():
    mutants = [mutant_of(listed) for listed in json.loads(pathlib.Path(sys.argv[1]).read_text())]
    unit_tests.main(mutants, sys.argv[2:])


main()
