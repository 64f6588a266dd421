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

function scene(
  answer: number,
  {
    isIdle = false,
    platform = 'linux' as NodeJS.Platform,
    activities = [] as string[],
    fails = false,
    saving = Promise.resolve<unknown>(undefined),
  } = {},
) {
  const happened: string[] = [];
  const asked: { message: string; detail?: string; buttons?: string[]; defaultId?: number }[] = [];
  const app = Object.assign(new Emitting(), { quit: () => void happened.push('quit') });
  const work = {
    isGoing: !isIdle,
    isGoingOn: () => work.isGoing,
    save: async () => {
      if (!work.isGoing) return;
      await saving;
      happened.push('save');
      if (fails) throw new Error('the disk is full');
      work.isGoing = false;
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
    work,
    log: (line) => void happened.push(line),
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
  const end = (name: string) => leave(window, name);
  return { happened, asked, guard, quit: () => leave(app, 'before-quit'), close: () => end('close'), end };
}

it('saves and quits', async () => {
  const { happened, quit } = scene(0);
  expect(await quit()).toBe(true);
  expect(happened).toEqual(['ask', 'save', 'quit']);
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
  expect([...idle.happened, ...mac.happened, ...down.happened]).toEqual(['save', 'quit']);
});

it('saves before Windows ends the session, which tells it to the window alone', async () => {
  const { happened, end } = scene(2, { platform: 'win32' });
  expect(await end('query-session-end')).toBe(true);
  await end('session-end');
  expect(happened).toEqual(['save', 'quit']);
  const idle = scene(2, { isIdle: true, platform: 'win32' });
  expect(await idle.end('query-session-end')).toBe(false);
  expect(idle.happened).toEqual([]);
});

it('ends even where something could not be saved, and asks nobody twice while it saves', async () => {
  const { happened, quit } = scene(0, { fails: true });
  expect(await quit()).toBe(true);
  expect(happened).toEqual(['ask', 'save', 'quit: not everything was saved (the disk is full)', 'quit']);
  expect(await quit()).toBe(false); // it still says that it works, but holds the program no longer
  const held = Promise.withResolvers<undefined>();
  const slow = scene(0, { saving: held.promise });
  expect([await slow.quit(), await slow.quit()]).toEqual([true, true]);
  held.resolve(undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(slow.happened).toEqual(['ask', 'save', 'quit']);
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
  expect(happened).toEqual(['ask', 'end rows.csv', 'quit']);
  expect(await quit()).toBe(false);
});

it('says both where a run and an import are going on', async () => {
  const { asked, happened, quit } = scene(0, { activities: ['rows.csv', 'more.csv'] });
  await quit();
  expect(asked[0]!.message).toBe('A run and 2 other things are still at work.');
  expect(asked[0]!.detail).toContain('Saved, it goes on from its last safe point when you resume it. “rows.csv” and “more.csv” are not');
  expect(happened).toEqual(['ask', 'end rows.csv, more.csv', 'save', 'quit']);
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
