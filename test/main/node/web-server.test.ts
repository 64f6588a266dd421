// The web host probed from outside: without its token, under false names, from other pages, out of its folder.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createApp, type App } from '../../../src/main/app.ts';
import { serveWorkbench, type WebServer } from '../../../src/main/node/web-server.ts';
import { CONTENT_POLICY } from '../../../src/main/page-headers.ts';

const TOKEN = 'a-token-of-this-test';
const COOKIE = { cookie: `tailor-token=${TOKEN}` };
const root = mkdtempSync(join(tmpdir(), 'tailor-web-'));
const pageFolder = join(root, 'page');
const dataFolder = join(root, 'data-of-someone');
let app: App;
let server: WebServer;
let port: number;

beforeAll(async () => {
  mkdirSync(join(pageFolder, 'assets'), { recursive: true });
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(pageFolder, 'assets', 'main.js'), 'export {}');
  writeFileSync(join(root, 'secret.txt'), 'secret');
  mkdirSync(join(root, 'page-2'));
  writeFileSync(join(root, 'page-2', 'secret.txt'), 'secret');
  app = createApp({
    dataFolder,
    resourcesFolder: root,
    now: () => new Date(),
    log: () => undefined,
    spawnWorker: () => {
      throw new Error('no worker is needed here');
    },
  });
  server = await serveWorkbench(app, { host: '127.0.0.1', port: 0, pageFolder, token: TOKEN });
  port = Number(new URL(server.url).port);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  app[Symbol.dispose]();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as it is written: the path is sent untouched, which `fetch` would not do. */
function ask(path: string, { method = 'GET', headers = {} as Record<string, string>, body = '' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('without the token', () => {
  it.each([
    ['no token', '/', {}],
    ['an empty one', '/?token=', {}],
    ['a wrong one', '/?token=b-token-of-this-test', {}],
    ['a longer one', `/?token=${TOKEN}x`, {}],
    ['a wrong cookie', '/', { cookie: 'tailor-token=x' }],
    ['a cookie of another name', '/', { cookie: `x-tailor-token=${TOKEN}` }],
    ['a file of the page', '/assets/main.js', {}],
  ])('%s is told nothing', async (_what, path, headers) => {
    const answer = await ask(path, { headers });
    expect(answer.status).toBe(401);
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(['message']);
    for (const word of [basename(dataFolder), root, TOKEN, 'page</title>']) expect(answer.body).not.toContain(word);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('nothing is taken in', async () => {
    expect((await ask('/drop/a.csv', { method: 'PUT', body: 'a' })).status).toBe(401);
    expect(existsSync(join(dataFolder, 'uploads'))).toBe(false);
  });
});

describe('with the token', () => {
  it('the first visit moves it from the address into a cookie that scripts cannot read', async () => {
    const first = await ask(`/?token=${TOKEN}`);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe('/');
    expect(first.headers['set-cookie']).toEqual([`tailor-token=${TOKEN}; HttpOnly; SameSite=Strict; Path=/`]);
    const page = await ask('/', { headers: COOKIE });
    expect([page.status, page.body]).toEqual([200, '<!doctype html><title>page</title>']);
    expect(page.headers).toMatchObject({
      'content-security-policy': CONTENT_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });

  it.each(['tailor.evil', 'localhost.evil:4870', '127.0.0.1.evil', '[::2]', '0.0.0.0'])('the Host %j is not answered to', async (host) => {
    expect((await ask('/', { headers: { ...COOKIE, host } })).status).toBe(421);
  });

  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost'])('a page of %s is refused', async (origin) => {
    expect((await ask('/', { headers: { ...COOKIE, origin } })).status).toBe(403);
    expect((await ask('/drop/a.csv', { method: 'PUT', headers: { ...COOKIE, origin } })).status).toBe(403);
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/../page-2/secret.txt',
    '/..%2fpage-2%2fsecret.txt',
    '//etc/passwd',
    '/assets',
    '/%00',
    '/index.html%00.js',
    '/%E0%A4%A',
  ])('%s leads nowhere', async (path) => {
    const answer = await ask(path, { headers: COOKIE });
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('secret');
  });

  it('reads only', async () => {
    for (const method of ['POST', 'DELETE', 'PATCH']) expect((await ask('/', { method, headers: COOKIE })).status).toBe(405);
  });
});

describe('what is dropped', () => {
  const drop = (name: string, body = 'x', query = '?batch=b1') => ask(`/drop/${name}${query}`, { method: 'PUT', headers: COOKIE, body });

  it.each([
    ['rows.csv', 'rows.csv'],
    ['..%2F..%2Fout.csv', '.._.._out.csv'],
    ['..%5Cout.csv', '.._out.csv'],
    ['%2Fetc%2Fpasswd', '_etc_passwd'],
    ['a%00b.csv', 'a_b.csv'],
    ['C%3A%5Cx.csv', 'C__x.csv'],
    ['%3Cimg%20src%3Dx%3E.csv', '_img src=x_.csv'],
    ['%F0%9F%A7%B5%20na%C3%AFve.csv', '🧵 naïve.csv'],
    ['-rf.csv', '-rf.csv'],
  ])('%s is kept as %s, under the data folder', async (name, kept) => {
    const answer = await drop(name);
    expect(answer.status).toBe(200);
    const { file } = JSON.parse(answer.body) as { file: { name: string; sizeBytes: number } };
    expect(file).toMatchObject({ name: kept, sizeBytes: 1 });
    expect(answer.body).not.toContain(dataFolder);
    expect(readFileSync(join(dataFolder, 'uploads', 'b1', kept), 'utf8')).toBe('x');
  });

  it.each(['', '.', '%2E%2E', '..'])('the name %j is refused, or leads nowhere', async (name) => {
    expect((await drop(name)).status).toBeGreaterThanOrEqual(400);
  });

  it('a batch that would leave the folder is one of its own', async () => {
    expect((await drop('odd.csv', 'x', '?batch=../../out')).status).toBe(200);
    expect(existsSync(join(root, 'out'))).toBe(false);
    const batches = readdirSync(join(dataFolder, 'uploads'));
    expect(batches.every((name) => /^[\w-]+$/.test(name))).toBe(true);
  });

  it('a long name keeps its end, and a second file of a name does not replace the first', async () => {
    const answer = await drop(`${'n'.repeat(400)}.csv`);
    expect((JSON.parse(answer.body) as { file: { name: string } }).file.name).toMatch(/^n+\.csv$/);
    await drop('twice.csv', 'first');
    expect((await drop('twice.csv', 'second')).status).toBe(400);
    expect(readFileSync(join(dataFolder, 'uploads', 'b1', 'twice.csv'), 'utf8')).toBe('first');
  });
});

describe('the socket', () => {
  const open = (headers: Record<string, string>, path = '/rpc'): Promise<number> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
      socket.on('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!));
      socket.on('error', () => undefined);
    });
  const origin = (): string => `http://127.0.0.1:${port}`;

  it('opens for the page, and for nobody without cookie, Origin or the right path', async () => {
    expect(await open({ ...COOKIE, origin: origin() })).toBe(101);
    expect(await open({ origin: origin() })).toBe(401);
    expect(await open(COOKIE)).toBe(404);
    expect(await open({ ...COOKIE, origin: 'http://evil.example' })).toBe(403);
    expect(await open({ ...COOKIE, origin: origin(), host: 'evil.example' })).toBe(421);
    expect(await open({ ...COOKIE, origin: origin() }, '/other')).toBe(404);
  });

  it('survives a line of nonsense', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET \u0000 nonsense\r\n\r\n'));
      socket.on('close', () => resolve()).on('error', () => resolve());
      socket.resume();
    });
    expect((await ask('/', { headers: COOKIE })).status).toBe(200);
  });
});
