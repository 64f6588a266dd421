// What the system sees of a run: progress at the dock or taskbar, a notification at its end, and a machine that stays awake for it.
import type { BrowserWindow, Notification, NotificationConstructorOptions, PowerMonitor, PowerSaveBlocker } from 'electron';
import type { UserSettings } from '../../shared/settings.ts';
import type { Queue, QueueEvent } from '../jobs/queue.ts';

export interface PresenceParts {
  readonly queue: Pick<Queue, 'listen' | 'runningId' | 'isWorking' | 'hold' | 'work' | 'stop' | 'resume'>;
  readonly powerSaveBlocker: Pick<PowerSaveBlocker, 'start' | 'stop'>;
  readonly powerMonitor: Pick<PowerMonitor, 'on'>;
  readonly Notification: new (options: NotificationConstructorOptions) => Pick<Notification, 'on' | 'show'>;
  /** The window, while there is one. */
  window(): Pick<BrowserWindow, 'isFocused' | 'setProgressBar'> | undefined;
  settings(): Pick<UserSettings, 'keepAwake' | 'notify'>;
  /** Whether another run waits: a study's steps are not announced one by one. */
  isMoreQueued(): boolean;
  /** Brings the window to a place. */
  show(place: string): void;
  /** Saves the run and quits: the system is going down. */
  leaveNow(): Promise<void>;
  log(line: string): void;
}

const NO_PROGRESS = -1;

/** Follows the queue and the machine's power from now on. */
export function showPresence(parts: PresenceParts): void {
  const { queue, powerSaveBlocker, powerMonitor } = parts;
  let blocker: number | undefined;
  const sleepAllowed = (): void => {
    if (blocker !== undefined) powerSaveBlocker.stop(blocker);
    blocker = undefined;
  };

  queue.listen((event) => {
    if (event.kind === 'progress') {
      const { done, total } = event.frame;
      if (total > 0) parts.window()?.setProgressBar(Math.min(1, done / total));
      return;
    }
    if (event.run.state === 'running') {
      // The display may sleep; only the work must not.
      if (parts.settings().keepAwake) blocker ??= powerSaveBlocker.start('prevent-app-suspension');
      return;
    }
    if (queue.runningId !== undefined && queue.runningId !== event.run.id) return; // another run was moved in the queue
    if (event.run.state === 'queued') return;
    sleepAllowed();
    parts.window()?.setProgressBar(NO_PROGRESS);
    announce(parts, event);
  });

  let saved: { readonly runId: string; readonly stopped: Promise<boolean> } | undefined;
  let wasWorking = false;
  powerMonitor.on('suspend', () => {
    const { runningId } = queue;
    if (runningId === undefined) return;
    wasWorking = queue.isWorking;
    queue.hold(); // or the next run would begin while the machine falls asleep
    saved = { runId: runningId, stopped: queue.stop(runningId, 'interrupted') };
  });
  powerMonitor.on('resume', () => {
    const asleep = saved;
    saved = undefined;
    void asleep?.stopped.then(() => {
      resumeRun(parts, asleep.runId);
      if (wasWorking) queue.work();
    });
  });
  powerMonitor.on('shutdown', (event?: { preventDefault?(): void }) => {
    event?.preventDefault?.();
    void parts.leaveNow();
  });
}

function resumeRun({ queue, log }: PresenceParts, runId: string): void {
  try {
    queue.resume(runId);
  } catch (thrown) {
    log(`power: run ${runId} was not taken up again (${(thrown as Error).message})`); // it had come to its end meanwhile
  }
}

function announce(parts: PresenceParts, { run }: Extract<QueueEvent, { kind: 'moved' }>): void {
  const isOver = run.state === 'failed' || (run.state === 'done' && !parts.isMoreQueued());
  if (!isOver || !parts.settings().notify || parts.window()?.isFocused()) return;
  const notification = new parts.Notification({
    title: run.state === 'done' ? 'The run is done' : 'A run failed',
    body: run.state === 'done' ? run.title : `${run.title}: ${run.error?.message ?? 'see its log'}`,
  });
  notification.on('click', () => parts.show(`#runs/${run.id}`));
  // macOS shows none of an unsigned program; the page shows the same in its own list.
  notification.on('failed', (_event, error) => parts.log(`notification: not shown (${error})`));
  notification.show();
}
