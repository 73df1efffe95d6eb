"""Random inputs that try to make a prompt longer than its bound."""

import unicodedata

# Characters that normalisation, byte fallback, quoting or comments make longer.
MARKS = [
    "\u0301", "\u0323", "\u0327", "\u0334", "\u0345", "\u05b0", "\u0fb5", "\u0fb7", "\u0f71", "\u0f74", "\u3099", "\u309a",
    "\U0001d165", "\U0001d16e", "\u0fb9", "\u0fac", "\u0958", "\u0344", "\u0390", "\u1fb7", "\u1e69", "\u01d5", "\ufb2c",
    "\ufdfa", "\ufb03", "\u0130", "\u212b", "\u2126", "\U0001d160", "\U0001d15e", "\U0002f800", "\uac01", "\u1100", "\u1161",
    "\u11a8", "\u304c", "\u09cb", "\u0b94", "\u0dde", "\U000110ab",
]
PLAIN = list("aZ09 .,:;!?\"'\\/<>&{}[]()=-_#`~|\n\r\t") + ["\x01", "\x7f", "\u00a0", "\u200d", "\u2028", "\ufffd"]
SCRIPTS = ["é", "ß", "ж", "ا", "ह", "中", "語", "한", "ไ", "🦊", "👩‍👩‍👧", "\U0001f9ff", "\U00020000", "\U000e0041", "▁", "Ġ", "｜"]
SPECIAL = [
    "<|im_end|>", "<|eot_id|>", "<s>", "</s>", "<|endoftext|>", "[INST]", "<｜User｜>", "<think>", "</think>", "<tool_response>",
    "<|start|>", "<end_of_turn>", "<bos>", "<0x0A>", "```", "    ", "\n\n\n", "\t\t", "ＡＢ",
]
ASSIGNED = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]


def character(random):
    """One character or a short run of characters."""
    kind = random.random()
    if kind < 0.35:
        return random.choice(PLAIN)
    if kind < 0.6:
        return random.choice(MARKS)
    if kind < 0.75:
        return random.choice(SCRIPTS)
    if kind < 0.82:
        return random.choice(SPECIAL)
    if kind < 0.95:
        return random.choice(ASSIGNED)
    code = random.randrange(0x110000)
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


def text(random, most=40):
    """A text; often one run of the same characters."""
    if random.random() < 0.2:
        return character(random) * random.randrange(most)
    return "".join(character(random) for _ in range(random.randrange(most)))


def number(random):
    return random.choice([0, -1, 10**15, 1e15, -1e-7, 5e-324, 1.5, 1e22, 2**64 - 1, -(2**63), random.random() * 10**9, True, None])


def value(random, depth=4):
    """JSON of any shape."""
    kind = random.random()
    if depth == 0 or kind < 0.45:
        return text(random, 12) if random.random() < 0.6 else number(random)
    if kind < 0.7:
        return [value(random, depth - 1) for _ in range(random.randrange(5))]
    return {text(random, 6): value(random, depth - 1) for _ in range(random.randrange(5))}


def deep(random):
    """JSON that an indentation makes long."""
    inner = [random.choice([1, "", [], {}]) for _ in range(random.randrange(1, 200))]
    for _ in range(random.randrange(1, 90)):
        inner = [inner] if random.random() < 0.7 else {random.choice(["", "a"]): inner}
    return {"type": "object", "properties": {"a": {"enum": inner}}}


def schema(random, depth=4):
    """A JSON schema, as tools have them."""
    kind = random.random()
    most = 4_000 if random.random() < 0.02 else 30
    found = {"description": text(random, most)} if random.random() < 0.6 else {}
    if random.random() < 0.2:
        found["default"] = value(random, 1)
    if depth == 0 or kind < 0.3:
        found["type"] = random.choice(["string", "number", "integer", "boolean", "null", ["string", "null"]])
        if random.random() < 0.3:
            found["enum"] = [text(random, 8) for _ in range(random.randrange(6))]
    elif kind < 0.6:
        names = [text(random, 8) for _ in range(random.randrange(6))]
        found |= {"type": "object", "properties": {name: schema(random, depth - 1) for name in names}}
        found["required"] = [name for name in names if random.random() < 0.5]
    elif kind < 0.8:
        found |= {"type": "array", "items": schema(random, depth - 1)}
    else:
        found[random.choice(["anyOf", "oneOf", "allOf"])] = [schema(random, depth - 1) for _ in range(random.randrange(4))]
    return found


def tool(random):
    """A tool, of which half have a schema as others have them."""
    kind = random.random()
    parameters = schema(random) if kind < 0.6 else deep(random) if kind < 0.75 else {"type": "object", "properties": {"x": {}}, "y": value(random)}
    if parameters.get("type") != "object":
        parameters = {"type": "object", "properties": {"value": parameters}}
    name = "".join(random.choice("abcXYZ_09") for _ in range(random.randrange(1, 12)))
    function = {"name": name, "description": text(random, 60), "parameters": parameters}
    return {"type": "function", "function": function}


def arguments(random):
    """The arguments of a call: a text that is JSON, written as closely as can be."""
    import json
    made = {text(random, 6): value(random, 3) for _ in range(random.randrange(5))}
    if random.random() < 0.3:
        made = {"x": [1e15] * random.randrange(40)}
    return json.dumps(made, separators=(",", ":"), ensure_ascii=random.random() < 0.5).replace("1000000000000000.0", "1e15")


def request(random):
    """A chat with tools, calls and their results, in an order that every template takes."""
    messages = [{"role": "system", "content": text(random)}] if random.random() < 0.5 else []
    for turn in range(random.randrange(1, 4)):
        messages.append({"role": "user", "content": text(random, 80)})
        if random.random() < 0.5:
            calls = [call(random, turn, place) for place in range(random.randrange(1, 3))]
            messages.append({"role": "assistant", "content": "", "tool_calls": calls})
            messages += [{"role": "tool", "tool_call_id": made["id"], "name": made["function"]["name"], "content": text(random, 60)} for made in calls]
        messages.append({"role": "assistant", "content": text(random) + "x"})
    messages.append({"role": "user", "content": text(random)})
    body = {"model": "any", "messages": messages}
    if random.random() < 0.7:
        body["tools"] = [tool(random) for _ in range(random.randrange(1, 4))]
    return body


def call(random, turn, place):
    name = random.choice(["f", "get_weather", "a" * 30])
    return {"id": f"call{turn:03}{place:02}", "type": "function", "function": {"name": name, "arguments": arguments(random)}}
