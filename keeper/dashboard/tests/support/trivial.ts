// The least page that speaks the Wallet Standard, for tests of the wallet itself. Its policy is as strict as that of the
// lender's page: no inline scripts, no other host.

import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { createServer } from 'node:http';

const PAGE = `<!doctype html><title>trivial</title><script src="/page.js"></script>`;
const SCRIPT = `
  window.wallets = [];
  const api = { register: (...found) => window.wallets.push(...found) };
  window.addEventListener('wallet-standard:register-wallet', ({ detail }) => detail(api));
  window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: api }));
`;

/** Serves the page on a free port. */
export async function serveTrivialPage(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-security-policy', "default-src 'none'; script-src 'self'");
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? SCRIPT : PAGE);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async () => {
    server.closeAllConnections();
    await once(server.close(), 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}
