// The web host treated badly: half-sent files, odd names, folders of thousands, HTML in every field, a full disk, a second Tailor.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { RouterClient } from '@orpc/server';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Router } from '../../../src/main/api/router.ts';
import { createApp, type App } from '../../../src/main/app.ts';
import { receiveFiles, safeName } from '../../../src/main/node/receive-files.ts';
import { serveWorkbench, type WebServer } from '../../../src/main/node/web-server.ts';
import { fromWireError } from '../../../src/shared/wire-error.ts';
import { canMount, mountSmallDisk, NEEDS_MOUNT } from '../../support/small-disk.ts';

const TOKEN = 'a-token-of-this-test';
const HTML = '<img src=x onerror="document.title=1">';
/** For what comes by itself, on a machine that is busy otherwise. */
const PATIENCE = { timeout: 20_000 };
const root = mkdtempSync(join(tmpdir(), 'tailor-hostile-'));

interface Bench extends AsyncDisposable {
  readonly app: App;
  readonly server: WebServer;
  readonly api: RouterClient<Router>;
  readonly port: number;
  readonly uploads: string;
  readonly log: string[];
  /** Sends one file of a drop; what the host answers. */
  send(
    name: string,
    drop: string,
    body: string | Buffer,
  ): Promise<{ status: number; body: { file?: { id: string }; folder?: { id: string }; message?: string } }>;
  /** Waits for an import's end. */
  settled(work: string): Promise<{ state: string; said: string }>;
}

