"""anthropic for Python, at /v1/messages. The built-in model repeats the prompt until the limit is reached."""

import uuid

import anthropic
from harness import ECHO_FROZEN_KEY, ECHO_URL, MESSAGES, PROMPT, Key, fails, run

KEY = Key(ECHO_URL)
ROOT = ECHO_URL.removesuffix("/v1")
client = anthropic.Anthropic(base_url=ROOT, api_key=KEY.text, max_retries=0, timeout=10)


def ask(client=client, **more):
    return client.messages.create(**({"model": "echo", "max_tokens": 3, "messages": MESSAGES} | more))


def a_whole_answer():
    answer = ask()
    assert answer.content[0].text == PROMPT and answer.model == "echo"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (3, 3)
    [record] = KEY.charged(3 + 4 * 3)
    assert record["endpoint"] == "messages"


def a_system_prompt_and_a_limit():
    answer = ask(system="be brief", max_tokens=2)
    assert answer.content[0].text == "be brief" and answer.stop_reason == "max_tokens"
    KEY.charged(5 + 4 * 2)


def streams():
    with client.messages.stream(model="echo", max_tokens=3, messages=MESSAGES) as stream:
        assert "".join(stream.text_stream).split() == PROMPT.split()
        usage = stream.get_final_message().usage
    assert (usage.input_tokens, usage.output_tokens) == (3, 3)
    KEY.charged(3 + 4 * 3)


def a_key_as_a_bearer():
    bearer = anthropic.Anthropic(base_url=ROOT, auth_token=KEY.text, api_key=None, max_retries=0)
    assert ask(bearer).content[0].text == PROMPT
    KEY.charged(3 + 4 * 3)


def an_idempotency_key():
    named = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = ask(extra_headers=named), ask(extra_headers=named)
    assert first.content[0].text == again.content[0].text and first.id == again.id
    KEY.charged(3 + 4 * 3)


def a_frozen_credit():
    error = fails(anthropic.APIStatusError, lambda: ask(client.with_options(api_key=ECHO_FROZEN_KEY)))
    assert error.status_code == 402 and error.body["type"] == "error", error.body
    assert "has frozen this credit's units" in error.body["error"]["message"]
    return error.body["error"]["type"]


def wrong_requests():
    error = fails(anthropic.NotFoundError, lambda: ask(model="claude"))
    assert error.body["error"]["type"] == "not_found_error", error.body
    error = fails(anthropic.BadRequestError, lambda: ask(messages=[]))
    assert error.body["error"]["type"] == "invalid_request_error", error.body
    error = fails(anthropic.AuthenticationError, lambda: ask(client.with_options(api_key="sk-ant-nobody")))
    assert error.body["error"]["type"] == "authentication_error", error.body
    KEY.charged()


def limits_of_a_sub_key():
    key = Key(ECHO_URL, requests_per_minute=1)
    limited = client.with_options(api_key=key.text)
    ask(limited)
    error = fails(anthropic.RateLimitError, lambda: ask(limited))
    assert error.body["error"]["type"] == "rate_limit_error" and int(error.response.headers["retry-after"]) >= 1
    key.charged(3 + 4 * 3)


run(
    anthropic.__version__,
    [
        a_whole_answer,
        a_system_prompt_and_a_limit,
        streams,
        a_key_as_a_bearer,
        an_idempotency_key,
        a_frozen_credit,
        wrong_requests,
        limits_of_a_sub_key,
    ],
)
