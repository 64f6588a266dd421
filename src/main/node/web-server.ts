// The workbench on a web address: the built page, its calls over a WebSocket, and files that are dropped on it.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RPCHandler } from '@orpc/server/ws';
import { WebSocketServer } from 'ws';
import { AppError } from '../../shared/errors.ts';
import type { CallContext } from '../api/calls/call.ts';
import { createFileRefs } from '../api/file-refs.ts';
import { router } from '../api/router.ts';
import { sweepDrops } from '../api/uploads.ts';
import type { App } from '../app.ts';
import { contentTypeOf, PAGE_HEADERS } from '../page-headers.ts';
import { receiveFiles } from './receive-files.ts';

export interface WebServer extends AsyncDisposable {
  /** Where to open the workbench, token included. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
}

export interface WebServerOptions {
  /** Names this machine may be called by in a request, besides loopback's. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The folder of the built page. */
  readonly pageFolder: string;
  /** Absent: drawn anew. */
  readonly token?: string;
  /** Goes on with a data folder that was moved. */
  readonly moveTo?: (folder: string) => void;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const COOKIE = 'tailor-token';

/** A refusal with its HTTP status; the sentence goes to whoever asked. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Serves the workbench. Every request must name this machine (no DNS rebinding), come from the page itself where a browser says so, and
 * carry the token, once in the address and then as a cookie that scripts cannot read.
 */
export async function serveWorkbench(app: App, options: WebServerOptions): Promise<WebServer> {
  const token = options.token ?? randomBytes(24).toString('base64url');
  const names = new Set([...LOOPBACK, options.host]);
  const files = createFileRefs((path) => reception.claim(path));
  const reception = receiveFiles(app, files);
  sweepDrops(app);
  const context: CallContext = { app, files, desk: { kind: 'web', ...(options.moveTo && { moveTo: options.moveTo }) } };

  const isToken = (given: string | undefined): boolean => {
    const [a, b] = [Buffer.from(given ?? ''), Buffer.from(token)];
    return a.length === b.length && timingSafeEqual(a, b);
  };
  /** Throws Refusal unless the request is for this machine, from this page, by someone who has the token. */
  const admit = (request: IncomingMessage, url: URL): void => {
    const host = request.headers.host ?? '';
    if (!names.has(host.replace(/:\d+$/, '')))
      throw new Refusal(421, 'This address is not one that Tailor answers to. Start it with --host and the name you use.');
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
      throw new Refusal(403, 'Another page asked; Tailor answers only its own.');
    const cookie = new RegExp(`(?:^|; )${COOKIE}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1];
    if (!isToken(cookie) && !isToken(url.searchParams.get('token') ?? undefined))
      throw new Refusal(401, 'The token is missing or old. Open the whole address that Tailor printed when it started.');
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://local');
    admit(request, url);
    if ((request.method === 'PUT' || request.method === 'DELETE') && url.pathname.startsWith('/drop/'))
      return await takeIn(request, response, url);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refusal(405, 'Only pages can be read here.');
    if (url.searchParams.has('token')) {
      // The token leaves the address bar and the history at once.
      response.writeHead(303, {
        ...PAGE_HEADERS,
        location: url.pathname,
        'set-cookie': `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`,
      });
      response.end();
      return;
    }
    await sendFile(response, url.pathname, request.method === 'HEAD');
  }

  async function sendFile(response: ServerResponse, pathname: string, headOnly: boolean): Promise<void> {
    const name = pathname === '/' ? 'index.html' : decodeURIComponent(pathname);
    if (name.includes('\0')) throw new Refusal(404, 'There is no such page.');
    const path = normalize(join(options.pageFolder, name));
    const stat = path.startsWith(options.pageFolder + sep) ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (!stat?.isFile()) throw new Refusal(404, 'There is no such page.');
    // Built files carry their hash in their name; the page itself does not.
    const caching = pathname.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store';
    response.writeHead(200, {
      ...PAGE_HEADERS,
      'content-type': contentTypeOf(path),
      'content-length': stat.size,
      'cache-control': caching,
    });
    if (headOnly) response.end();
    else await pipeline(createReadStream(path), response);
  }

  /** A dropped file: a browser does not tell where it lies. `batch` gathers the files of one drop. */
  async function takeIn(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const batch = url.searchParams.get('batch') ?? undefined;
    if (request.method === 'PUT')
      send(response, 200, await reception.take(request, decodeURIComponent(url.pathname.slice('/drop/'.length)), batch));
    else {
      if (batch !== undefined) reception.forget(batch);
      send(response, 200, {});
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      const status = thrown instanceof Refusal ? thrown.status : thrown instanceof AppError ? 400 : thrown instanceof URIError ? 400 : 500;
      const known = thrown instanceof Refusal || thrown instanceof AppError;
      if (!known) app.host.log(`web: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
      // Whoever was not let in is not listened to any longer.
      if (thrown instanceof Refusal) response.setHeader('connection', 'close');
      if (response.headersSent || request.socket.destroyed) response.destroy();
      else send(response, status, { message: known ? thrown.message : 'Something went wrong that is no fault of yours.' });
    });
  });
  // A dataset of gigabytes through a slow tunnel takes longer than the five minutes that are the default.
  server.requestTimeout = 0;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 2 ** 20 });
  const handler = new RPCHandler<CallContext>(router);
  server.on('upgrade', (request, socket, head) => {
    try {
      const url = new URL(request.url ?? '/', 'http://local');
      admit(request, url);
      if (url.pathname !== '/rpc' || request.headers.origin === undefined) throw new Refusal(404, 'There is nothing here.');
      sockets.handleUpgrade(request, socket, head, (webSocket) => void handler.upgrade(webSocket, { context }));
    } catch (thrown) {
      const status = thrown instanceof Refusal ? thrown.status : 400;
      socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\n\r\n`);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError('busy', `Port ${options.port} of ${options.host} is in use. Name another with --port, or 0 for any free one.`)
          : error,
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}/?token=${token}`,
    port,
    token,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      reception[Symbol.dispose]();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { ...PAGE_HEADERS, 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}