async function open(dataFolder: string): Promise<Bench> {
  const log: string[] = [];
  const app = createApp({
    dataFolder,
    resourcesFolder: root,
    now: () => new Date(),
    log: (line) => log.push(line),
    spawnWorker: () => {
      throw new Error('no worker is needed here');
    },
  });
  const server = await serveWorkbench(app, { host: '127.0.0.1', port: 0, pageFolder: join(root, 'page'), token: TOKEN });
  const { origin, port } = new URL(server.url);
  const cookie = `tailor-token=${TOKEN}`;
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/rpc`, { headers: { cookie, origin } });
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  const api = createORPCClient<RouterClient<Router>>(link);
  await new Promise((resolve) => socket.once('open', resolve));
  return {
    app,
    server,
    api,
    port: Number(port),
    uploads: join(dataFolder, 'uploads'),
    log,
    send: (name, drop, body) =>
      new Promise((resolve, reject) => {
        const path = `/drop/${encodeURIComponent(name)}?batch=${drop}`;
        const sent = request({ host: '127.0.0.1', port, path, method: 'PUT', headers: { cookie } }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) as object }));
        });
        sent.on('error', reject);
        sent.end(body);
      }),
    async settled(work) {
      for (;;) {
        const one = (await api.datasets.imports()).find(({ id }) => id === work);
        if (one && one.state !== 'waiting' && one.state !== 'reading') return one;
        await wait(10);
      }
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await server[Symbol.asyncDispose]();
      app[Symbol.dispose]();
    },
  };
}

const drops = (bench: Bench): string[] => (existsSync(bench.uploads) ? readdirSync(bench.uploads) : []);
const refused = async (call: Promise<unknown>): Promise<Error> =>
  fromWireError(
    await call.then(
      () => new Error('It was not refused.'),
      (thrown: unknown) => thrown,
    ),
  ) as Error;

let bench: Bench;
beforeAll(async () => {
  mkdirSync(join(root, 'page'));
  writeFileSync(join(root, 'page', 'index.html'), 'page');
  bench = await open(join(root, 'data'));
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

describe('files that a browser sent', () => {
  it('are gone when their rows are in the records, with the documents beside them', async () => {
    await bench.send('rows.jsonl', 'taken', '{"text":"one"}\n{"text":"two"}\n');
    const { body } = await bench.send('README.md', 'taken', 'about');
    await bench.api.datasets.import({ work: 'taken', files: [{ id: body.folder!.id, name: 'rows' }] });
    expect(await bench.settled('taken')).toMatchObject({ state: 'done' });
    await vi.waitFor(() => expect(drops(bench)).toEqual([]), PATIENCE);
  });

  it('stay while a failed import can be tried again, and go when it is cleared away', async () => {
    const { body } = await bench.send('empty.csv', 'failed', ' ');
    await bench.api.datasets.import({ work: 'failed', files: [{ id: body.file!.id }] });
    const { state, said } = await bench.settled('failed');
    expect([state, said]).toEqual(['failed', 'empty.csv holds nothing but white space: there is nothing to import.']);
    expect(drops(bench)).toEqual(['failed']);
    await bench.api.datasets.clearImports({ work: 'failed' });
    expect(drops(bench)).toEqual([]);
  });

  it('are kept for the other datasets of the same drop', async () => {
    const one = await bench.send('good.jsonl', 'shared', '{"text":"three"}\n');
    const two = await bench.send('bad.jsonl', 'shared', ' ');
    await bench.api.datasets.import({ work: 'shared', files: [{ id: one.body.file!.id }, { id: two.body.file!.id }] });
    expect((await bench.settled('shared-1')).state).toBe('failed');
    expect(readdirSync(join(bench.uploads, 'shared'))).toContain('bad.jsonl');
    await bench.api.datasets.clearImports({});
    expect(drops(bench)).toEqual([]);
  });

  it('are gone when they can be no dataset or no model', async () => {
    const weights = await bench.send('model.safetensors', 'weights', 'x');
    const said = await refused(bench.api.datasets.import({ work: 'weights', files: [{ id: weights.body.folder!.id, name: 'tiny' }] }));
    expect(said.message).toBe('tiny holds the weights of a model, not data. Add it on the page Models.');
    const model = await bench.send('config.json', 'model', '{}');
    const fault = await refused(bench.api.models.add({ file: model.body.folder!.id, name: 'tiny', workId: 'model' }));
    expect(drops(bench)).toEqual([]);
    // Here no worker can be started, which nobody foresaw: the page is told a sentence, and the log has the rest.
    expect(fault).toMatchObject({
      code: 'internal',
      message: 'Something went wrong inside Tailor that is no fault of yours. Its log says what.',
    });
    expect(JSON.stringify([fault, fault.cause])).not.toMatch(/no worker|src.main|node_modules/);
    expect(bench.log.splice(0).join()).toMatch(/^models\.add: Error: no worker is needed here\n +at /);
  });

  it('leave nothing when the browser goes away in the middle, or forgets the drop', async () => {
    await bench.send('whole.csv', 'half', 'a,b\n1,2\n');
    const socket = connect(bench.port, '127.0.0.1');
    socket.write(
      `PUT /drop/rest.csv?batch=half HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: tailor-token=${TOKEN}\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(70_000)}`,
    );
    await vi.waitFor(() => expect(existsSync(join(bench.uploads, 'half', 'rest.csv'))).toBe(true), PATIENCE);
    socket.destroy();
    await vi.waitFor(() => expect(drops(bench)).toEqual([]), PATIENCE);
    await bench.send('whole.csv', 'forgotten', 'a,b\n1,2\n');
    await fetch(`${new URL(bench.server.url).origin}/drop/?batch=forgotten`, {
      method: 'DELETE',
      headers: { cookie: `tailor-token=${TOKEN}` },
    });
    expect(drops(bench)).toEqual([]);
    expect(bench.log).toEqual([]);
  });

  it('that nobody took in go after a while, and at the next start', async () => {
    const drop = join(bench.uploads, 'lonely');
    const server = (await import('node:http')).createServer((asked, answer) => {
      void reception.take(asked, 'a.csv', 'lonely').then(() => answer.end());
    });
    // The clock is the test's own: on a busy machine a short time might be over before the file is whole.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    using reception = receiveFiles(bench.app, { add: () => ({}) as never }, 60_000);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}/`, { method: 'PUT', body: 'a,b\n' });
    vi.advanceTimersByTime(59_999);
    expect(readFileSync(join(drop, 'a.csv'), 'utf8')).toBe('a,b\n');
    vi.advanceTimersByTime(1);
    expect(existsSync(drop)).toBe(false);
    vi.useRealTimers();
    server.close();

    const folder = join(root, 'left-behind');
    mkdirSync(join(folder, 'uploads', 'old'), { recursive: true });
    writeFileSync(join(folder, 'uploads', 'old', 'rows.csv'), 'a,b\n');
    await using other = await open(folder);
    expect(drops(other)).toEqual([]);
  });

  it('a second file of a name is refused in words, however large it is', async () => {
    await bench.send('same.csv', 'same', 'first');
    const { status, body } = await bench.send('same.csv', 'same', Buffer.alloc(8 << 20));
    expect([status, body.message]).toEqual([400, 'Two files of this drop are called “same.csv”. Drop the second by itself.']);
    expect(readFileSync(join(bench.uploads, 'same', 'same.csv'), 'utf8')).toBe('first');
    rmSync(join(bench.uploads, 'same'), { recursive: true });
  });
});

