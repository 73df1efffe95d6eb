// openai for Node.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANSWER, BASE_URL, FROZEN_KEY, Key, MESSAGES, PROMPT, UNITS, fails, load, run, upstreamCalls, version } from './harness.js';

const { default: OpenAI } = await load('openai');
const { zodResponseFormat } = await load('openai/helpers/zod');
const { z } = await load('zod');

const key = await Key.make();
const connect = (options = {}) => new OpenAI({ baseURL: BASE_URL, apiKey: key.text, maxRetries: 0, timeout: 10_000, ...options });
const client = connect();
const create = (body, options) => client.chat.completions.create({ model: 'words', messages: MESSAGES, ...body }, options);
const marked = () => {
  const mark = randomUUID();
  return [mark, [{ role: 'user', content: `${mark} ${PROMPT}` }]];
};
/** The charge of a prompt that no usage states: a token for each digit and for every four bytes of the rest. */
const counted = (messages) => {
  const text = `user${messages[0].content}`;
  const digits = text.replace(/\D/g, '').length;
  return digits + Math.ceil((text.length - digits) / 4);
};
const Report = z.object({ city: z.string(), degrees: z.number() });
const TOOL = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } };

await run(version('openai'), {
  'a whole answer': async () => {
    const { data, response, request_id } = await create({}, { headers: { 'x-request-id': 'check-node' } }).withResponse();
    assert.equal(data.choices[0].message.content, ANSWER);
    assert.deepEqual([data.usage.prompt_tokens, data.usage.completion_tokens, data.blockable.units], [3, 4, UNITS]);
    assert.deepEqual([response.headers.get('x-blockable-units'), request_id], [String(UNITS), 'check-node']);
    const [record] = await key.charged(UNITS);
    assert.deepEqual([record.request, record.endpoint, record.ended], ['check-node', 'chat', 'complete']);
  },
  'a stream with usage': async () => {
    const chunks = [];
    for await (const chunk of await create({ stream: true, stream_options: { include_usage: true } })) chunks.push(chunk);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), ANSWER);
    const last = chunks.at(-1);
    assert.deepEqual([last.usage.total_tokens, last.blockable.units, last.choices], [7, UNITS, []]);
    await key.charged(UNITS);
  },
  'a stream without usage': async () => {
    const stream = client.chat.completions.stream({ model: 'words', messages: MESSAGES });
    assert.equal((await stream.finalMessage()).content, ANSWER);
    await key.charged(UNITS);
  },
  'text completions': async () => {
    const answer = await client.completions.create({ model: 'words', prompt: PROMPT, max_tokens: 2 });
    assert.deepEqual([answer.choices[0].text, answer.usage.completion_tokens], ['alpha beta', 2]);
    await key.charged(3 + 8);
  },
  tools: async () => {
    const [choice] = (await create({ tools: [TOOL] })).choices;
    const [called] = choice.message.tool_calls;
    assert.deepEqual([choice.finish_reason, JSON.parse(called.function.arguments).degrees], ['tool_calls', 7]);
    const messages = [...MESSAGES, choice.message, { role: 'tool', tool_call_id: called.id, content: 'rain' }];
    assert.equal((await create({ messages, tools: [TOOL] })).choices[0].message.content, ANSWER);
    const stream = client.chat.completions.stream({ model: 'words', messages: MESSAGES, tools: [TOOL] });
    assert.equal((await stream.finalMessage()).tool_calls[0].function.name, 'weather');
    await key.charged(3 + 16, 4 + 16, 3 + 16);
  },
  'structured output': async () => {
    const request = { model: 'words', messages: MESSAGES, response_format: zodResponseFormat(Report, 'report') };
    const answer = await client.chat.completions.parse(request);
    assert.deepEqual(answer.choices[0].message.parsed, { city: 'Oslo', degrees: 7 });
    await key.charged(3 + 16);
  },
  'timeouts without a key pay for the prompt': async () => {
    const [mark, messages] = marked();
    const impatient = connect({ timeout: 500, maxRetries: 2 });
    await fails(OpenAI.APIConnectionTimeoutError, () => impatient.chat.completions.create({ model: 'slow', messages }));
    const calls = await upstreamCalls(mark);
    assert.equal(calls.length, 3);
    const records = await key.charged(...Array(3).fill(counted(messages)));
    assert(records.every((record) => record.ended === 'client_left'));
  },
  'timeouts with an idempotency key pay once': async () => {
    const [mark, messages] = marked();
    const impatient = connect({ timeout: 1_000, maxRetries: 4 });
    const headers = { 'Idempotency-Key': randomUUID() };
    const answer = await impatient.chat.completions.create({ model: 'slow', messages }, { headers });
    assert.deepEqual([answer.choices[0].message.content, (await upstreamCalls(mark)).length], [ANSWER, 1]);
    await key.charged(4 + 16);
  },
  'retries of a busy model': async () => {
    const [, messages] = marked();
    const answer = await connect({ maxRetries: 2 }).chat.completions.create({ model: 'busy-once', messages });
    assert.equal(answer.choices[0].message.content, ANSWER);
    await key.charged(0, 4 + 16);
  },
  'a frozen credit': async () => {
    for (const stream of [false, true]) {
      const frozen = connect({ apiKey: FROZEN_KEY }).chat.completions;
      const error = await fails(OpenAI.APIError, () => frozen.create({ model: 'words', messages: MESSAGES, stream }));
      assert.deepEqual([error.status, error.code, error.type], [402, 'credit_frozen', 'insufficient_quota']);
      assert.match(error.message, /has frozen this credit's units/);
    }
  },
  'wrong requests': async () => {
    const refused = async (kind, code, param, body) => {
      const error = await fails(kind, () => create(body));
      assert.deepEqual([error.code, error.param], [code, param]);
    };
    await refused(OpenAI.NotFoundError, 'model_not_found', 'model', { model: 'gpt-9' });
    await refused(OpenAI.BadRequestError, 'unsupported_parameter', 'prediction', { prediction: { type: 'content', content: 'a' } });
    await refused(OpenAI.BadRequestError, 'invalid_parameter', 'max_tokens', { max_tokens: -1 });
    const stranger = connect({ apiKey: 'sk-nobody' }).models;
    assert.equal((await fails(OpenAI.AuthenticationError, () => stranger.list())).code, 'invalid_api_key');
    await key.charged();
  },
  'a stream that breaks': async () => {
    const text = [];
    const error = await fails(OpenAI.APIError, async () => {
      for await (const chunk of await create({ model: 'breaks', stream: true })) text.push(chunk.choices[0].delta.content);
    });
    assert.deepEqual([text.join(''), error.code], ['alpha beta', 'upstream_incomplete']);
    await key.charged(5 + 4 * 3);
  },
  'a stream that is left': async () => {
    const [mark, messages] = marked();
    const stream = await create({ model: 'endless', messages, stream: true });
    let seen = 0;
    for await (const _ of stream) if ((seen += 1) === 10) break;
    const [record] = await key.records(1);
    const pieces = Math.floor((record.generated_tokens * 4) / 5);
    assert(record.ended === 'client_left' && pieces >= 10, JSON.stringify(record));
    assert.equal(record.units, counted(messages) + 4 * record.generated_tokens);
    await sleep(200);
    const [made] = await upstreamCalls(mark);
    assert(made.stayed === false && pieces <= made.pieces && made.pieces <= 60, JSON.stringify(made));
  },
  'limits of a sub key': async () => {
    const limited = await Key.make({ requests_per_minute: 1, budget: { units: 1_000_000, period: 'month' } });
    const few = connect({ apiKey: limited.text }).chat.completions;
    await few.create({ model: 'words', messages: MESSAGES });
    const error = await fails(OpenAI.RateLimitError, () => few.create({ model: 'words', messages: MESSAGES }));
    assert.equal(error.code, 'key_rate_limited');
    assert(Number(error.headers.get('retry-after')) >= 1);
    await limited.charged(UNITS);
  },
  'the budget of a sub key': async () => {
    const small = await Key.make({ budget: { units: 4_000, period: 'total' } });
    const request = { model: 'words', messages: MESSAGES, max_tokens: 1_000 };
    const error = await fails(OpenAI.APIError, () => connect({ apiKey: small.text }).chat.completions.create(request));
    assert.deepEqual([error.status, error.code, error.param], [402, 'key_budget_exhausted', 'max_tokens']);
    await small.charged();
  },
  models: async () => {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert(names.includes('words') && names.includes('org/words'));
    for (const name of ['words', 'org/words']) assert.equal((await client.models.retrieve(name)).id, name);
    assert.equal((await fails(OpenAI.NotFoundError, () => client.models.retrieve('gpt-9'))).code, 'model_not_found');
  },
  'its usage is the log': async () => {
    const own = await Key.make();
    const using = connect({ apiKey: own.text });
    let [prompt, generated] = [0, 0];
    for (const max_tokens of [1, 2, 3, 9]) {
      const { usage } = await using.chat.completions.create({ model: 'words', messages: MESSAGES, max_tokens });
      (prompt += usage.prompt_tokens), (generated += usage.completion_tokens);
    }
    await own.records(4);
    const [totals] = (await using.get('/usage/totals')).data;
    assert.deepEqual([totals.prompt_tokens, totals.generated_tokens, totals.units], [prompt, generated, prompt + 4 * generated]);
    assert.deepEqual([prompt, generated], [12, 10]);
  },
});
