"""Compares the bounds on prompts with real tokenizers and templates. See scripts/check-bounds."""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import time

import families
import inputs

# What the bound on a prompt without a template adds for marks around it.
AROUND = 4
PROMPTS = 2_000


def bounds(family, endpoint, bodies):
    """The bounds that the server would hold for, by its own command."""
    lines = "".join(json.dumps(body, ensure_ascii=False) + "\n" for body in bodies)
    command = [os.environ["BLOCKABLE_PROVIDER"], "bound", "--family", family, "--endpoint", endpoint]
    done = subprocess.run(command, input=lines.encode(), check=True, capture_output=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for body, answer in zip(bodies, answers, strict=True):
        if "error" in answer:
            raise SystemExit(f"{family} refuses {json.dumps(body)[:400]}: {answer['error']}")
    return [answer["prompts"] for answer in answers]


def every_character():
    """Every code point: alone, ten times, and between a letter and a mark."""
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            character = chr(code)
            yield character
            yield character * 10
            yield f"a{character}\u0323{character}"


class Worst:
    """The comparisons made, and the one that came nearest to its bound."""

    def __init__(self):
        self.count, self.share, self.shown, self.failures = 0, 0.0, "", []

    def add(self, real, bound, shown):
        self.count += 1
        share = real / bound if bound else float(real > 0)
        if share > self.share:
            self.share, self.shown = share, f"{real:,} of {bound:,}"
        if real > bound:
            self.failures.append((real, bound, shown))


def check_texts(family, texts, worst):
    batch = []
    def flush():
        if not batch:
            return
        allowed = bounds(family.family, "text", [{"model": "any", "prompt": batch}])[0]
        for text, real, bound in zip(batch, family.texts(batch), allowed, strict=True):
            worst.add(real, bound - AROUND + family.prefix, text)
        batch.clear()
    for text in texts:
        batch.append(text)
        if len(batch) == PROMPTS:
            flush()
    flush()


def check_requests(family, count, random_, worst, any_worst):
    prepare = getattr(family, "prepare", lambda body: body)
    made = [prepare(inputs.request(random_)) for _ in range(count)]
    allowed = bounds(family.family, "chat", made)
    largest = bounds("any", "chat", made)
    for body, [bound], [of_any] in zip(made, allowed, largest, strict=True):
        real = family.request(body)
        worst.add(real, bound, body)
        any_worst.add(real, of_any, body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--family", action="append")
    parser.add_argument("--quick", action="store_true", help="requests alone")
    parser.add_argument("--record", type=pathlib.Path)
    args = parser.parse_args()
    print(f"seed {args.seed}")
    rows, seen, any_requests, failed = [], set(), Worst(), False
    for make in families.all_of(args.home):
        family = make()
        if args.family and family.family not in args.family:
            continue
        began, random_ = time.monotonic(), random.Random(args.seed)
        characters, texts, requests = Worst(), Worst(), Worst()
        if family.vocabulary not in seen and not args.quick:
            check_texts(family, every_character(), characters)
            check_texts(family, (inputs.text(random_) for _ in range(args.texts)), texts)
        seen.add(family.vocabulary)
        if family.template:
            check_requests(family, args.requests, random_, requests, any_requests)
        row = (family.name, family.family, characters, texts, requests)
        rows.append(row)
        failed |= any(worst.failures for worst in row[2:])
        print(f"{family.name}: " + ", ".join(f"{worst.count:,} compared, at most {worst.share:.1%} ({worst.shown})" for worst in row[2:])
              + f", {time.monotonic() - began:.0f} s", flush=True)
        for worst in row[2:]:
            for real, bound, shown in worst.failures[:3]:
                print(f"  FAILED {real} above {bound}: {json.dumps(shown, ensure_ascii=True)[:3000]}")
    failed |= bool(any_requests.failures)
    print(f"all under \"any\": {any_requests.count:,} requests, at most {any_requests.share:.1%}")
    if args.record and not failed:
        write_record(args, rows, any_requests)
    sys.exit(1 if failed else 0)


def write_record(args, rows, any_requests):
    lines = [
        "# A run of the bounds", "",
        "Prompts whose bound is compared with the tokens that real tokenizers and templates make of them. None had more tokens than",
        "its bound.", "", "```text",
        f"scripts/check-bounds --seed {args.seed} --texts {args.texts} --requests {args.requests} --record docs/bounds-record.md", "```", "",
        "Characters: every code point of Unicode alone, ten times, and between marks. Texts and requests are random, made of what",
        "normalisation, byte fallback, quoting, indentation and comments make longer. Each column has the number of comparisons and",
        "the largest share of a bound that was used. SentencePiece sets one mark before a text; it is one of the four tokens that a",
        "bound has around a prompt, and compared as such.", "",
        "Vocabularies come from [PyPI](../scripts/bounds/requirements.txt) and [npm](../scripts/bounds/vocabularies.txt). A template",
        "that is not \"its own\" does what the published ones of the family do, see `scripts/bounds/families.py`.", "",
        "| tokenizer and template | `family` | characters | | texts | | requests | |", "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, family, *all_worst in rows:
        missing = ["as above", "as above", "none"]
        pairs = zip(all_worst, missing, strict=True)
        cells = " | ".join(f"{worst.count:,} | {worst.share:.1%}" if worst.count else f"{why} | " for worst, why in pairs)
        lines.append(f"| {name} | `{family}` | {cells} |")
    lines += ["", f"Of the {any_requests.count:,} requests none used more than {any_requests.share:.1%} of the bound of `any`."]
    args.record.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
