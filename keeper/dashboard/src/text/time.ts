// Times as text: in the viewer's zone, with UTC beside it. Times are Unix seconds.

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** A time in the viewer's zone and in UTC. `utc` leaves out the day where both are on the same one. */
export type TimeText = { local: string; utc: string; iso: string };

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string | undefined, withSeconds: boolean): Intl.DateTimeFormat {
  const key = `${zone}/${withSeconds}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      ...(withSeconds ? { second: '2-digit' } : {}),
      hourCycle: 'h23',
    });
    formats.set(key, found);
  }
  return found;
}

/** Writes a time in the viewer's zone and in UTC. */
export function timeText(unix: bigint | number, options: { seconds?: boolean; zone?: string } = {}): TimeText {
  const date = new Date(Number(unix) * 1_000);
  if (Number.isNaN(date.getTime())) return { local: 'out of range', utc: '', iso: '' };
  const seconds = options.seconds ?? false;
  const local = format(options.zone, seconds).format(date);
  const utc = format('UTC', seconds).format(date);
  const [day, clock] = [utc.slice(0, utc.lastIndexOf(',')), utc.slice(utc.lastIndexOf(',') + 2)];
  const sameDay = local.startsWith(day);
  return { local, utc: `${sameDay ? clock : utc} UTC`, iso: date.toISOString() };
}

/** Writes the date of a time alone, in the viewer's zone. */
export function dateText(unix: bigint | number): string {
  const text = timeText(unix).local;
  return text.slice(0, Math.max(0, text.lastIndexOf(','))) || text;
}

/** Writes a span of seconds by its two largest parts: `3 d 4 h`. */
export function spanText(seconds: bigint | number): string {
  let rest = Math.abs(Math.trunc(Number(seconds)));
  const parts: string[] = [];
  for (const [size, name] of [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [1, 's'],
  ] as const) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ') || '0 s';
}

/** Writes a time as seen from now: `in 3 d 4 h`, `2 min ago`, `now`. */
export function relativeText(unix: bigint | number, now: bigint | number): string {
  const seconds = Number(unix) - Number(now);
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `in ${spanText(seconds)}` : `${spanText(seconds)} ago`;
}

/** Writes milliseconds between two instants: `6 ms`, `1.2 s`. */
export function milliseconds(value: number): string {
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} s`;
}
