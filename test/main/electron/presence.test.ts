// What the system is told of a run: progress, its end, and that the machine should stay awake while it works; what its power tells.
import { describe, expect, it } from 'vitest';
import { showPresence } from '../../../src/main/electron/presence.ts';
import type Electron from 'electron';
import type { Run } from '../../../src/main/db/runs.ts';
import { createEvents } from '../../../src/main/events.ts';
import type { QueueEvent } from '../../../src/main/jobs/queue.ts';
import { followPower } from '../../../src/main/electron/power.ts';
import { Emitting, FakeNotification } from './stand-in.ts';

function scene({ keepAwake = true, notify = true, notifySound = true, isMoreQueued = false, isFocused = false } = {}) {
  const happened: string[] = [];
  const notifications: FakeNotification[] = [];
  const events = createEvents();
  const atWork: string[] = [];
  let ended: { name: string; state: 'done' | 'failed' | 'stopped'; reason: string | undefined } | undefined;
  let listener: (event: QueueEvent) => void = () => undefined;
  const queue = {
    runningId: undefined as string | undefined,
    listen: (given: typeof listener) => {
      listener = given;
      return () => undefined;
    },
  };
  showPresence({
    queue,
    events,
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
    settings: () => ({ keepAwake, notify, notifySound }),
    isMoreQueued: () => isMoreQueued,
    studiesAtWork: () => atWork,
    study: () => ended,
    show: (place) => void happened.push(`show ${place}`),
    tell: (text) => void happened.push(text),
    log: () => undefined,
  });
  const move = (state: Run['state'], error?: Run['error']): void => {
    queue.runningId = state === 'running' ? 'r1' : undefined;
    listener({ kind: 'moved', run: { id: 'r1', title: 'Tune', state, error } as Run });
  };
  const frame = (done: number): void =>
    listener({ kind: 'progress', runId: 'r1', frame: { phase: 'tune', done, total: 10, unit: 'steps' } });
  const study = (state: 'running' | 'done' | 'failed' | 'stopped', reason?: string): void => {
    atWork.splice(0, 1, ...(state === 'running' ? ['s1'] : []));
    if (state !== 'running') ended = { name: 'Paper', state, reason };
    events.tell({ kind: 'changed', table: 'studies', id: 's1' });
  };
  return { happened, notifications, queue, move, frame, study };
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

it('announces a study at its end instead of each of its runs', () => {
  const { happened, notifications, move, study } = scene({ notifySound: false });
  const bodies = () => notifications.map(({ options: { title, body } }) => `${title}: ${body}`);
  study('running');
  for (let run = 0; run < 3; run++) {
    move('running');
    move('done');
  }
  expect(bodies()).toEqual([]);
  study('done');
  expect(bodies()).toEqual(['The study is done: Paper']);
  expect(notifications[0]!.options.silent).toBe(true);
  notifications[0]!.emit('click');
  expect(happened.at(-1)).toBe('show #studies/s1');
  study('running');
  study('stopped'); // by the person
  study('running');
  study('failed', 'The dataset is gone.');
  expect(bodies().slice(1)).toEqual(['A study failed: Paper: The dataset is gone.']);
  // Said once, where it failed by a run.
  study('running');
  move('running');
  move('failed', { code: 'disk-full', message: 'The disk is full.' });
  study('failed', 'At "tune": The disk is full.');
  expect(bodies().slice(2)).toEqual(['A run failed: Tune: The disk is full.']);
});

it('says in the window what the system does not show', () => {
  const { happened, notifications, move } = scene();
  move('running');
  move('done');
  notifications[0]!.emit('failed', {}, 'not signed');
  expect(happened.at(-1)).toBe('The run is done: Tune');
});

describe('power', () => {
  function machine(isSavable = true) {
    const happened: string[] = [];
    const powerMonitor = new Emitting();
    const stops: (() => void)[] = [];
    followPower({
      powerMonitor,
      pauseWork: () => {
        if (!isSavable) return undefined;
        happened.push('save');
        return new Promise((resolve) => stops.push(() => resolve(() => void happened.push('go on'))));
      },
      leaveNow: () => {
        happened.push('leave');
        return Promise.resolve();
      },
      log: (line) => void happened.push(line),
    });
    const tell = async (...events: string[]): Promise<void> => {
      for (const event of events) powerMonitor.emit(event);
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { happened, powerMonitor, tell, stopped: () => stops.shift()!() };
  }

  it('saves before sleep and goes on after it', async () => {
    const { happened, tell, stopped } = machine();
    await tell('suspend');
    stopped();
    await tell('resume');
    expect(happened).toEqual(['save', 'go on']);
    await tell('resume');
    expect(happened).toHaveLength(2);
  });

  it('goes on once, and only awake, however sleep and waking follow each other', async () => {
    const { happened, tell, stopped } = machine();
    await tell('suspend', 'resume', 'suspend');
    stopped();
    await tell();
    expect(happened).toEqual(['save']);
    await tell('resume', 'resume');
    expect(happened).toEqual(['save', 'go on']);
  });

  it('saves when the mains go, and goes on at once', async () => {
    const { happened, tell, stopped } = machine();
    await tell('on-battery');
    stopped();
    await tell();
    expect(happened).toEqual(['save', 'go on']);
  });

  it('leaves alone what has no safe point, and quits before a shutdown', async () => {
    const { happened, tell, powerMonitor } = machine(false);
    await tell('suspend', 'resume', 'on-battery');
    expect(happened).toEqual([]);
    powerMonitor.emit('shutdown', { preventDefault: () => happened.push('wait') });
    expect(happened).toEqual(['wait', 'leave']);
  });
});
