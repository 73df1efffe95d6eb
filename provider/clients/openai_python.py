"""openai for Python."""

import asyncio
import time
import uuid

import openai
from harness import ANSWER, BASE_URL, ECHO_FROZEN_KEY, ECHO_URL, FROZEN_KEY, MESSAGES, PROMPT, PROXIED, UNITS, Key, call, fails, run, upstream_calls
from pydantic import BaseModel

KEY = Key()
client = openai.OpenAI(base_url=BASE_URL, api_key=KEY.text, max_retries=0, timeout=10)
chat = client.chat.completions
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Reports the weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}}},
    },
}


class Report(BaseModel):
    city: str
    degrees: int


def marked():
    """Messages that no other request has, of four words."""
    mark = uuid.uuid4().hex
    return mark, [{"role": "user", "content": f"{mark} {PROMPT}"}]


def a_whole_answer():
    raw = chat.with_raw_response.create(model="words", messages=MESSAGES, extra_headers={"x-request-id": "check-1"})
    answer = raw.parse()
    assert answer.choices[0].message.content == ANSWER and answer.model == "words"
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 4, 7)
    assert usage.prompt_tokens_details.cached_tokens == 1
    assert answer.model_extra["blockable"]["units"] == UNITS
    assert raw.headers["x-blockable-units"] == str(UNITS) and answer._request_id == "check-1"
    [record] = KEY.charged(UNITS)
    assert (record["prompt_tokens"], record["cached_tokens"], record["generated_tokens"]) == (3, 1, 4)
    assert (record["request"], record["endpoint"], record["ended"]) == ("check-1", "chat", "complete")


def a_limit():
    answer = chat.create(model="words", messages=MESSAGES, max_tokens=2)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("alpha beta", "length")
    answer = chat.create(model="words", messages=MESSAGES, max_completion_tokens=1)
    assert answer.usage.completion_tokens == 1
    KEY.charged(3 + 8, 3 + 4)


