"""langchain-openai."""

import uuid
from importlib.metadata import version

import openai
from harness import ANSWER, BASE_URL, FROZEN_KEY, PROMPT, UNITS, Key, call, fails, run, upstream_calls
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import BaseModel

KEY = Key()


def connect(model="words", key=KEY.text, **more):
    return ChatOpenAI(model=model, base_url=BASE_URL, api_key=key, **({"max_retries": 0, "timeout": 10} | more))


class Report(BaseModel):
    """The weather of a city"""

    city: str
    degrees: int


@tool
def weather(city: str, degrees: int) -> str:
    """Reports the weather of a city"""
    return f"{degrees} in {city}"


def a_whole_answer():
    answer = connect().invoke(PROMPT)
    assert answer.content == ANSWER
    assert (answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"]) == (3, 4)
    assert answer.usage_metadata["input_token_details"]["cache_read"] == 1
    KEY.charged(UNITS)


def streams():
    whole = None
    for chunk in connect(stream_usage=True).stream(PROMPT):
        whole = chunk if whole is None else whole + chunk
    assert whole.content == ANSWER and whole.usage_metadata["total_tokens"] == 7, whole
    assert "".join(chunk.content for chunk in connect(stream_usage=False).stream(PROMPT)) == ANSWER
    KEY.charged(UNITS, UNITS)


def text_completions():
    assert OpenAI(model="words", base_url=BASE_URL, api_key=KEY.text, max_retries=0).invoke(PROMPT) == ANSWER
    # It sends a limit of 256 tokens by itself.
    assert KEY.charged(UNITS)[0]["endpoint"] == "text"


def tools():
    calling = connect().bind_tools([weather])
    answer = calling.invoke(PROMPT)
    [called] = answer.tool_calls
    assert weather.invoke(called["args"]) == "7 in Oslo"
    told = ToolMessage(content="rain", tool_call_id=called["id"])
    assert calling.invoke([HumanMessage(content=PROMPT), answer, told]).content == ANSWER
    KEY.charged(3 + 16, 4 + 16)


def structured_output():
    for method in ("json_schema", "function_calling"):
        assert connect().with_structured_output(Report, method=method).invoke(PROMPT) == Report(city="Oslo", degrees=7)
    KEY.charged(3 + 16, 3 + 16)


def batches():
    answers = connect(model="org/words").batch([PROMPT] * 8)
    assert [answer.content for answer in answers] == [ANSWER] * 8
    KEY.charged(*[UNITS] * 8)


def timeouts():
    mark = uuid.uuid4().hex
    fails(openai.APITimeoutError, lambda: connect("slow", timeout=0.5, max_retries=1).invoke(f"{mark} {PROMPT}"))
    assert len(upstream_calls(mark)) == 2
    records = KEY.records(2)
    assert all(record["units"] == record["prompt_tokens"] and record["ended"] == "client_left" for record in records)
    named = {"Idempotency-Key": str(uuid.uuid4())}
    answer = connect("slow", timeout=1, max_retries=4).invoke(f"{mark} {PROMPT}", extra_headers=named)
    assert answer.content == ANSWER and len(upstream_calls(mark)) == 3
    KEY.charged(4 + 4 * 4)


def a_frozen_credit():
    error = fails(openai.APIStatusError, lambda: connect(key=FROZEN_KEY).invoke(PROMPT))
    assert (error.status_code, error.code) == (402, "credit_frozen")
    error = fails(openai.APIStatusError, lambda: list(connect(key=FROZEN_KEY).stream(PROMPT)))
    assert error.code == "credit_frozen" and "has frozen this credit's units" in error.message


def wrong_requests():
    assert fails(openai.NotFoundError, lambda: connect("gpt-9").invoke(PROMPT)).code == "model_not_found"
    assert fails(openai.AuthenticationError, lambda: connect(key="sk-nobody").invoke(PROMPT)).code == "invalid_api_key"
    KEY.charged()


def a_stream_that_breaks():
    text = []
    error = fails(openai.APIError, lambda: text.extend(chunk.content for chunk in connect("breaks").stream(PROMPT)))
    assert "".join(text) == "alpha beta" and error.code == "upstream_incomplete"
    KEY.charged(5 + 4 * 3)


def limits_and_budget_of_a_sub_key():
    key = Key(requests_per_minute=1)
    connect(key=key.text).invoke(PROMPT)
    error = fails(openai.RateLimitError, lambda: connect(key=key.text).invoke(PROMPT))
    assert error.code == "key_rate_limited" and int(error.response.headers["retry-after"]) >= 1
    key.charged(UNITS)
    key = Key(budget={"units": 100, "period": "day"})
    error = fails(openai.APIStatusError, lambda: connect(key=key.text, max_tokens=1_000).invoke(PROMPT))
    assert (error.status_code, error.code) == (402, "key_budget_exhausted")


def its_usage_is_the_log():
    key = Key()
    usages = [connect(key=key.text, max_tokens=most).invoke(PROMPT).usage_metadata for most in (1, 2, 9)]
    key.records(len(usages))
    [totals] = call("GET", "/usage/totals", key.text)["data"]
    assert totals["prompt_tokens"] == sum(usage["input_tokens"] for usage in usages) == 9
    assert totals["generated_tokens"] == sum(usage["output_tokens"] for usage in usages) == 7


run(
    version("langchain-openai"),
    [
        a_whole_answer,
        streams,
        text_completions,
        tools,
        structured_output,
        batches,
        timeouts,
        a_frozen_credit,
        wrong_requests,
        a_stream_that_breaks,
        limits_and_budget_of_a_sub_key,
        its_usage_is_the_log,
    ],
)
