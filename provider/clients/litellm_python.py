"""litellm as a library, which many gateways and agents call models by."""

import time
import uuid
from importlib.metadata import version

import litellm
from harness import ANSWER, BASE_URL, FROZEN_KEY, MESSAGES, PROMPT, UNITS, Key, call, fails, run, upstream_calls

KEY = Key()
litellm.telemetry = False
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def ask(model="words", key=KEY.text, messages=MESSAGES, **more):
    settings = {"api_base": BASE_URL, "api_key": key, "num_retries": 0, "max_retries": 0, "timeout": 10} | more
    return litellm.completion(model=f"openai/{model}", messages=messages, **settings)


def a_whole_answer():
    answer = ask()
    assert answer.choices[0].message.content == ANSWER
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3, 4)
    assert answer.usage.prompt_tokens_details.cached_tokens == 1
    KEY.charged(UNITS)


def a_limit():
    answer = ask(max_tokens=2)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("alpha beta", "length")
    KEY.charged(3 + 8)


def streams():
    for options in ({}, {"stream_options": {"include_usage": True}}):
        chunks = list(ask(stream=True, **options))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
        usages = [chunk.usage for chunk in chunks if getattr(chunk, "usage", None)]
        if options:
            assert (usages[-1].prompt_tokens, usages[-1].completion_tokens) == (3, 4)
    KEY.charged(UNITS, UNITS)


def text_completions():
    answer = litellm.text_completion(model="text-completion-openai/words", prompt=PROMPT, api_base=BASE_URL, api_key=KEY.text)
    assert answer.choices[0].text == ANSWER
    KEY.charged(UNITS)


def tools():
    [called] = ask(tools=[TOOL]).choices[0].message.tool_calls
    assert called.function.name == "weather" and "Oslo" in called.function.arguments
    KEY.charged(3 + 4 * 4)


def structured_output():
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    format = {"type": "json_schema", "json_schema": {"name": "report", "schema": schema}}
    assert "Oslo" in ask(response_format=format).choices[0].message.content
    KEY.charged(3 + 4 * 4)


def a_name_with_a_slash():
    answer = ask(model="org/words")
    assert answer.choices[0].message.content == ANSWER
    KEY.charged(UNITS)


def a_timeout():
    mark = uuid.uuid4().hex
    messages = [{"role": "user", "content": f"{mark} {PROMPT}"}]
    fails(litellm.Timeout, lambda: ask(model="slow", messages=messages, timeout=0.5))
    assert len(upstream_calls(mark)) == 1
    [record] = KEY.records(1)
    assert (record["ended"], record["generated_tokens"], record["units"]) == ("client_left", 0, record["prompt_tokens"])
    named = {"Idempotency-Key": str(uuid.uuid4())}
    answer = ask(model="slow", messages=messages, timeout=1, max_retries=None, num_retries=4, extra_headers=named)
    assert answer.choices[0].message.content == ANSWER and len(upstream_calls(mark)) == 2
    KEY.charged(4 + 4 * 4)


def a_frozen_credit():
    for stream in (False, True):
        error = fails(litellm.APIError, lambda: list(ask(key=FROZEN_KEY, stream=stream)))
        assert error.status_code == 402 and "has frozen this credit's units" in str(error), error
    return f"{type(error).__name__} with status 402 and the message; code and body are not kept"


def wrong_requests():
    error = fails(litellm.NotFoundError, lambda: ask(model="gpt-9"))
    assert error.status_code == 404 and "model" in str(error)
    error = fails(litellm.BadRequestError, lambda: ask(web_search_options={}, allowed_openai_params=["web_search_options"]))
    assert "web_search_options" in str(error)
    fails(litellm.AuthenticationError, lambda: ask(key="sk-nobody"))
    KEY.charged()


def a_stream_that_breaks():
    text = []

    def read():
        for chunk in ask(model="breaks", stream=True):
            text.append(chunk.choices[0].delta.content or "")

    error = fails(Exception, read)
    assert "".join(text) == "alpha beta" and "the model ended its stream" in str(error), (text, error)
    KEY.charged(5 + 4 * 3)
    return type(error).__name__


def a_stream_that_is_left():
    mark = uuid.uuid4().hex
    stream = ask(model="endless", messages=[{"role": "user", "content": mark}], stream=True)
    for _, _ in zip(range(10), stream):
        pass
    stream.completion_stream.response.close()
    [record] = KEY.records(1)
    assert record["ended"] == "client_left" and record["generated_tokens"] >= 10, record
    time.sleep(0.2)
    assert upstream_calls(mark)[0]["stayed"] is False


def limits_and_budget_of_a_sub_key():
    key = Key(requests_per_minute=1)
    ask(key=key.text)
    error = fails(litellm.RateLimitError, lambda: ask(key=key.text))
    assert int(error.litellm_response_headers["retry-after"]) >= 1, error.litellm_response_headers
    key.charged(UNITS)
    key = Key(budget={"units": 100, "period": "day"})
    error = fails(litellm.APIError, lambda: ask(key=key.text, max_tokens=1_000))
    assert error.status_code == 402 and "budget" in str(error)
    key.charged()


def its_usage_is_the_log():
    key = Key()
    usages = [ask(key=key.text, max_tokens=most).usage for most in (1, 2, 9)]
    key.records(len(usages))
    [totals] = call("GET", "/usage/totals", key.text)["data"]
    assert totals["prompt_tokens"] == sum(usage.prompt_tokens for usage in usages) == 9
    assert totals["generated_tokens"] == sum(usage.completion_tokens for usage in usages) == 7
    assert totals["units"] == 9 + 4 * 7


run(
    version("litellm"),
    [
        a_whole_answer,
        a_limit,
        streams,
        text_completions,
        tools,
        structured_output,
        a_name_with_a_slash,
        a_timeout,
        a_frozen_credit,
        wrong_requests,
        a_stream_that_breaks,
        a_stream_that_is_left,
        limits_and_budget_of_a_sub_key,
        its_usage_is_the_log,
    ],
)
