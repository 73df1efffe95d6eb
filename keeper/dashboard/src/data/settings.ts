// `page.json`: the settings that the keeper serves with the page, or that stand beside exported files.

import { type Address, isAddress } from '@solana/kit';

/** A node as a browser reaches it. */
export type NodeAddress = { http: string; ws: string | undefined };

/** The clusters that a page can be of. */
export type ClusterName = 'mainnet-beta' | 'devnet' | 'testnet' | 'localnet';

/** Settings of the page. */
export type PageSettings = {
  cluster: { name: ClusterName; genesis: string | undefined };
  /** The market's account. */
  market: Address;
  /** Nodes, in order of preference: one at least. */
  rpc: readonly NodeAddress[];
  /** The gate of each provider, where freezes go first. */
  gates: ReadonlyMap<Address, string>;
  /** True where the page comes from a keeper, whose API is at the same place. */
  hasKeeper: boolean;
  /** Template of links to an explorer, with `{kind}` and `{id}`. */
  explorer: string | undefined;
  /** Prices that the operator sets, in micro-USDC per `PRICE_SCALE` units, by provider or lot. */
  unitPrices: ReadonlyMap<Address, bigint>;
  /** Public URL of the keeper's wallet links. */
  links: string | undefined;
};

const CLUSTERS: readonly ClusterName[] = ['mainnet-beta', 'devnet', 'testnet', 'localnet'];
/** Units that a price is of, in millions: `PRICE_SCALE`. A price of `page.json` is per unit, with six places. */
const PRICE_PLACES = 6;

/** A fault of `page.json`, in words. */
export class SettingsError extends Error {}

/** Reads the settings from the parsed JSON. Throws [`SettingsError`]. */
export function readSettings(json: unknown): PageSettings {
  const root = record(json, 'page.json');
  if (root['schema'] !== 1) {
    throw new SettingsError(
      `page.json has schema ${String(root['schema'])}, and this page reads 1: use both of one version`,
    );
  }
  const cluster = record(root['cluster'], 'cluster');
  const name = CLUSTERS.find((known) => known === cluster['name']);
  if (!name) throw new SettingsError(`cluster.name is none of ${CLUSTERS.join(', ')}`);
  const rpc = list(root['rpc'], 'rpc').map((node, place) => readNode(node, place));
  if (rpc.length === 0) throw new SettingsError('rpc names no node: the page reads the chain by one at least');
  return {
    cluster: { name, genesis: optionalText(cluster['genesis'], 'cluster.genesis') },
    market: address(root['market'], 'market'),
    rpc,
    gates: new Map(entries(root['gates'], 'gates').map(([key, url]) => [address(key, 'gates'), text(url, 'gates')])),
    hasKeeper: root['keeper'] === true,
    explorer: optionalText(root['explorer'], 'explorer'),
    unitPrices: new Map(
      entries(root['unit_prices'], 'unit_prices').map(([key, price]) => [
        address(key, 'unit_prices'),
        readPrice(price),
      ]),
    ),
    links: optionalText(root['links'], 'links'),
  };
}

/** The link to an explorer; undefined where the settings have none. */
export function explorerLink(settings: PageSettings, kind: 'tx' | 'address', id: string): string | undefined {
  return settings.explorer?.replaceAll('{kind}', kind).replaceAll('{id}', encodeURIComponent(id));
}

/** The chain as Wallet Standard names it. */
export function walletChain(settings: PageSettings): `solana:${string}` {
  const { name } = settings.cluster;
  return name === 'mainnet-beta' ? 'solana:mainnet' : `solana:${name}`;
}

/** Reads a price in micro-USDC per unit, as decimal text, as micro-USDC per million units. */
function readPrice(value: unknown): bigint {
  const found = /^(\d{1,13})(?:\.(\d{1,6}))?$/.exec(text(value, 'unit_prices'));
  if (!found) throw new SettingsError('a price of unit_prices is decimal text with at most six places');
  return BigInt((found[1] ?? '') + (found[2] ?? '').padEnd(PRICE_PLACES, '0'));
}

function readNode(value: unknown, place: number): NodeAddress {
  const node = record(value, `rpc[${place}]`);
  return { http: text(node['http'], `rpc[${place}].http`), ws: optionalText(node['ws'], `rpc[${place}].ws`) };
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SettingsError(`${name} is no object`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new SettingsError(`${name} is no list`);
}

function entries(value: unknown, name: string): [string, unknown][] {
  return value === undefined || value === null ? [] : Object.entries(record(value, name));
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new SettingsError(`${name} is no text`);
}

function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : text(value, name);
}

function address(value: unknown, name: string): Address {
  const found = text(value, name);
  if (isAddress(found)) return found;
  throw new SettingsError(`${name}: ${found} is no address`);
}
