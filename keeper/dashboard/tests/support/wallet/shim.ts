// The half of the wallet that lives in the page: an object of the Wallet Standard, as an extension's content script adds it.
// It has no key. What is to be signed goes to the other half, which is the test's process, as an extension asks its own.

/** A question to the half that has the keys. Bytes are in base64. */
export type Question =
  | { ask: 'connect'; silent: boolean }
  | { ask: 'transaction' | 'message'; address: string; bytes: string; sends: boolean };

/** An answer: bytes in base64, or the words of a refusal. */
export type Answer =
  | { accounts: readonly string[] }
  | { signed: string; signature: string }
  | { refused: string; code: number };

/** The name of the function by which the page's half asks. */
export const BRIDGE = 'blockableTestWallet';
/** The name of the event by which the test tells the page of other accounts. */
export const CHANGED = 'blockable-test-wallet-changed';

/** Registers the wallet. It runs in the page before its scripts, so it uses nothing from outside. */
export function installShim({ name, bridge, changed }: { name: string; bridge: string; changed: string }): void {
  type Account = { address: string; publicKey: Uint8Array; chains: string[]; features: string[] };
  type Listener = (change: { accounts: readonly Account[] }) => void;
  const ask = (question: Question) =>
    (window as unknown as Record<string, (question: Question) => Promise<Answer>>)[bridge]!(question);
  const chains = ['solana:mainnet', 'solana:testnet', 'solana:devnet', 'solana:localnet'];
  const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

  const bytesOfAddress = (address: string) => {
    let value = 0n;
    for (const letter of address) value = value * 58n + BigInt(base58.indexOf(letter));
    return Uint8Array.from({ length: 32 }, (_, place) => Number((value >> BigInt(8 * (31 - place))) & 255n));
  };
  const toText = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const toBytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  let accounts: readonly Account[] = [];
  const listeners = new Set<Listener>();
  const known = new Map<string, Account>();
  const accountOf = (address: string) => {
    const features = ['solana:signTransaction', 'solana:signAndSendTransaction', 'solana:signMessage'];
    const account = known.get(address) ?? { address, publicKey: bytesOfAddress(address), chains, features };
    known.set(address, account);
    return account;
  };
  const show = (addresses: readonly string[]) => {
    accounts = addresses.map(accountOf);
    listeners.forEach((listener) => listener({ accounts }));
  };
  const sign = async (what: 'transaction' | 'message', address: string, bytes: Uint8Array, sends = false) => {
    if (!accounts.some((account) => account.address === address)) throw new Error('the account is not connected');
    const answer = await ask({ ask: what, address, bytes: toText(bytes), sends });
    if ('refused' in answer) throw Object.assign(new Error(answer.refused), { code: answer.code });
    if (!('signed' in answer)) throw new Error('the wallet has signed nothing');
    return { signed: toBytes(answer.signed), signature: toBytes(answer.signature) };
  };

  type ToSign = { account: Account; transaction: Uint8Array };
  const features = {
    'standard:connect': {
      version: '1.0.0',
      connect: async ({ silent = false } = {}) => {
        const answer = await ask({ ask: 'connect', silent });
        if ('refused' in answer) throw Object.assign(new Error(answer.refused), { code: answer.code });
        if ('accounts' in answer) show(answer.accounts);
        return { accounts };
      },
    },
    'standard:disconnect': { version: '1.0.0', disconnect: async () => show([]) },
    'standard:events': {
      version: '1.0.0',
      on: (_: 'change', listener: Listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    'solana:signTransaction': {
      version: '1.0.0',
      supportedTransactionVersions: ['legacy', 0],
      signTransaction: async (...inputs: ToSign[]) => {
        const outputs = [];
        for (const { account, transaction } of inputs) {
          const { signed } = await sign('transaction', account.address, transaction);
          outputs.push({ signedTransaction: signed });
        }
        return outputs;
      },
    },
    'solana:signAndSendTransaction': {
      version: '1.0.0',
      supportedTransactionVersions: ['legacy', 0],
      signAndSendTransaction: async (...inputs: ToSign[]) => {
        const outputs = [];
        for (const { account, transaction } of inputs) {
          const { signature } = await sign('transaction', account.address, transaction, true);
          outputs.push({ signature });
        }
        return outputs;
      },
    },
    'solana:signMessage': {
      version: '1.0.0',
      signMessage: async (...inputs: { account: Account; message: Uint8Array }[]) => {
        const outputs = [];
        for (const { account, message } of inputs) {
          const { signed, signature } = await sign('message', account.address, message);
          outputs.push({ signedMessage: signed, signature });
        }
        return outputs;
      },
    },
  };
  const icon =
    'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSIxIiBoZWlnaHQ9IjEiLz4=';
  const wallet = Object.freeze({
    version: '1.0.0',
    name,
    icon,
    chains,
    features,
    get accounts() {
      return accounts;
    },
  });

  window.addEventListener(changed, (event) => show((event as CustomEvent<readonly string[]>).detail));
  type Api = { register(wallet: unknown): void };
  const register = (api: Api) => api.register(wallet);
  window.addEventListener('wallet-standard:app-ready', (event) => register((event as CustomEvent<Api>).detail));
  window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: register }));
}
