"""The tokenizers and templates that bounds are compared with: each counts the tokens of texts and of requests."""

import base64
import copy
import datetime
import json
import os
import pathlib

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

# What the templates of Llama 3.1 and later do: tools indented by four, calls and results as JSON.
LLAMA3 = """{{- bos_token }}{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools %}{{- "Environment: ipython\\n" }}{%- endif %}
{{- "Cutting Knowledge Date: December 2023\\nToday Date: 26 Jul 2024\\n\\n" }}
{%- if tools %}{{- "You have access to the following functions. To call a function, please respond with JSON for a function call. Respond in the format {\\"name\\": function name, \\"parameters\\": dictionary of argument name and its value}. Do not use variables.\\n\\n" }}
{%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}{%- endif %}
{%- for message in messages %}
{%- if message.role == "tool" %}{{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}{{- message.content | tojson }}{{- "<|eot_id|>" }}
{%- elif message.tool_calls %}{{- "<|start_header_id|>assistant<|end_header_id|>\\n\\n" }}{%- for c in message.tool_calls %}{{- '{"name": "' + c.function.name + '", "parameters": ' }}{{- c.function.arguments | tojson }}{{- "}" }}{%- endfor %}{{- "<|eot_id|>" }}
{%- else %}{{- "<|start_header_id|>" + message.role + "<|end_header_id|>\\n\\n" + message.content + "<|eot_id|>" }}{%- endif %}
{%- endfor %}{{- "<|start_header_id|>assistant<|end_header_id|>\\n\\n" }}"""

# What the template of Qwen3-Coder does: tools and calls as XML, unknown members of a schema by name.
QWEN_CODER = """{%- macro extra(item, known) %}{%- for key in item if key not in known %}{{- "\\n<" + key + ">" }}{%- if item[key] is mapping or (item[key] is iterable and item[key] is not string) %}{{- item[key] | tojson }}{%- else %}{{- item[key] }}{%- endif %}{{- "</" + key + ">" }}{%- endfor %}{%- endmacro %}
{{- "<|im_start|>system\\nYou are Qwen, a helpful AI assistant that can interact with a computer to solve tasks." }}
{%- if tools %}{{- "\\n\\n# Tools\\n\\nYou have access to the following functions:\\n\\n<tools>" }}
{%- for tool in tools %}{%- set tool = tool.function %}{{- "\\n<function>\\n<name>" + tool.name + "</name>" }}{{- "\\n<description>" + (tool.description | trim) + "</description>" }}{{- "\\n<parameters>" }}
{%- for name, fields in tool.parameters.properties.items() %}{{- "\\n<parameter>\\n<name>" + name + "</name>" }}{%- if fields.type is defined %}{{- "\\n<type>" + (fields.type | string) + "</type>" }}{%- endif %}{%- if fields.description is defined %}{{- "\\n<description>" + (fields.description | trim) + "</description>" }}{%- endif %}{{- extra(fields, ["type", "description"]) }}{{- "\\n</parameter>" }}{%- endfor %}
{{- extra(tool.parameters, ["type", "properties"]) }}{{- "\\n</parameters>" }}{{- extra(tool, ["type", "name", "description", "parameters"]) }}{{- "\\n</function>" }}{%- endfor %}
{{- "\\n</tools>\\n\\nIf you choose to call a function ONLY reply in the following format with NO suffix:\\n\\n<tool_call>\\n<function=example_function_name>\\n<parameter=example_parameter_1>\\nvalue_1\\n</parameter>\\n<parameter=example_parameter_2>\\nThis is the value for the second parameter\\nthat can span\\nmultiple lines\\n</parameter>\\n</function>\\n</tool_call>\\n\\n<IMPORTANT>\\nReminder:\\n- Function calls MUST follow the specified format: an inner <function=...></function> block must be nested within <tool_call></tool_call> XML tags\\n- Required parameters MUST be specified\\n- You may provide optional reasoning for your function call in natural language BEFORE the function call, but NOT after\\n- If there is no function call available, answer the question like normal with your current knowledge and do not tell the user about function calls\\n</IMPORTANT>" }}{%- endif %}{{- "<|im_end|>\\n" }}
{%- for message in messages %}
{%- if message.tool_calls %}{{- "<|im_start|>assistant" }}{%- for c in message.tool_calls %}{{- "\\n<tool_call>\\n<function=" + c.function.name + ">\\n" }}{%- for name, given in c.function.arguments.items() %}{{- "<parameter=" + name + ">\\n" }}{{- given if given is string else given | tojson }}{{- "\\n</parameter>\\n" }}{%- endfor %}{{- "</function>\\n</tool_call>" }}{%- endfor %}{{- "<|im_end|>\\n" }}
{%- elif message.role == "tool" %}{{- "<|im_start|>user\\n<tool_response>\\n" + message.content + "\\n</tool_response>\\n<|im_end|>\\n" }}
{%- else %}{{- "<|im_start|>" + message.role + "\\n" + message.content + "<|im_end|>\\n" }}{%- endif %}{%- endfor %}{{- "<|im_start|>assistant\\n" }}"""

