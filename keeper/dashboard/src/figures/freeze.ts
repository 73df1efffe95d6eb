import { type Credit, type FreezeAmountArgs, RefusedError, freezeTarget } from '@blockable/client';

/** The total of frozen units that a freeze leads to; undefined where the program refuses the amount. */
export function freezeTargetOf(credit: Credit, amount: FreezeAmountArgs): bigint | undefined {
  try {
    return freezeTarget(credit, amount);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}
