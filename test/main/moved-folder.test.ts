// A data folder that is moved: the copy is whole, whoever opens the old place goes on at the new one, and nothing is lost on the way.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearOldFolder, findOldFolder, moveDataFolder } from '../../src/main/api/move-data.ts';
import { getRun } from '../../src/main/db/runs.ts';
import { createStudy, setStudyState } from '../../src/main/db/studies.ts';
import { followMoves, noteMoved } from '../../src/main/moved-folder.ts';
import { admitCount, openCountingApp } from '../fixtures/counting-app.ts';

let root: string;
let old: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'tailor-moved-')));
  old = join(root, 'old');
  mkdirSync(old);
  mkdirSync(join(root, 'disk'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('a move', () => {
  it('takes an interrupted run along, which is resumed at the new place; the old files can then be cleared', async () => {
    let app = openCountingApp(old);
    const run = admitCount(app, 'crashes');
    expect(await app.queue.finish(run.id)).toMatchObject({ state: 'interrupted' });
    mkdirSync(join(old, 'shell'));
    for (const name of ['Cookies', 'Local State']) writeFileSync(join(old, 'shell', name), name);
    const place = await moveDataFolder(app, join(root, 'disk'));
    app[Symbol.dispose]();
    // The desktop shell's cache is locked while its window is open; where the window was goes along.
    expect(readdirSync(join(place, 'shell'))).toEqual(['Local State']);
    expect(place).toBe(join(root, 'disk', 'Tailor'));
    expect(followMoves(old)).toBe(place);

    app = openCountingApp(followMoves(old));
    expect(getRun(app.db, run.id).folderPath).toBe(join(place, 'runs', run.id));
    app.queue.resume(run.id);
    expect(await app.queue.finish(run.id)).toMatchObject({ state: 'done' });
    expect(await findOldFolder(app)).toMatchObject({ path: old });
    writeFileSync(join(old, 'notes.txt'), 'put here after the move');
    await clearOldFolder(app);
    expect(readdirSync(old)).toEqual(['moved-to.json', 'notes.txt']);
    expect(await findOldFolder(app)).toBeUndefined();
    expect(followMoves(old)).toBe(place);
    app[Symbol.dispose]();
  });

  it('that is called off, or that does not fit, changes nothing and lets the queue go on', async () => {
    const app = openCountingApp(old);
    app.queue.work();
    const stop = new AbortController();
    stop.abort();
    await expect(moveDataFolder(app, join(root, 'disk'), { signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(existsSync(join(root, 'disk', 'Tailor'))).toBe(false);
    expect(followMoves(old)).toBe(old);
    expect(app.queue.isWorking).toBe(true);
    mkdirSync(join(old, 'inside'));
    await expect(moveDataFolder(app, join(old, 'inside'))).rejects.toMatchObject({ code: 'bad-input' });
    app[Symbol.dispose]();
  });

  it('waits for a study that is between two of its runs', async () => {
    using app = openCountingApp(old);
    setStudyState(app.db, createStudy(app.db, { name: 'table', settings: {} }).id, 'running');
    await expect(moveDataFolder(app, join(root, 'disk'))).rejects.toThrow(/A study is at work/);
  });

  it('that fails forgets nothing of an earlier one, whose files can still be cleared', async () => {
    let app = openCountingApp(old);
    const place = await moveDataFolder(app, join(root, 'disk'));
    app[Symbol.dispose]();
    app = openCountingApp(place);
    mkdirSync(join(root, 'next'));
    await expect(moveDataFolder(app, join(root, 'next'), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(await findOldFolder(app)).toMatchObject({ path: old });
    app[Symbol.dispose]();
  });

  it('never clears a folder whose note leads elsewhere', async () => {
    let app = openCountingApp(old);
    const place = await moveDataFolder(app, join(root, 'disk'));
    app[Symbol.dispose]();
    noteMoved(old, root);
    app = openCountingApp(place);
    expect(await findOldFolder(app)).toBeUndefined();
    await expect(clearOldFolder(app)).rejects.toMatchObject({ code: 'not-found' });
    expect(readdirSync(old).length).toBeGreaterThan(1);
    app[Symbol.dispose]();
  });
});

describe('the note', () => {
  it('is followed through several moves', () => {
    const [second, third] = [join(root, 'second'), join(root, 'third')];
    mkdirSync(second);
    mkdirSync(third);
    noteMoved(old, second);
    noteMoved(second, third);
    expect(followMoves(old)).toBe(third);
  });

  it.each([
    ['to a disk that is not there', (): void => noteMoved(old, join(root, 'unplugged')), /unplugged, which is not there. Attach the disk/],
    ['in a circle', (): void => noteMoved(old, old), /leads back to where it came from/],
    ['nowhere', (): void => writeFileSync(join(old, 'moved-to.json'), '{"to":'), /does not say where/],
  ])('that leads %s is refused with what to do', (_, write, message) => {
    write();
    expect(() => followMoves(old)).toThrow(message);
  });
});