# What DeepSeek V3.1 and V3.2 do: tools as JSON on one line, calls by marks of their own.
DEEPSEEK = """{{- bos_token }}{%- if tools %}{{- "\\n\\n## Tools\\nYou have access to the following tools:\\n" }}{%- for t in tools %}{{- "\\n### " + t.function.name + "\\nDescription: " + t.function.description + "\\n\\nParameters: " }}{{- t.function.parameters | tojson }}{{- "\\n" }}{%- endfor %}{{- "\\nIMPORTANT: ALWAYS adhere to this exact format for tool use:\\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜><｜tool▁calls▁end｜>\\n" }}{%- endif %}
{%- for message in messages %}
{%- if message.tool_calls %}{{- "<｜Assistant｜></think>\\n\\n<｜DSML｜function_calls>\\n" }}{%- for c in message.tool_calls %}{{- '<｜DSML｜invoke name="' + c.function.name + '">\\n' }}{%- for name, given in c.function.arguments.items() %}{{- '<｜DSML｜parameter name="' + name + '" string="' + ("true" if given is string else "false") + '">' }}{{- given if given is string else given | tojson }}{{- "</｜DSML｜parameter>\\n" }}{%- endfor %}{{- "</｜DSML｜invoke>\\n" }}{%- endfor %}{{- "</｜DSML｜function_calls><｜end▁of▁sentence｜>" }}
{%- elif message.role == "tool" %}{{- "\\n\\n<function_results>\\n<result>" + message.content + "</result>\\n</function_results>" }}
{%- elif message.role == "assistant" %}{{- "<｜Assistant｜></think>" + message.content + "<｜end▁of▁sentence｜>" }}
{%- else %}{{- ("<｜User｜>" if message.role == "user" else "") + message.content }}{%- endif %}{%- endfor %}{{- "<｜Assistant｜><think>" }}"""


def to_json(value, indent=None):
    return json.dumps(value, ensure_ascii=False, indent=indent)


def compiled(template):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = to_json
    return environment.from_string(template)


def as_upstream(body):
    """The messages and tools as vLLM hands them to a template: models of them with every member, calls parsed."""
    body = copy.deepcopy(body)
    for message in body["messages"]:
        for call in message.get("tool_calls", []):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    tools = body.get("tools")
    for tool in tools or []:
        tool["function"] |= {"strict": None, "defer_loading": None}
    return body["messages"], tools


