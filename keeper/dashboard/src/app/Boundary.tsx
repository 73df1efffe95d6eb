// Keeps an error of one view from taking the page with it.

import { Component, type ReactNode } from 'react';
import { errorText } from '../text/errors.js';

/** Shows the error of a view in its place. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <div className="note bad" role="alert">
        <p>
          <strong>This view failed.</strong> {errorText(this.state.error)} Nothing was signed or sent by it.
        </p>
        <button type="button" className="button compact" onClick={() => location.reload()}>
          Load the page anew
        </button>
      </div>
    );
  }
}