def a_stream_without_usage():
    chunks = list(chat.create(model="words", messages=MESSAGES, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER
    assert chunks[-1].choices[0].finish_reason == "stop" and all(chunk.usage is None for chunk in chunks)
    KEY.charged(UNITS)


def a_stream_with_usage():
    stream = chat.create(model="words", messages=MESSAGES, stream=True, stream_options={"include_usage": True})
    *chunks, last = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER
    assert PROXIED or last.choices == []
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (3, 4)
    assert last.model_extra["blockable"]["units"] == UNITS
    KEY.charged(UNITS)


def a_stream_by_events():
    with chat.stream(model="words", messages=MESSAGES) as stream:
        assert "".join(event.delta for event in stream if event.type == "content.delta") == ANSWER
        assert stream.get_final_completion().choices[0].finish_reason == "stop"
    KEY.charged(UNITS)


def text_completions():
    answer = client.completions.create(model="words", prompt=PROMPT)
    assert answer.choices[0].text == ANSWER and answer.usage.total_tokens == 7
    stream = client.completions.create(model="words", prompt=[PROMPT], stream=True)
    # LiteLLM's proxy ends a text without one.
    assert "".join(chunk.choices[0].text or "" for chunk in stream if chunk.choices) == ANSWER
    assert [record["endpoint"] for record in KEY.charged(UNITS, UNITS)] == ["text"] * 2


def tools():
    answer = chat.create(model="words", messages=MESSAGES, tools=[TOOL]).choices[0]
    [called] = answer.message.tool_calls
    assert answer.finish_reason == "tool_calls" and called.function.name == "weather"
    assert Report.model_validate_json(called.function.arguments).degrees == 7
    told = {"role": "tool", "tool_call_id": called.id, "content": "rain"}
    messages = [*MESSAGES, answer.message.model_dump(exclude_none=True), told]
    assert chat.create(model="words", messages=messages, tools=[TOOL]).choices[0].message.content == ANSWER
    KEY.charged(3 + 4 * 4, 4 + 4 * 4)


def tools_in_a_stream():
    with chat.stream(model="words", messages=MESSAGES, tools=[TOOL]) as stream:
        for _ in stream:
            pass
        [called] = stream.get_final_completion().choices[0].message.tool_calls
    assert Report.model_validate_json(called.function.arguments).city == "Oslo"
    # Its text is counted, because nobody asked for usage: see the page.
    [record] = KEY.charged(3 + 4 * 4)
    assert record["generated_tokens"] == 4


def structured_output():
    answer = chat.parse(model="words", messages=MESSAGES, response_format=Report)
    assert answer.choices[0].message.parsed == Report(city="Oslo", degrees=7)
    KEY.charged(3 + 4 * 4)


def timeouts_without_a_key_pay_for_the_prompt():
    mark, messages = marked()
    impatient = client.with_options(timeout=0.5, max_retries=2)
    fails(openai.APITimeoutError, lambda: impatient.chat.completions.create(model="slow", messages=messages))
    calls = upstream_calls(mark)
    assert len(calls) == 3 and not any("Idempotency-Key" in str(call["headers"]) for call in calls)
    records = KEY.charged(*[counted(messages)] * 3)
    assert {record["ended"] for record in records} == {"client_left"}


def counted(messages):
    """The charge of a prompt that no usage states: a token for each digit and for every four bytes of the rest."""
    text = "user" + messages[0]["content"]
    digits = sum(character.isdigit() for character in text)
    return digits + -(-(len(text) - digits) // 4)


def timeouts_with_an_idempotency_key_pay_once():
    mark, messages = marked()
    impatient = client.with_options(timeout=1, max_retries=4)
    named = {"Idempotency-Key": str(uuid.uuid4())}
    raw = impatient.chat.completions.with_raw_response.create(model="slow", messages=messages, extra_headers=named)
    assert raw.parse().choices[0].message.content == ANSWER
    assert len(upstream_calls(mark)) == 1 and raw.retries_taken >= 1
    KEY.charged(4 + 4 * 4)


def retries_of_a_busy_model():
    mark, messages = marked()
    patient = client.with_options(max_retries=2)
    raw = patient.chat.completions.with_raw_response.create(model="busy-once", messages=messages)
    assert raw.parse().choices[0].message.content == ANSWER and raw.retries_taken == 1
    KEY.charged(0, 4 + 4 * 4)
    mark, messages = marked()
    error = fails(openai.InternalServerError, lambda: chat.create(model="busy-once", messages=messages))
    assert (error.status_code, error.code) == (503, "model_busy") and int(error.response.headers["retry-after"]) >= 1
    assert "internal" not in str(error.body)
    KEY.charged(0)


def a_frozen_credit():
    frozen = client.with_options(api_key=FROZEN_KEY).chat.completions
    for stream in (False, True):
        error = fails(openai.APIStatusError, lambda: frozen.create(model="words", messages=MESSAGES, stream=stream))
        assert (error.status_code, error.code, error.type) == (402, "credit_frozen", "insufficient_quota")
        assert "has frozen this credit's units" in error.message
        details = error.response.json()
        assert details["units"]["available"] == 0 and details["payment"]["least"]["amount"] > 0


def wrong_requests():
    def refused(kind, code, param=None, **request):
        error = fails(kind, lambda: chat.create(**({"model": "words", "messages": MESSAGES} | request)))
        assert (error.code, error.param) == (code, param), error

    refused(openai.NotFoundError, "model_not_found", "model", model="gpt-9")
    refused(openai.BadRequestError, "unsupported_parameter", "web_search_options", web_search_options={})
    refused(openai.BadRequestError, "invalid_parameter", "max_tokens", max_tokens=-1)
    refused(openai.BadRequestError, "invalid_parameter", "messages", messages=[])
    image = {"type": "image_url", "image_url": {"url": "https://images.example/1.png"}}
    refused(openai.BadRequestError, "unsupported_content", "messages", messages=[{"role": "user", "content": [image]}])
    stranger = client.with_options(api_key="blk-nobody")
    error = fails(openai.AuthenticationError, lambda: stranger.chat.completions.create(model="words", messages=MESSAGES))
    assert error.code == "invalid_api_key"
    KEY.charged()


def an_upstream_that_refuses_the_provider():
    error = fails(openai.InternalServerError, lambda: chat.create(model="refuses", messages=MESSAGES))
    assert (error.status_code, error.code) == (502, "upstream_refused")
    assert "sk-" not in str(error.body) and "internal" not in str(error.body)
    KEY.charged(0)


def a_stream_that_breaks():
    if PROXIED:
        return a_stream_that_the_proxy_ends()
    stream = chat.create(model="breaks", messages=MESSAGES, stream=True)
    text = []
    error = fails(openai.APIError, lambda: text.extend(chunk.choices[0].delta.content for chunk in stream))
    assert text == ["alpha", " beta"] and error.code == "upstream_incomplete", error
    # A token for every four bytes of "user" and the prompt, and of the text that came.
    KEY.charged(5 + 4 * 3)


def a_stream_that_the_proxy_ends():
    chunks = list(chat.create(model="breaks", messages=MESSAGES, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "alpha beta"
    [record] = KEY.records(1)
    assert record["ended"] == "complete" and record["generated_tokens"] == 2
    return "the proxy ends a broken stream as a complete one, with a usage of its own"


def a_stream_that_is_left():
    mark, messages = marked()
    stream = chat.create(model="endless", messages=messages, stream=True)
    seen = [next(stream) for _ in range(10)]
    stream.close()
    assert len(seen) == 10
    [record] = KEY.records(1)
    # Pieces of five bytes, and a token for every four bytes: at least what was seen, at most what was made.
    pieces = record["generated_tokens"] * 4 // 5
    assert record["ended"] == "client_left" and pieces >= 10, record
    assert record["units"] == counted(messages) + 4 * record["generated_tokens"]
    time.sleep(0.2)
    [made] = upstream_calls(mark)
    assert made["stayed"] is False and pieces <= made["pieces"] <= 60, (made, record)


def limits_of_a_sub_key():
    key = Key(requests_per_minute=2, expires_at=int(time.time()) + 3600)
    limited = client.with_options(api_key=key.text).chat.completions
    for _ in range(2):
        limited.create(model="words", messages=MESSAGES)
    error = fails(openai.RateLimitError, lambda: limited.create(model="words", messages=MESSAGES))
    assert error.code == "key_rate_limited" and 1 <= int(error.response.headers["retry-after"]) <= 60
    key.charged(UNITS, UNITS)
    key = Key(units_per_minute=UNITS)
    limited = client.with_options(api_key=key.text).chat.completions
    limited.create(model="words", messages=MESSAGES, max_tokens=4)
    error = fails(openai.RateLimitError, lambda: limited.create(model="words", messages=MESSAGES, max_tokens=4))
    assert error.code == "key_rate_limited" and "retry-after" in error.response.headers
    key.charged(UNITS)


def the_budget_of_a_sub_key():
    key = Key(budget={"units": 4_000, "period": "total"})
    spending = client.with_options(api_key=key.text).chat.completions
    fitted = spending.with_raw_response.create(model="words", messages=MESSAGES)
    assert 256 <= int(fitted.headers["x-blockable-max-tokens"]) < 1_000
    error = fails(openai.APIStatusError, lambda: spending.create(model="words", messages=MESSAGES, max_tokens=1_000))
    assert (error.status_code, error.code, error.param) == (402, "key_budget_exhausted", "max_tokens"), error.body
    assert error.response.json()["budget"]["used"] == UNITS, error.response.json()
    key.charged(UNITS)
    key = Key(budget={"units": 30, "period": "day"})
    error = fails(openai.APIStatusError, lambda: client.with_options(api_key=key.text).chat.completions.create(model="words", messages=MESSAGES))
    assert (error.status_code, error.code) == (402, "key_budget_exhausted")
    key.charged()


def the_life_of_a_sub_key():
    key = Key(expires_at=int(time.time()) + 2)
    using = client.with_options(api_key=key.text).chat.completions
    using.create(model="words", messages=MESSAGES)
    key.charged(UNITS)
    replaced = call("POST", f"/keys/{key.name}/replace")["key"]
    error = fails(openai.AuthenticationError, lambda: using.create(model="words", messages=MESSAGES))
    assert error.code == "invalid_api_key"
    time.sleep(2.5)
    late = client.with_options(api_key=replaced)
    error = fails(openai.AuthenticationError, lambda: late.chat.completions.create(model="words", messages=MESSAGES))
    assert error.code == "api_key_expired"
    key = Key()
    call("DELETE", f"/keys/{key.name}")
    gone = client.with_options(api_key=key.text)
    error = fails(openai.AuthenticationError, lambda: gone.chat.completions.create(model="words", messages=MESSAGES))
    assert error.code == "invalid_api_key"
    error = fails(openai.PermissionDeniedError, lambda: client.get("/keys", cast_to=object))
    assert error.code == "key_not_allowed"


def models():
    names = [model.id for model in client.models.list()]
    assert "words" in names and "org/words" in names
    for name in ("words", "org/words"):
        assert client.models.retrieve(name).id == name
    assert fails(openai.NotFoundError, lambda: client.models.retrieve("gpt-9")).code == "model_not_found"


def twenty_at_once():
    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=BASE_URL, api_key=KEY.text, max_retries=0) as several:
            ask = [several.chat.completions.create(model="org/words", messages=MESSAGES) for _ in range(20)]
            return await asyncio.gather(*ask)

    answers = asyncio.run(all_of_them())
    assert {(answer.model, answer.choices[0].message.content) for answer in answers} == {("org/words", ANSWER)}
    KEY.charged(*[UNITS] * 20)


ECHO_KEY = Key(ECHO_URL)
echo = client.with_options(base_url=ECHO_URL, api_key=ECHO_KEY.text)


def responses():
    answer = echo.responses.create(model="echo", input=PROMPT)
    assert answer.output_text == PROMPT and answer.status == "completed"
    usage = answer.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (3, 3, 6)
    limited = echo.responses.create(model="echo", input=[{"role": "user", "content": PROMPT}], max_output_tokens=2)
    assert limited.output_text == "one two"
    events = list(echo.responses.create(model="echo", input=PROMPT, stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text.split() == PROMPT.split() and events[-1].type == "response.completed"
    assert events[-1].response.usage.output_tokens == 3
    records = ECHO_KEY.charged(3 + 12, 3 + 8, 3 + 12)
    assert {record["endpoint"] for record in records} == {"responses"}
    frozen = echo.with_options(api_key=ECHO_FROZEN_KEY)
    error = fails(openai.APIStatusError, lambda: frozen.responses.create(model="echo", input=PROMPT))
    assert (error.status_code, error.code) == (402, "credit_frozen")
    error = fails(openai.NotFoundError, lambda: echo.responses.create(model="gpt-9", input=PROMPT))
    assert error.code == "model_not_found"


def embeddings():
    answer = echo.embeddings.create(model="echo", input=[PROMPT, "one", PROMPT], dimensions=8)
    one, two, three = (entry.embedding for entry in answer.data)
    assert len(one) == len(two) == 8 and one == three != two
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (7, 7)
    packed = echo.embeddings.create(model="echo", input=PROMPT, dimensions=8, encoding_format="base64")
    assert isinstance(packed.data[0].embedding, str)
    records = ECHO_KEY.charged(7, 3)
    assert {(record["endpoint"], record["generated_tokens"]) for record in records} == {("embeddings", 0)}
    error = fails(openai.NotFoundError, lambda: client.embeddings.create(model="words", input=PROMPT))
    assert "not served" in error.message or error.code == "model_not_found", error


def its_usage_is_the_log():
    key = Key()
    using = client.with_options(api_key=key.text).chat.completions
    usages = [using.create(model="words", messages=MESSAGES, max_tokens=most).usage for most in (1, 2, 3, 9)]
    key.records(len(usages))
    [totals] = client.with_options(api_key=key.text).get("/usage/totals", cast_to=object)["data"]
    assert totals["prompt_tokens"] == sum(usage.prompt_tokens for usage in usages) == 12
    assert totals["generated_tokens"] == sum(usage.completion_tokens for usage in usages) == 10
    assert (totals["units"], totals["jobs"]) == (12 + 4 * 10, 4), totals


run(
    openai.__version__,
    [
        a_whole_answer,
        a_limit,
        a_stream_without_usage,
        a_stream_with_usage,
        a_stream_by_events,
        text_completions,
        tools,
        tools_in_a_stream,
        structured_output,
        timeouts_without_a_key_pay_for_the_prompt,
        timeouts_with_an_idempotency_key_pay_once,
        retries_of_a_busy_model,
        a_frozen_credit,
        wrong_requests,
        an_upstream_that_refuses_the_provider,
        a_stream_that_breaks,
        a_stream_that_is_left,
        limits_of_a_sub_key,
        the_budget_of_a_sub_key,
        the_life_of_a_sub_key,
        models,
        twenty_at_once,
        responses,
        embeddings,
        its_usage_is_the_log,
    ],
)
