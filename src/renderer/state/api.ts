// The page's end of the calls: typed, over whatever channel the host gives, with AppErrors as AppErrors.
import { createORPCClient, type ClientLink } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { RouterClient } from '@orpc/server';
import type { Router } from '../../main/api/router.ts';
import { AppError } from '../../shared/errors.ts';
import { fromWireError } from '../../shared/wire-error.ts';
import { connection } from './connection.svelte.ts';
import { receivePort } from './shell.ts';

type Link = ClientLink<Record<never, never>>;

/** How long to wait before the n-th try to reach main again. */
const RETRY_MS = [200, 500, 1000, 2000, 5000];

let link: Promise<Link> = connect(0);

/** The desktop shell hands a port over; in a browser the page speaks to where it came from. */
function connect(attempt: number): Promise<Link> {
  if (window.tailor)
    return receivePort(window.tailor).then((port) => {
      connection.opened();
      return new PortLink({ port });
    });
  const { promise, resolve } = Promise.withResolvers<Link>();
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`);
  socket.addEventListener('open', () => {
    connection.opened();
    resolve(new SocketLink({ websocket: socket }));
  });
  let lost = false;
  socket.addEventListener('close', () => {
    if (lost) return;
    lost = true;
    connection.closed();
    const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!;
    link = new Promise((settle) => setTimeout(() => settle(connect(connection.isOpen ? 0 : attempt + 1)), wait));
    void link.then(resolve);
  });
  return promise;
}

/** Every call of main, by noun. Throws AppErrors; a call that the connection lost throws `worker-lost`. */
export const api: RouterClient<Router> = createORPCClient<RouterClient<Router>>({
  async call(path, input, options) {
    try {
      return await (await link).call(path, input, options);
    } catch (thrown) {
      throw fromWireError(thrown);
    }
  },
} satisfies Link);

/** A thrown value as the sentence that a person reads. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof AppError) return thrown.message;
  if (!connection.isOpen) return 'The connection to Tailor was lost. It is tried again by itself.';
  return thrown instanceof Error ? thrown.message : String(thrown);
}
