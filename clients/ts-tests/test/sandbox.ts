// Starts a sandbox in a process of its own, and ends it by its process id.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Address } from '@solana/kit';

/** The facts about a running sandbox that tests use, from the document that it prints. */
export type Description = {
  cluster: { rpc_url: string; ws_url: string };
  market: Address;
  mint: Address;
  token_program: Address;
  provider: Address;
  base_url: string;
  provider_url: string;
  keeper_url: string;
  parties: Record<string, { address: Address; key_file: string; token_account: Address }>;
  credits: readonly { name: string; address: Address; api_key: string; lot: Address | null }[];
};

/** Longest time for a start or an end, in milliseconds. */
const PATIENCE = 60_000;

export type Sandbox = {
  description: Description;
  /** Gives it a command, with `--control`, and waits until it says that it is done. */
  order(command: string, done: string): Promise<void>;
  stop(): Promise<void>;
};

/** Starts the demo that `BLOCKABLE_DEMO` names as a sandbox on free ports, and waits until it is ready. */
export async function startSandbox(more: readonly string[] = ['--cheatcodes']): Promise<Sandbox> {
  const demo = process.env['BLOCKABLE_DEMO'];
  if (demo === undefined) throw new Error('BLOCKABLE_DEMO names no program');
  const port = await freePorts(6);
  const options = ['--serve', '--json', '--port', `${port}`, ...more];
  const child = spawn(demo, options, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const said = createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  const order = async (command: string, done: string) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = once(said, 'line', { signal }) as Promise<[string]>;
    child.stdin.write(`${command}\n`);
    const [line] = await answer;
    if (line !== done) throw new Error(`the sandbox has answered ${command}: ${line}`);
  };
  const signal = AbortSignal.timeout(PATIENCE);
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line', { signal }).then(([line]) => line as string),
    once(child, 'exit', { signal }).then(() => undefined),
  ]).catch(() => undefined);
  if (first === undefined) {
    child.kill('SIGKILL');
    throw new Error(`the sandbox has not started:\n${lines.join('\n')}`);
  }
  return { description: JSON.parse(first) as Description, order, stop: async () => stop(child, lines) };
}

async function stop(child: ChildProcess, lines: readonly string[]): Promise<void> {
  const fault = (state: string) => new Error(`the sandbox ${state}:\n${lines.join('\n')}`);
  if (child.exitCode !== null || child.signalCode !== null) throw fault('ended by itself');
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE) });
  child.kill('SIGTERM');
  const [code] = (await exited.catch(() => {
    child.kill('SIGKILL');
    throw fault('has not ended');
  })) as [number | null];
  if (code !== 0) throw fault(`ended with ${code}`);
}

/** Finds a port that is free together with those behind it. */
async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const first = await listen(0);
    const rest = Array.from({ length: count - 1 }, (_, place) => first.port + 1 + place);
    const others = await Promise.allSettled(rest.map((port) => listen(port)));
    const free = others.every((other) => other.status === 'fulfilled');
    await Promise.all(
      [first, ...others.flatMap((other) => (other.status === 'fulfilled' ? [other.value] : []))].map((one) =>
        one.close(),
      ),
    );
    if (free) return first.port;
  }
  throw new Error(`there are no ${count} free ports in a row`);
}

async function listen(port: number) {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const close = async () => new Promise((resolve) => server.close(resolve));
  return { port: (server.address() as AddressInfo).port, close };
}
