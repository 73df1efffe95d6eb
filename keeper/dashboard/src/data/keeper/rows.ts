// Lines of the keeper's API as rows of the page.

import { decodeRecord } from '@blockable/client';
import { getBase16Encoder } from '@solana/kit';
import { factsOf } from '../../figures/events.js';
import { STATUS_NAMES, type StatusName } from '../../text/names.js';
import type { AlertRow, Colour, CreditRow, Delivery, EventRow, ReportRow, Sample, Totals, Watched } from '../types.js';
import { address, amount, list, object, optionalAmount, optionalNumber, optionalTime, text, time } from './json.js';

const COLOURS: readonly Colour[] = ['green', 'amber', 'red'];

/** Reads a line of `/v1/credits`. */
export function readCredit(value: unknown): CreditRow {
  const line = object(value, 'credit');
  const [health, coverage, burn] = [
    object(line['health'], 'health'),
    object(line['coverage'], 'coverage'),
    object(line['burn'], 'burn'),
  ];
  const next = line['next_payment'];
  const units = (name: string) => amount(line[name], name);
  const apr = optionalAmount(line['apr_bps'], 'apr_bps');
  const isSettled = burn['is_settled'] === true;
  return {
    credit: address(line['credit'], 'credit'),
    lender: address(line['lender'], 'lender'),
    borrower: address(line['borrower'], 'borrower'),
    provider: address(line['provider'], 'provider'),
    status: statusOf(line['status']),
    isLoan: line['is_loan'] === true,
    health: {
      colour: COLOURS.find((known) => known === health['colour']) ?? 'amber',
      reason: text(health['reason'], 'reason'),
    },
    principal: units('principal'),
    debt: units('debt'),
    arrears: units('arrears'),
    nextPayment: next === null || next === undefined ? undefined : readPayment(next),
    remaining: units('remaining'),
    lien: units('lien'),
    frozen: units('frozen'),
    locked: units('locked'),
    available: units('available'),
    heldBack: units('held_back'),
    lienValue: amount(coverage['lien_value'], 'lien_value'),
    aprBps: apr === undefined ? undefined : Number(apr),
    maturesAt: optionalTime(line['matures_at'], 'matures_at'),
    unitsPerDay: isSettled ? optionalNumber(burn['units_per_day']) : undefined,
    exhaustedAt: isSettled ? optionalTime(burn['exhausted_at'], 'exhausted_at') : undefined,
  };
}

function readPayment(value: unknown): CreditRow['nextPayment'] {
  const payment = object(value, 'next_payment');
  return { dueAt: time(payment['due_at'], 'due_at'), amount: amount(payment['amount'], 'amount') };
}

function statusOf(value: unknown): StatusName {
  return STATUS_NAMES.find((known) => known === value) ?? 'unknown';
}

/** Reads an event of `/v1/credits/ADDRESS/events`, with the bytes of its record. */
export function readEvent(value: unknown): { row: EventRow; record: Uint8Array | undefined } {
  const event = object(value, 'event');
  const hex = event['record'];
  const record = typeof hex === 'string' ? new Uint8Array(getBase16Encoder().encode(hex)) : undefined;
  const known = record && decoded(record);
  const row = {
    seq: amount(event['seq'], 'seq'),
    at: time(event['at'], 'at'),
    kind: known?.change.__kind ?? text(event['kind'], 'kind'),
    facts: known ? factsOf(known.change) : [],
    signature: text(event['signature'], 'signature'),
    slot: amount(event['slot'], 'slot'),
  };
  return { row, record };
}

/** A change of a later version of the program decodes to nothing. */
function decoded(record: Uint8Array) {
  try {
    return decodeRecord(record);
  } catch {
    return undefined;
  }
}

/** Reads a sample of `/v1/credits/ADDRESS/series`. Charts need no more than the precision of a float. */
export function readSample(value: unknown): Sample {
  const sample = object(value, 'sample');
  const number = (name: string) => Number(amount(sample[name], name));
  return {
    at: Number(time(sample['at'], 'at')),
    consumed: number('consumed'),
    available: number('available'),
    frozen: number('frozen'),
    lien: number('lien'),
    debt: number('debt'),
  };
}

/** Reads a sum of `/v1/portfolio/history`. */
export function readTotals(value: unknown): Totals {
  const sums = object(value, 'sum');
  const number = (name: string) => Number(amount(sums[name], name));
  return {
    at: Number(time(sums['at'], 'at')),
    loans: number('loans'),
    debt: number('debt'),
    arrears: number('arrears'),
    covered: number('covered'),
  };
}

/** Reads an alert of `/v1/alerts` or of the stream. */
export function readAlert(value: unknown): AlertRow {
  const alert = object(value, 'alert');
  return {
    id: String(alert['id']),
    rule: text(alert['rule'], 'rule'),
    subject: address(alert['subject'], 'subject'),
    isOnCredit: alert['is_on_credit'] === true,
    severity: text(alert['severity'], 'severity'),
    happened: text(alert['happened'], 'happened'),
    meaning: text(alert['meaning'], 'meaning'),
    nextStep: text(alert['next_step'], 'next_step'),
    raisedAt: time(alert['raised_at'], 'raised_at'),
    clearedAt: optionalTime(alert['cleared_at'], 'cleared_at'),
    deliveries:
      alert['deliveries'] === undefined || alert['deliveries'] === null
        ? []
        : list(alert['deliveries'], 'deliveries').map(readDelivery),
  };
}

function readDelivery(value: unknown): Delivery {
  const delivery = object(value, 'delivery');
  return {
    sink: text(delivery['sink'], 'sink'),
    state: text(delivery['state'], 'state'),
    at: optionalTime(delivery['delivered_at'] ?? delivery['at'], 'delivered_at'),
  };
}

/** Reads what `/v1/credits/ADDRESS` says of use and reporters. */
export function readWatched(value: unknown): Watched {
  const detail = object(value, 'credit');
  const plan = detail['plan'] === null || detail['plan'] === undefined ? {} : object(detail['plan'], 'plan');
  const usage = plan['usage'] === null || plan['usage'] === undefined ? undefined : object(plan['usage'], 'usage');
  const burn = detail['burn'] === null || detail['burn'] === undefined ? {} : object(detail['burn'], 'burn');
  const isSettled = burn['is_settled'] === true;
  return {
    agreement: usage && text(usage['agreement'], 'agreement'),
    quorum: usage && optionalNumber(usage['quorum']),
    reports: usage ? list(usage['reports'], 'reports').map(readReport) : [],
    next: typeof plan['next'] === 'string' ? plan['next'] : undefined,
    unitsPerDay: isSettled ? optionalNumber(burn['units_per_day']) : undefined,
    longUnitsPerDay: isSettled ? optionalNumber(burn['long_units_per_day']) : undefined,
    exhaustedAt: isSettled ? optionalTime(burn['exhausted_at'], 'exhausted_at') : undefined,
  };
}

function readReport(value: unknown): ReportRow {
  const report = object(value, 'report');
  return {
    reporter: address(report['reporter'], 'reporter'),
    reportedAt: time(report['reported_at'], 'reported_at'),
    cumulative: optionalAmount(report['cumulative'], 'cumulative'),
    agrees: typeof report['agrees'] === 'boolean' ? report['agrees'] : undefined,
    problem: typeof report['problem'] === 'string' ? report['problem'] : undefined,
  };
}
