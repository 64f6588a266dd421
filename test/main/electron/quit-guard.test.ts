// The question before quitting: its three answers, what it says of runs, imports and other work, and the cases where nobody is asked.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { endActivities, listActivities } from '../../../src/main/api/activities.ts';
import { listImports, startImports } from '../../../src/main/api/imports.ts';
import { carryWork } from '../../../src/main/api/works.ts';
import { guardQuit } from '../../../src/main/electron/quit-guard.ts';
import { openCountingApp } from '../../fixtures/counting-app.ts';
import { Emitting, preventable } from './stand-in.ts';

function scene(answer: number, { isIdle = false, platform = 'linux' as NodeJS.Platform, activities = [] as string[] } = {}) {
  const happened: string[] = [];
  const asked: { message: string; detail?: string; buttons?: string[]; defaultId?: number }[] = [];
  const app = Object.assign(new Emitting(), { quit: () => void happened.push('quit') });
  const queue = {
    runningId: isIdle ? undefined : ('run-1' as string | undefined),
    hold: () => void happened.push('hold'),
    stop: (runId: string, kind: string) => {
      happened.push(`stop ${runId} ${kind}`);
      queue.runningId = undefined;
      return Promise.resolve(true);
    },
  };
  const guard = guardQuit({
    app,
    dialog: {
      showMessageBox: (...[question]: unknown[]) => {
        happened.push('ask');
        asked.push(question as (typeof asked)[number]);
        return Promise.resolve({ response: answer, checkboxChecked: false });
      },
    },
    queue,
    activities: {
      list: () => activities,
      end: () => {
        if (activities.length > 0) happened.push(`end ${activities.splice(0).join(', ')}`);
        return Promise.resolve();
      },
    },
    platform,
    keepRunning: () => void happened.push('kept'),
  });
  const window = new Emitting();
  guard.watch(window);
  const leave = async (from: Emitting, name: string): Promise<boolean> => {
    const event = preventable();
    from.emit(name, event);
    await new Promise((resolve) => setImmediate(resolve));
    return event.isPrevented;
  };
  return { happened, asked, guard, quit: () => leave(app, 'before-quit'), close: () => leave(window, 'close') };
}

it('saves and quits', async () => {
  const { happened, quit } = scene(0);
  expect(await quit()).toBe(true);
  expect(happened).toEqual(['ask', 'hold', 'stop run-1 interrupted', 'quit']);
  expect(await quit()).toBe(false); // the quit that follows goes through
});

it('keeps running', async () => {
  const { happened, close } = scene(1);
  expect(await close()).toBe(true);
  expect(happened).toEqual(['ask', 'kept']);
});

it('stays when cancelled, and asks again the next time', async () => {
  const { happened, close, quit } = scene(2);
  expect(await close()).toBe(true);
  expect(await quit()).toBe(true);
  expect(happened).toEqual(['ask', 'ask']);
});

it('asks nobody when nothing runs, nor when macOS closes a window, nor when the system shuts down', async () => {
  const idle = scene(0, { isIdle: true });
  expect([await idle.quit(), await idle.close()]).toEqual([false, false]);
  const mac = scene(0, { platform: 'darwin' });
  expect(await mac.close()).toBe(false);
  const down = scene(2);
  await down.guard.leaveNow();
  expect([...idle.happened, ...mac.happened, ...down.happened]).toEqual(['hold', 'stop run-1 interrupted', 'quit']);
});

it('asks before an import is lost, with the safe answer as the default, and ends it cleanly before it quits', async () => {
  const { happened, asked, quit } = scene(0, { isIdle: true, activities: ['rows.csv'] });
  expect(await quit()).toBe(true);
  expect(asked[0]).toMatchObject({
    message: '“rows.csv” is still being worked on.',
    detail: '“rows.csv” is not finished and has to be started again.',
    buttons: ['Quit Anyway', 'Keep Running', 'Cancel'],
    defaultId: 2,
  });
  expect(happened).toEqual(['ask', 'hold', 'end rows.csv', 'quit']);
  expect(await quit()).toBe(false);
});

it('says both where a run and an import are going on', async () => {
  const { asked, happened, quit } = scene(0, { activities: ['rows.csv', 'more.csv'] });
  await quit();
  expect(asked[0]!.message).toBe('A run and 2 other things are still at work.');
  expect(asked[0]!.detail).toContain('Saved, it goes on from its last safe point when you resume it. “rows.csv” and “more.csv” are not');
  expect(happened).toEqual(['ask', 'hold', 'end rows.csv, more.csv', 'stop run-1 interrupted', 'quit']);
});

it('knows the imports and other work of a program, and can end them all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-quit-'));
  const app = openCountingApp(folder);
  try {
    expect(listActivities(app)).toEqual([]);
    const path = join(folder, 'rows.jsonl');
    writeFileSync(path, Array.from({ length: 20_000 }, (_, row) => `{"question":"${row}?","answer":"${row}"}\n`).join(''));
    const [reading] = startImports(app, 'one', [{ path }]);
    const copy = carryWork(
      app,
      { id: 'two', kind: 'copy', title: 'Move the data', table: 'models' },
      ({ signal }) => new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended')))),
    );
    expect(listActivities(app)).toEqual([reading!.name, 'Move the data']);
    await Promise.all([endActivities(app), expect(copy).rejects.toMatchObject({ code: 'cancelled' })]);
    expect(listActivities(app)).toEqual([]);
    expect(listImports(app).map(({ state }) => state)).toEqual(['cancelled']);
  } finally {
    app[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
});