class Template:
    """A tokenizer of Hugging Face's form with a template. `prefix` is what the tokenizer sets before any text."""

    def __init__(self, family, name, folder, template=None, prefix=0):
        self.family, self.name, self.vocabulary, self.prefix = family, name, folder.name, prefix
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        settings = folder / "tokenizer_config.json"
        settings = json.loads(settings.read_text()) if settings.exists() else {}
        own = template or settings.get("chat_template")
        self.template = compiled(own) if own else None
        bos = settings.get("bos_token") or ""
        self.bos = bos if isinstance(bos, str) else bos["content"]

    def texts(self, texts):
        return [len(found.ids) for found in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def request(self, body):
        messages, tools = as_upstream(body)
        if self.family == "gemma":
            messages, tools = [m for m in messages if m["role"] in ("user", "assistant") and not m.get("tool_calls")], None
        if self.name == "DeepSeek V3, its own template":
            messages, tools = body["messages"], None
        variables = {"messages": messages, "tools": tools, "add_generation_prompt": True, "bos_token": self.bos}
        return self.texts([self.template.render(**variables)])[0]


class Mistral:
    """One of mistral-common's tokenizers, with its own way to write a chat."""

    family = "mistral"
    template = True

    def __init__(self, file):
        from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
        self.name, self.vocabulary = f"mistral-common {file.name}", file.name
        self.prefix = 0 if "tekken" in file.name else 1
        self.tokenizer = MistralTokenizer.from_file(str(file))
        self.plain = self.tokenizer.instruct_tokenizer.tokenizer
        self.has_tools = not file.name.endswith(".v1")

    def texts(self, texts):
        return [len(self.plain.encode(text, bos=False, eos=False)) for text in texts]

    def prepare(self, body):
        """The request as the library takes it: it validates schemas, so they stand under a keyword that means nothing."""
        for tool in body.get("tools", []):
            tool["function"]["parameters"] = {"type": "object", "x": tool["function"]["parameters"]}
        if not self.has_tools:
            body.pop("tools", None)
        if not self.has_tools or ".v2" in self.name:
            body["messages"] = [m for m in body["messages"] if m["role"] != "tool" and not m.get("tool_calls")]
        return body

    def request(self, body):
        from mistral_common.protocol.instruct.request import ChatCompletionRequest
        return len(self.tokenizer.encode_chat_completion(ChatCompletionRequest(**copy.deepcopy(body))).tokens)


class Harmony:
    """gpt-oss, written by OpenAI's own library."""

    family, name, vocabulary = "gpt-oss", "gpt-oss, openai-harmony", "o200k"
    template, prefix = True, 0

    def __init__(self, home, folder):
        write_ranks(folder / "tokenizer.json", home / "o200k_base.tiktoken")
        os.environ["TIKTOKEN_ENCODINGS_BASE"] = str(home)
        import openai_harmony
        self.h = openai_harmony
        self.encoding = openai_harmony.load_harmony_encoding(openai_harmony.HarmonyEncodingName.HARMONY_GPT_OSS)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def texts(self, texts):
        return [len(found.ids) for found in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def request(self, body):
        h = self.h
        system = h.SystemContent.new().with_conversation_start_date(datetime.date.today().isoformat())
        developer = h.DeveloperContent.new()
        tools = [tool["function"] for tool in body.get("tools", [])]
        if tools:
            developer = developer.with_function_tools(
                [h.ToolDescription.new(tool["name"], tool["description"], parameters=tool["parameters"]) for tool in tools])
        written = []
        for message in body["messages"]:
            if message["role"] == "system":
                developer = developer.with_instructions(message["content"])
            elif message["role"] == "tool":
                author = h.Author.new(h.Role.TOOL, f"functions.{message['name']}")
                written.append(h.Message.from_author_and_content(author, message["content"]).with_channel("commentary").with_recipient("assistant"))
            elif message.get("tool_calls"):
                for call in message["tool_calls"]:
                    said = h.Message.from_role_and_content(h.Role.ASSISTANT, call["function"]["arguments"]).with_channel("commentary")
                    written.append(said.with_recipient(f"functions.{call['function']['name']}").with_content_type("<|constrain|>json"))
            else:
                role = h.Role.USER if message["role"] == "user" else h.Role.ASSISTANT
                said = h.Message.from_role_and_content(role, message["content"])
                written.append(said.with_channel("final") if role == h.Role.ASSISTANT else said)
        first = [h.Message.from_role_and_content(h.Role.SYSTEM, system), h.Message.from_role_and_content(h.Role.DEVELOPER, developer)]
        chat = h.Conversation.from_messages(first + written)
        return len(self.encoding.render_conversation_for_completion(chat, h.Role.ASSISTANT))


def write_ranks(vocabulary, file):
    """Writes a byte-level vocabulary in tiktoken's form, whose hash the library checks."""
    if file.exists():
        return
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    byte_of = {chr(byte): byte for byte in shown} | {chr(256 + place): byte for place, byte in enumerate(hidden)}
    vocab = json.loads(vocabulary.read_text())["model"]["vocab"]
    ranks = sorted((rank, token) for token, rank in vocab.items() if rank < 199_998)
    lines = (base64.b64encode(bytes(byte_of[c] for c in token)) + b" %d\n" % rank for rank, token in ranks)
    file.write_bytes(b"".join(lines))


def all_of(home):
    """Every tokenizer, one at a time."""
    import mistral_common
    folder = lambda name: home / f"tokenizer-{name}-3.7.2"
    yield lambda: Template("llama3", "Llama 3.1, tools indented by four", folder("llama3_1"), LLAMA3)
    yield lambda: Template("qwen", "Qwen3, its own template", folder("qwen3"))
    yield lambda: Template("qwen-coder", "Qwen3, tools and calls as XML", folder("qwen3"), QWEN_CODER)
    yield lambda: Harmony(home, folder("gptoss"))
    yield lambda: Template("deepseek", "DeepSeek V3, its own template", folder("deepseek_v3"))
    yield lambda: Template("deepseek", "DeepSeek V3, tools as JSON, calls by marks", folder("deepseek_v3"), DEEPSEEK)
    yield lambda: Template("gemma", "Gemma 3, its own template", folder("gemma3"))
    yield lambda: Template("mistral", "Llama 2 (SentencePiece), text alone", folder("llama2"), prefix=1)
    data = pathlib.Path(mistral_common.__file__).parent / "data"
    for file in sorted(data.glob("*.model.v*")) + sorted(data.glob("tekken_*.json")):
        yield lambda file=file: Mistral(file)
