import type { ERROR_TABLE } from './generated/errorTable.js';

/** The name of an error of the program. */
export type BlockableErrorName = (typeof ERROR_TABLE)[number][0];

/** Thrown where the program would refuse the same request. `describeError` has the text for people. */
export class RefusedError extends Error {
  constructor(
    readonly refusal: BlockableErrorName,
    /** The chain's Unix time at which this refusal ends by itself; undefined where time alone does not end it. */
    readonly from?: bigint,
  ) {
    super(`the program refuses this: ${refusal}`);
    this.name = 'RefusedError';
  }
}

/** Throws `refusal` unless `holds`. */
export function ensure(holds: boolean, refusal: BlockableErrorName): void {
  if (!holds) throw new RefusedError(refusal);
}
