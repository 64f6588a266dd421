// What the system is told of a run: progress, its end, and that the machine should stay awake while it works.
import { expect, it } from 'vitest';
import { showPresence } from '../../../src/main/electron/presence.ts';
import type Electron from 'electron';
import type { Run } from '../../../src/main/db/runs.ts';
import type { QueueEvent } from '../../../src/main/jobs/queue.ts';
import { Emitting, FakeNotification } from './stand-in.ts';

function scene({ keepAwake = true, notify = true, isMoreQueued = false, isFocused = false } = {}) {
  const happened: string[] = [];
  const notifications: FakeNotification[] = [];
  const powerMonitor = new Emitting();
  let listener: (event: QueueEvent) => void = () => undefined;
  const queue = {
    runningId: undefined as string | undefined,
    isWorking: true,
    listen: (given: typeof listener) => {
      listener = given;
      return () => undefined;
    },
    hold: () => void happened.push('hold'),
    work: () => void happened.push('work'),
    stop: (runId: string, kind: string) => {
      happened.push(`stop ${runId} ${kind}`);
      return Promise.resolve(true);
    },
    resume: (runId: string) => {
      happened.push(`resume ${runId}`);
      return {} as Run;
    },
  };
  showPresence({
    queue,
    powerMonitor,
    powerSaveBlocker: {
      start: (type) => {
        happened.push(`awake ${type}`);
        return 7;
      },
      stop: (id) => {
        happened.push(`may sleep ${id}`);
        return true;
      },
    },
    Notification: class extends FakeNotification {
      constructor(options: Electron.NotificationConstructorOptions) {
        super(options);
        notifications.push(this);
      }
    },
    window: () => ({ isFocused: () => isFocused, setProgressBar: (share) => void happened.push(`bar ${share}`) }),
    settings: () => ({ keepAwake, notify }),
    isMoreQueued: () => isMoreQueued,
    show: (place) => void happened.push(`show ${place}`),
    leaveNow: () => {
      happened.push('leave');
      return Promise.resolve();
    },
    log: () => undefined,
  });
  const move = (state: Run['state'], error?: Run['error']): void => {
    queue.runningId = state === 'running' ? 'r1' : undefined;
    listener({ kind: 'moved', run: { id: 'r1', title: 'Tune', state, error } as Run });
  };
  const frame = (done: number): void =>
    listener({ kind: 'progress', runId: 'r1', frame: { phase: 'tune', done, total: 10, unit: 'steps' } });
  return { happened, notifications, powerMonitor, queue, move, frame };
}

it('shows progress and keeps the machine awake only while a run works', () => {
  const { happened, notifications, move, frame } = scene();
  move('queued');
  move('running');
  frame(5);
  move('done');
  expect(happened).toEqual(['awake prevent-app-suspension', 'bar 0.5', 'may sleep 7', 'bar -1']);
  expect(notifications.map(({ options }) => options.body)).toEqual(['Tune']);
  notifications[0]!.emit('click');
  expect(happened.at(-1)).toBe('show #runs/r1');
});

it.each([
  ['a failure, with its reason', {}, 'failed', 1],
  ['no step of a study while more wait', { isMoreQueued: true }, 'done', 0],
  ['a failure even then', { isMoreQueued: true }, 'failed', 1],
  ['nothing when told not to', { notify: false }, 'failed', 0],
  ['nothing when the window is looked at', { isFocused: true }, 'done', 0],
  ['nothing that the person stopped', {}, 'cancelled', 0],
] as const)('announces %s', (_what, options, state, count) => {
  const { notifications, move } = scene(options);
  move('running');
  move(state, state === 'failed' ? { code: 'disk-full', message: 'The disk is full.' } : undefined);
  expect(notifications).toHaveLength(count);
  if (state === 'failed' && count > 0) expect(notifications[0]!.options.body).toBe('Tune: The disk is full.');
});

it('lets the machine sleep when the person wants it to', () => {
  const { happened, move } = scene({ keepAwake: false });
  move('running');
  move('done');
  expect(happened).toEqual(['bar -1']);
});

it('saves a run before sleep and goes on after it, and leaves before a shutdown', async () => {
  const { happened, move, powerMonitor } = scene();
  move('running');
  happened.length = 0;
  powerMonitor.emit('suspend');
  powerMonitor.emit('resume');
  await new Promise((resolve) => setImmediate(resolve));
  expect(happened).toEqual(['hold', 'stop r1 interrupted', 'resume r1', 'work']);
  powerMonitor.emit('shutdown', { preventDefault: () => happened.push('wait') });
  expect(happened.slice(-2)).toEqual(['wait', 'leave']);
});
