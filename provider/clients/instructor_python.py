"""instructor, which asks for answers of a type and asks again where they are none."""

from importlib.metadata import version

import instructor
import openai
from harness import BASE_URL, FROZEN_KEY, MESSAGES, Key, fails, run
from pydantic import BaseModel, field_validator

KEY = Key()


def connect(mode, key=KEY.text):
    return instructor.from_openai(openai.OpenAI(base_url=BASE_URL, api_key=key, max_retries=0, timeout=10), mode=mode)


class Report(BaseModel):
    city: str
    degrees: int


class Impossible(BaseModel):
    city: str

    @field_validator("city")
    @classmethod
    def check(cls, value):
        raise ValueError("is no city of this country")


def each_mode():
    modes = [instructor.Mode.TOOLS, instructor.Mode.TOOLS_STRICT, instructor.Mode.JSON, instructor.Mode.JSON_SCHEMA]
    for mode in modes:
        report, raw = connect(mode).chat.completions.create_with_completion(
            model="words", messages=MESSAGES, response_model=Report, max_retries=1
        )
        assert (report.city, report.degrees) == ("Oslo", 7), mode
        [record] = KEY.records(1)
        assert record["units"] == raw.usage.prompt_tokens + 4 * raw.usage.completion_tokens == raw.blockable["units"]
        assert record["prompt_tokens"] >= 3 and record["generated_tokens"] == 4
    return ", ".join(mode.value for mode in modes)


def parts_of_an_answer():
    parts = list(
        connect(instructor.Mode.TOOLS).chat.completions.create_partial(model="words", messages=MESSAGES, response_model=Report)
    )
    assert parts[-1].model_dump() == {"city": "Oslo", "degrees": 7}
    KEY.charged(3 + 4 * 4)


def answers_that_are_refused_are_asked_for_again():
    connected = connect(instructor.Mode.TOOLS)
    error = fails(
        Exception,
        lambda: connected.chat.completions.create(model="words", messages=MESSAGES, response_model=Impossible, max_retries=2),
    )
    records = KEY.records(error.n_attempts)
    assert error.n_attempts >= 2 and all(record["units"] > 3 for record in records)
    return f"{len(records)} requests, each with its charge"


def a_frozen_credit():
    connected = connect(instructor.Mode.TOOLS, FROZEN_KEY)
    error = fails(
        Exception,
        lambda: connected.chat.completions.create(model="words", messages=MESSAGES, response_model=Report, max_retries=0),
    )
    while error and not isinstance(error, openai.APIStatusError):
        error = error.__cause__ or error.__context__
    assert (error.status_code, error.code) == (402, "credit_frozen")


run(version("instructor"), [each_mode, parts_of_an_answer, answers_that_are_refused_are_asked_for_again, a_frozen_credit])
