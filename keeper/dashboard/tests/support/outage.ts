// Takes a node down for one browser: requests fail as they do where nothing listens, open WebSockets end, new ones do not open.

import type { BrowserContext, WebSocketRoute } from '@playwright/test';

export class Outage {
  private isDown = false;
  private readonly open = new Set<WebSocketRoute>();

  private constructor() {}

  /** Stands between a browser and addresses, such as `http://127.0.0.1:8899`, and lets everything pass until `begin`. */
  static async between(context: BrowserContext, addresses: readonly string[]): Promise<Outage> {
    const outage = new Outage();
    const origins = addresses.map((address) => new URL(address).origin);
    const isThere = (url: URL) => origins.includes(url.origin);
    await context.route(isThere, (route) => (outage.isDown ? route.abort('connectionrefused') : route.fallback()));
    await context.routeWebSocket(isThere, (socket) => {
      if (outage.isDown) return void socket.close({ code: 1001 });
      outage.open.add(socket);
      const server = socket.connectToServer();
      socket.onClose((code, reason) => {
        outage.open.delete(socket);
        return server.close({ code: closing(code), reason });
      });
    });
    return outage;
  }

  /** Nothing answers any more. */
  async begin(): Promise<void> {
    this.isDown = true;
    await Promise.all([...this.open].map((socket) => socket.close({ code: 1001 })));
    this.open.clear();
  }

  /** All answers again. */
  end(): void {
    this.isDown = false;
  }
}

/** A code that a program may give: those without a close frame are the browser's own. */
function closing(code: number | undefined): number {
  return code === undefined || code === 1005 || code === 1006 ? 1000 : code;
}
