// The question before quitting: its three answers, and the cases where nobody is asked.
import { expect, it } from 'vitest';
import { guardQuit } from '../../../src/main/electron/quit-guard.ts';
import { Emitting, preventable } from './stand-in.ts';

function scene(answer: number, { isIdle = false, platform = 'linux' as NodeJS.Platform } = {}) {
  const happened: string[] = [];
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
      showMessageBox: () => {
        happened.push('ask');
        return Promise.resolve({ response: answer, checkboxChecked: false });
      },
    },
    queue,
    platform,
    keepInTray: () => void happened.push('tray'),
  });
  const window = new Emitting();
  guard.watch(window);
  const leave = async (from: Emitting, name: string): Promise<boolean> => {
    const event = preventable();
    from.emit(name, event);
    await new Promise((resolve) => setImmediate(resolve));
    return event.isPrevented;
  };
  return { happened, guard, quit: () => leave(app, 'before-quit'), close: () => leave(window, 'close') };
}

it('saves and quits', async () => {
  const { happened, quit } = scene(0);
  expect(await quit()).toBe(true);
  expect(happened).toEqual(['ask', 'hold', 'stop run-1 interrupted', 'quit']);
  expect(await quit()).toBe(false); // the quit that follows goes through
});

it('keeps running in the tray', async () => {
  const { happened, close } = scene(1);
  expect(await close()).toBe(true);
  expect(happened).toEqual(['ask', 'tray']);
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
