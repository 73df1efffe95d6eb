// The keeper's stream of server-sent events, read by `fetch` because `EventSource` sends no headers.

/** An event of the stream. */
export type StreamEvent = { id: string | undefined; event: string; data: unknown };

/** What the stream reports to its owner. */
export type StreamListener = {
  onEvent(event: StreamEvent): void;
  /** Called when the stream stands, and when it has broken off. */
  onState(state: 'open' | 'lost'): void;
};

/** Milliseconds without any byte after which a stream counts as lost: the keeper sends `slot` after each cycle. */
const SILENCE = 45_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;

/** Follows the stream until `signal` ends it, connecting again with growing waits. */
export async function followStream(
  url: string,
  token: () => string | undefined,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<void> {
  let wait = FIRST_WAIT;
  let lastId: string | undefined;
  while (!signal.aborted) {
    try {
      await readOnce(url, token(), lastId, signal, {
        onState: (state) => {
          wait = FIRST_WAIT;
          listener.onState(state);
        },
        onEvent: (event) => {
          lastId = event.id ?? lastId;
          listener.onEvent(event);
        },
      });
    } catch {
      // A stream that cannot be read is connected anew, for as long as the page is open.
    }
    if (signal.aborted) return;
    listener.onState('lost');
    await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

async function readOnce(
  url: string,
  token: string | undefined,
  lastId: string | undefined,
  signal: AbortSignal,
  listener: StreamListener,
): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE);
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  if (lastId !== undefined) headers['last-event-id'] = lastId;
  try {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, silence.signal]),
      cache: 'no-store',
    });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    listener.onState('open');
    const parser = new EventParser(listener.onEvent);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE);
      parser.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Most characters of an event: a stream that sends more is not the keeper's. */
const MOST = 1 << 20;

/** Splits a stream of text into events. Pure but for its buffer. */
export class EventParser {
  private rest = '';

  constructor(private readonly onEvent: (event: StreamEvent) => void) {}

  /** Takes the next piece of text. Throws `RangeError` for an event that is too long. */
  push(piece: string): void {
    // JSON has no bare carriage return: all that come are ends of lines.
    this.rest += piece.replaceAll('\r', '');
    for (let end = this.rest.indexOf('\n\n'); end >= 0; end = this.rest.indexOf('\n\n')) {
      this.take(this.rest.slice(0, end));
      this.rest = this.rest.slice(end + 2);
    }
    if (this.rest.length > MOST) throw new RangeError('an event of the stream is too long');
  }

  private take(block: string): void {
    let [event, id, data]: [string, string | undefined, string] = ['message', undefined, ''];
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event = value;
      if (field === 'id') id = value;
      if (field === 'data') data += data === '' ? value : `\n${value}`;
    }
    if (data === '') return;
    try {
      this.onEvent({ id, event, data: JSON.parse(data) as unknown });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
