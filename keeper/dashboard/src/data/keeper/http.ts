// Requests to the keeper. All have a deadline, and a failure says whether the keeper was reached at all.

/** Milliseconds that an answer may take. */
const DEADLINE = 8_000;

/** The keeper could not be reached, or did not answer as itself. */
export class KeeperDownError extends Error {
  constructor(reason: string) {
    super(`the keeper does not answer: ${reason}`);
    this.name = 'KeeperDownError';
  }
}

/** The keeper refused a request. */
export class KeeperRefusedError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** Seconds to wait, of a 429. */
    readonly retryAfter: number | undefined,
  ) {
    super(message);
    this.name = 'KeeperRefusedError';
  }
}

/** A request to the keeper. */
export type KeeperRequest = {
  path: string;
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  token?: string | undefined;
  signal?: AbortSignal;
};

/** Asks the keeper at `base`. Returns the parsed JSON, undefined for an answer without a body. */
export async function askKeeper(base: string, request: KeeperRequest): Promise<unknown> {
  const limit = AbortSignal.timeout(DEADLINE);
  const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (request.token !== undefined) headers['authorization'] = `Bearer ${request.token}`;
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  let response: Response;
  try {
    response = await fetch(base + request.path, { method: request.method ?? 'GET', headers, body, signal });
  } catch (error) {
    request.signal?.throwIfAborted();
    throw new KeeperDownError(error instanceof Error ? error.message : String(error));
  }
  if (response.status >= 500) throw new KeeperDownError(`HTTP ${response.status}`);
  if (!response.ok) {
    const wait = Number(response.headers.get('retry-after'));
    throw new KeeperRefusedError(response.status, await messageOf(response), wait > 0 ? wait : undefined);
  }
  if (response.status === 204) return undefined;
  try {
    return (await response.json()) as unknown;
  } catch {
    request.signal?.throwIfAborted();
    throw new KeeperDownError('its answer is no JSON');
  }
}

async function messageOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const json = JSON.parse(text) as { error?: { message?: string } | string; message?: string };
    const found = typeof json.error === 'string' ? json.error : (json.error?.message ?? json.message);
    return found ?? `HTTP ${response.status}`;
  } catch {
    return `HTTP ${response.status}`;
  }
}
