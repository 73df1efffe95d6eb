// Vercel's ai, with its provider for OpenAI (chat) and that for servers compatible with it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ANSWER, BASE_URL, FROZEN_KEY, Key, PROMPT, UNITS, fails, load, run, upstreamCalls, version } from './harness.js';

const { APICallError, Output, RetryError, generateText, stepCountIs, streamText, tool } = await load('ai');
const { createOpenAI } = await load('@ai-sdk/openai');
const { createOpenAICompatible } = await load('@ai-sdk/openai-compatible');
const { z } = await load('zod');

const key = await Key.make();
const openai = (apiKey = key.text) => createOpenAI({ baseURL: BASE_URL, apiKey }).chat;
const compatible = (apiKey = key.text) => createOpenAICompatible({ name: 'blockable', baseURL: BASE_URL, apiKey, includeUsage: true });
const both = [openai, compatible];
const Report = z.object({ city: z.string(), degrees: z.number() });
const ask = (model, more = {}) => generateText({ model, prompt: PROMPT, maxRetries: 0, ...more });

await run(`${version('ai')}, ${version('@ai-sdk/openai')}, ${version('@ai-sdk/openai-compatible')}`, {
  'a whole answer': async () => {
    for (const connect of both) {
      const { text, usage } = await ask(connect()('words'));
      assert.deepEqual([text, usage.inputTokens, usage.outputTokens], [ANSWER, 3, 4]);
      await key.charged(UNITS);
    }
  },
  'a limit': async () => {
    for (const connect of both) {
      const { text, finishReason } = await ask(connect()('words'), { maxOutputTokens: 2 });
      assert.deepEqual([text, finishReason], ['alpha beta', 'length']);
      await key.charged(3 + 8);
    }
  },
  streams: async () => {
    for (const connect of both) {
      const stream = streamText({ model: connect()('org/words'), prompt: PROMPT, maxRetries: 0 });
      let text = '';
      for await (const piece of stream.textStream) text += piece;
      const usage = await stream.usage;
      assert.deepEqual([text, usage.inputTokens, usage.outputTokens], [ANSWER, 3, 4]);
      await key.charged(UNITS);
    }
  },
  tools: async () => {
    for (const connect of both) {
      const weather = tool({ inputSchema: Report, execute: async ({ degrees }) => `${degrees} degrees` });
      const { text, steps } = await ask(connect()('words'), { tools: { weather }, stopWhen: stepCountIs(3) });
      assert.deepEqual([text, steps.length, steps[0].toolResults[0].output], [ANSWER, 2, '7 degrees']);
      await key.charged(3 + 16, 5 + 16);
    }
  },
  'structured output': async () => {
    for (const connect of both) {
      const { output } = await ask(connect()('words'), { output: Output.object({ schema: Report }) });
      assert.deepEqual(output, { city: 'Oslo', degrees: 7 });
      const [record] = await key.records(1);
      assert.equal(record.units, record.prompt_tokens + 4 * 4);
    }
  },
  'a client that leaves': async () => {
    for (const connect of both) {
      const mark = randomUUID();
      const abortSignal = AbortSignal.timeout(500);
      await assert.rejects(ask(connect()('slow'), { prompt: mark, abortSignal }));
      const [record] = await key.records(1);
      assert.deepEqual([record.ended, record.units, record.generated_tokens], ['client_left', record.prompt_tokens, 0]);
      assert.equal((await upstreamCalls(mark)).length, 1);
    }
  },
  'an idempotency key': async () => {
    for (const connect of both) {
      const mark = randomUUID();
      const headers = { 'Idempotency-Key': randomUUID() };
      const again = (abortSignal) => ask(connect()('slow'), { prompt: mark, headers, abortSignal });
      await assert.rejects(again(AbortSignal.timeout(500)));
      assert.equal((await again()).text, ANSWER);
      assert.equal((await upstreamCalls(mark)).length, 1);
      await key.charged(1 + 16);
    }
  },
  'retries of a busy model': async () => {
    const { text } = await ask(openai()('busy-once'), { prompt: `${randomUUID()} ${PROMPT}`, maxRetries: 2 });
    assert.equal(text, ANSWER);
    await key.charged(0, 4 + 16);
  },
  'a frozen credit': async () => {
    for (const connect of both) {
      const error = await fails(APICallError, () => ask(connect(FROZEN_KEY)('words')));
      assert.deepEqual([error.statusCode, error.isRetryable], [402, false]);
      assert.match(error.message, /has frozen this credit's units/);
      assert.equal(JSON.parse(error.responseBody).error.code, 'credit_frozen');
    }
  },
  'wrong requests': async () => {
    for (const connect of both) {
      assert.equal((await fails(APICallError, () => ask(connect()('gpt-9')))).statusCode, 404);
      assert.equal((await fails(APICallError, () => ask(connect('sk-nobody')('words')))).statusCode, 401);
    }
    await key.charged();
  },
  'a stream that breaks': async () => {
    for (const connect of both) {
      const pieces = [];
      const errors = [];
      const onError = ({ error }) => errors.push(error);
      const stream = streamText({ model: connect()('breaks'), prompt: PROMPT, maxRetries: 0, onError });
      for await (const part of stream.fullStream) if (part.type === 'text-delta') pieces.push(part.text);
      assert.deepEqual(pieces, ['alpha', ' beta']);
      assert.match(JSON.stringify(errors.map((error) => error.message ?? error)), /the model ended its stream/);
      const [record] = await key.records(1);
      assert.deepEqual([record.ended, record.generated_tokens], ['cut_short', 3]);
    }
  },
  'limits and budget of a sub key': async () => {
    const limited = await Key.make({ requests_per_minute: 1 });
    await ask(compatible(limited.text)('words'));
    const error = await fails(APICallError, () => ask(compatible(limited.text)('words')));
    assert.deepEqual([error.statusCode, error.isRetryable], [429, true]);
    assert(Number(error.responseHeaders['retry-after']) >= 1);
    await limited.charged(UNITS);
    const small = await Key.make({ budget: { units: 100, period: 'day' } });
    const refused = await fails(APICallError, () => ask(openai(small.text)('words'), { maxOutputTokens: 1_000 }));
    assert.deepEqual([refused.statusCode, refused.isRetryable], [402, false]);
    assert.equal(RetryError.isInstance(refused), false);
  },
});
