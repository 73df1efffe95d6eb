"""What ./operators and ./arithmetic print at their end."""
import collections
import pathlib
import sys

EXPLAINED = (pathlib.Path(__file__).resolve().parent / "equivalent.txt").read_text().splitlines()
KINDS = ("caught", "timeout", "unviable", "explained", "survived")


def kind_of(survivor):
    """Whether equivalent.txt explains what no test has noticed."""
    return "explained" if survivor in EXPLAINED else "survived"


def finish(counts, survivors):
    """Prints mutants by module and kind, and what no test has noticed; fails where some of that is not explained."""
    print("\n| module | mutants | caught | timeout | do not compile | equivalent | survived |\n|---|--:|--:|--:|--:|--:|--:|")
    for name, count in [*counts.items(), ("all", sum(counts.values(), collections.Counter()))]:
        print(f"| `{name}` | {sum(count.values())} | {' | '.join(str(count[kind]) for kind in KINDS)} |")
    print()
    for text in survivors:
        print(text + (" (explained)" if kind_of(text) == "explained" else ""))
    sys.exit(1 if any(count["survived"] for count in counts.values()) else 0)
