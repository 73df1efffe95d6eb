// Addresses, times, amounts and badges as every view shows them.

import { type ReactNode, useState } from 'react';
import { useNow } from '../app/clock.js';
import { usePage } from '../app/context.js';
import { explorerLink } from '../data/settings.js';
import type { Health } from '../data/types.js';
import { COLOUR_WORD } from '../figures/health.js';
import { type StatusName, shortAddress } from '../text/names.js';
import { relativeText, timeText } from '../text/time.js';
import { Icon } from './Icon.js';

/** An address in short, with a button that copies it whole and a link to an explorer where there is one. */
export function AddressText({
  address,
  name,
  full = false,
}: {
  address: string;
  name?: string | undefined;
  full?: boolean;
}) {
  const { settings } = usePage();
  const link = explorerLink(settings, 'address', address);
  const text = name ?? (full ? address : shortAddress(address));
  const shown = <span className={name === undefined ? 'mono' : undefined}>{text}</span>;
  return (
    <span className="address" title={address}>
      {link ? (
        <a href={link} target="_blank" rel="noreferrer noopener">
          {shown}
        </a>
      ) : (
        shown
      )}
      <CopyButton text={address} what={`address ${address}`} />
    </span>
  );
}

/** A signature in short, with a copy button and a link to an explorer. */
export function SignatureText({ signature }: { signature: string }) {
  const { settings } = usePage();
  const link = explorerLink(settings, 'tx', signature);
  const shown = <span className="mono">{shortAddress(signature)}</span>;
  return (
    <span className="address" title={signature}>
      {link ? (
        <a href={link} target="_blank" rel="noreferrer noopener">
          {shown}
        </a>
      ) : (
        shown
      )}
      <CopyButton text={signature} what="signature" />
    </span>
  );
}

/** A button that copies a text. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    });
  };
  return (
    <button type="button" className="copy" onClick={copy} aria-label={copied ? 'Copied' : `Copy ${what}`}>
      <Icon name={copied ? 'check' : 'copy'} />
    </button>
  );
}

/** A time in the viewer's zone with UTC beside it, and the span from now. */
export function TimeStamp({
  at,
  seconds = false,
  relative = false,
}: {
  at: bigint | number;
  seconds?: boolean;
  relative?: boolean;
}) {
  const text = timeText(at, { seconds });
  return (
    <time className="time num" dateTime={text.iso}>
      {text.local} <small>{text.utc}</small>
      {relative && (
        <>
          {' '}
          <small>
            (<Relative at={at} />)
          </small>
        </>
      )}
    </time>
  );
}

/** The span between now and a time, which goes on by the second. */
export function Relative({ at }: { at: bigint | number }) {
  const now = useNow();
  return <span className="num">{relativeText(at, now / 1_000)}</span>;
}

/** The status of a credit. */
export function StatusText({ status }: { status: StatusName }) {
  return <span>{status}</span>;
}

/** The health of a credit by colour and word. The reasons stand in the title and, for screen readers, in the text. */
export function HealthBadge({ health, withReason = false }: { health: Health; withReason?: boolean }) {
  return (
    <>
      <span className={`badge ${health.colour}`} title={health.reason}>
        {COLOUR_WORD[health.colour]}
      </span>
      {withReason ? <span className="small"> {health.reason}</span> : <span className="hidden">: {health.reason}</span>}
    </>
  );
}

/** A figure of the strip at the top of a view. */
export function Figure({ label, children, note }: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>{children}</dd>
      {note !== undefined && <dd className="figure-note">{note}</dd>}
    </div>
  );
}

/** A line of a list of pairs. */
export function Pair({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
