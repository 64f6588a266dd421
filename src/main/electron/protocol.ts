// app://tailor: the built page under an origin of its own, from a folder that no address can leave.
import { createReadStream, statSync } from 'node:fs';
import { join, normalize, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { Protocol, WebFrameMain } from 'electron';
import { contentTypeOf, PAGE_HEADERS } from '../page-headers.ts';

const SCHEME = 'app:';
const HOST = 'tailor';
/** Where the window starts; places of the page follow as its hash. */
export const PAGE_URL = `${SCHEME}//${HOST}/index.html`;

/** Makes app:// a standard and secure origin. Must be called before Electron is ready. */
export function registerScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

/** Answers every request under app:// from the folder, and no other. */
export function servePage(protocol: Pick<Protocol, 'handle'>, folder: string): void {
  protocol.handle('app', (request) => answerPage(folder, request));
}

/** The answer to one request: a file of the folder with the page's policy, or a refusal. */
export function answerPage(folder: string, request: Pick<Request, 'method' | 'url'>): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405, headers: PAGE_HEADERS });
  const path = resolvePage(folder, request.url);
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  if (path === undefined || !stat?.isFile()) return new Response(null, { status: 404, headers: PAGE_HEADERS });
  const body = request.method === 'HEAD' ? null : (Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>);
  return new Response(body, {
    headers: { ...PAGE_HEADERS, 'content-type': contentTypeOf(path), 'content-length': String(stat.size), 'cache-control': 'no-store' },
  });
}

/** The file that an address names, always inside the folder; undefined for any other address. */
export function resolvePage(folder: string, url: string): string | undefined {
  if (!isOwnUrl(url)) return undefined;
  let pathname: string;
  try {
    pathname = decodeURIComponent(new URL(url).pathname);
  } catch {
    return undefined; // a broken escape
  }
  if (pathname.includes('\0')) return undefined;
  const path = normalize(join(folder, pathname === '' || pathname === '/' ? 'index.html' : pathname));
  return path.startsWith(folder + sep) ? path : undefined;
}

/** Whether a message came from the page itself: the window's own top frame, under app://tailor. */
export function isOwnPage(frame: Pick<WebFrameMain, 'url' | 'parent'> | null): boolean {
  return frame !== null && frame.parent === null && isOwnUrl(frame.url);
}

/** Whether an address is the page's own, at whatever place: loading it anew is all that it may ask for. */
export function isPageUrl(url: string): boolean {
  return isOwnUrl(url) && ['/', '/index.html'].includes(new URL(url).pathname);
}

function isOwnUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && parsed.protocol === SCHEME && parsed.host === HOST && parsed.username === '' && parsed.password === '';
}