describe('names', () => {
  it.each([
    ['数'.repeat(100) + '.csv', '数'.repeat(65) + '.csv'],
    ['🧵'.repeat(80) + '.csv', '🧵'.repeat(49) + '.csv'],
    ['CON.csv', '_CON.csv'],
    ['rows.csv. ', 'rows.csv__'],
    ['a\u007fb\nc.csv', 'a_b_c.csv'],
    ['$(rm -rf x);`y`.csv', '$(rm -rf x);`y`.csv'],
    ["it's \u202efdp.csv", "it's \u202efdp.csv"],
  ])('%j is kept as %j', (name, kept) => expect(safeName(name)).toBe(kept));

  it('of every kind are taken in and shown as they are, with HTML in every field', async () => {
    const names = ['naïve 🧵', 'a%20b', '#&=', "'; DROP TABLE datasets; --", '..hidden..', 'ليل', '-rf', 'a\u202eb'];
    for (const [index, name] of names.entries()) {
      const row = JSON.stringify({ [HTML]: HTML, text: `${HTML} ${index}`, label: `<b>${index % 2}</b>` });
      const { body } = await bench.send(`${name}.jsonl`, 'odd', `${row}\n`);
      await bench.api.datasets.import({ work: `odd-${index}`, files: [{ id: body.file!.id }] });
      expect(await bench.settled(`odd-${index}`)).toMatchObject({ state: 'done', name });
    }
    const shown = (await bench.api.datasets.list()).filter((dataset) => dataset.columns.includes(HTML));
    expect(shown.map((dataset) => dataset.name)).toEqual(names);
    expect(drops(bench)).toEqual([]);
  });
});

it('a folder of too many files is refused in one sentence, before any of it is read', async () => {
  const folder = join(root, 'thousands');
  mkdirSync(folder);
  for (let index = 0; index < 1200; index++) writeFileSync(join(folder, `${index}.txt`), '');
  const { id } = await bench.api.files.open({ path: folder });
  const { message } = await refused(bench.api.datasets.import({ work: 'thousands', files: [{ id }] }));
  expect(message).toBe('thousands holds 1200 files; a dataset is read from at most 1000. Drop the folder of one dataset, or its files.');
  expect((await bench.api.datasets.imports()).some((one) => one.id.startsWith('thousands'))).toBe(false);
});

it('a second Tailor on the same data folder is told who holds it', () => {
  const again = (): App => createApp({ ...bench.app.host });
  expect(again).toThrow(
    /^The data folder .* is in use by this very process\. Wait until it has ended, or name another folder with --data\.$/,
  );
});

it('an import that is called off leaves nothing, and the host answers all the while', async () => {
  const path = join(root, 'large.csv');
  writeFileSync(
    path,
    `text,label\n${Array.from({ length: 400_000 }, (_, index) => `row ${index} ${'x'.repeat(60)},${index % 3}\n`).join('')}`,
  );
  const { id } = await bench.api.files.open({ path });
  await bench.api.datasets.import({ work: 'large', files: [{ id }] });
  for (let turn = 0; turn < 20; turn++) {
    expect((await bench.api.datasets.imports()).find(({ id }) => id === 'large')).toMatchObject({ state: 'reading' });
    await wait(10);
  }
  await bench.api.datasets.cancelImport({ work: 'large' });
  expect(await bench.settled('large')).toMatchObject({ state: 'cancelled', said: 'Cancelled. Nothing of it was kept.' });
  expect((await bench.api.datasets.list()).some((dataset) => dataset.name === 'large')).toBe(false);
  expect(bench.app.db.prepare(`SELECT count(*) AS rows FROM dataset_rows WHERE values_json LIKE '%row 1 xxx%'`).get()).toEqual({ rows: 0 });
});

describe.skipIf(!canMount)(`on a disk that is full ${NEEDS_MOUNT}`, () => {
  it('a drop is refused in words and leaves nothing, and what was there can be used', async () => {
    using disk = mountSmallDisk(2048)!;
    await using small = await open(disk.path);
    await small.send('first.csv', 'full', 'a,b\n1,2\n');
    const { status, body } = await small.send('large.csv', 'full', Buffer.alloc(6 << 20, 'x'));
    expect([status, body.message]).toEqual([400, 'The disk is full: nothing half-written was kept. Free some space and try again.']);
    expect(drops(small)).toEqual([]);
    expect(await small.api.datasets.list()).toEqual([]);
  });
});
