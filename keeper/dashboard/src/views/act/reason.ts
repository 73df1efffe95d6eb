import { FreezeReason, Status } from '@blockable/client';

/** The reason of a freeze that fits a status. */
export function reasonFor(status: number): FreezeReason {
  if (status === Status.Delinquent) return FreezeReason.MissedPayment;
  return status === Status.Defaulted || status === Status.Seizing ? FreezeReason.Default : FreezeReason.Risk;
}
