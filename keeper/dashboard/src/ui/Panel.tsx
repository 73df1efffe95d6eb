// Panels, and the states that every one of them can be in: loading, empty, failed.

import { type ReactNode, useId } from 'react';
import { errorText } from '../text/errors.js';

/** A part of a view with a heading. */
export function Panel({
  title,
  end,
  children,
  flush = false,
}: {
  title: string;
  end?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {end !== undefined && <div className="end">{end}</div>}
      </div>
      {flush ? children : <div className="panel-body">{children}</div>}
    </section>
  );
}

/** Says that something is being read. */
export function Loading({ what }: { what: string }) {
  return (
    <p className="loading" role="status">
      Reading {what}…
    </p>
  );
}

/** Says that there is nothing, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
    </div>
  );
}

/** Says what failed, and offers to try again. */
export function Failed({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  return (
    <div className="note bad" role="alert">
      <p>
        <strong>Cannot read {what}.</strong> {errorText(error)}
      </p>
      {retry && (
        <button type="button" className="button compact" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
