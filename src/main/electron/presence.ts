// What the system sees of a run: progress at the dock or taskbar, a notification at its end, and a machine that stays awake for it.
import type { BrowserWindow, PowerSaveBlocker } from 'electron';
import type { UserSettings } from '../../shared/settings.ts';
import type { Study } from '../db/studies.ts';
import type { Events } from '../events.ts';
import type { Queue } from '../jobs/queue.ts';
import { notify, type NotificationMaker } from './notify.ts';

export interface PresenceParts {
  readonly queue: Pick<Queue, 'listen' | 'runningId'>;
  readonly events: Pick<Events, 'listen'>;
  readonly powerSaveBlocker: Pick<PowerSaveBlocker, 'start' | 'stop'>;
  readonly Notification: NotificationMaker;
  /** The window, while there is one. */
  window(): Pick<BrowserWindow, 'isFocused' | 'setProgressBar'> | undefined;
  settings(): Pick<UserSettings, 'keepAwake' | 'notify' | 'notifySound'>;
  /** Whether another run waits: it is not announced one by one. */
  isMoreQueued(): boolean;
  /** The studies at work, whose runs are steps of them. */
  studiesAtWork(): readonly string[];
  /** A study as it ended; undefined when it was deleted. */
  study(id: string): Pick<Study, 'name' | 'state' | 'reason'> | undefined;
  /** Brings the window to a place. */
  show(place: string): void;
  /** Says in the window what the system would not. */
  tell(text: string): void;
  log(line: string): void;
}

const NO_PROGRESS = -1;

/** Follows the queue and the studies from now on. */
export function showPresence(parts: PresenceParts): void {
  const { queue, powerSaveBlocker } = parts;
  const announce = announcer(parts);
  let blocker: number | undefined;
  const sleepAllowed = (): void => {
    if (blocker !== undefined) powerSaveBlocker.stop(blocker);
    blocker = undefined;
  };
  let lastFault = '';

  queue.listen((event) => {
    if (event.kind === 'progress') {
      const { done, total } = event.frame;
      if (total > 0) parts.window()?.setProgressBar(Math.min(1, done / total));
      return;
    }
    const { run } = event;
    if (run.state === 'running') {
      // The display may sleep; only the work must not.
      if (parts.settings().keepAwake) blocker ??= powerSaveBlocker.start('prevent-app-suspension');
      return;
    }
    if (queue.runningId !== undefined && queue.runningId !== run.id) return; // another run was moved in the queue
    if (run.state === 'queued') return;
    sleepAllowed();
    parts.window()?.setProgressBar(NO_PROGRESS);
    if (run.state === 'failed') {
      lastFault = run.error?.message ?? 'see its log';
      announce('A run failed', `${run.title}: ${lastFault}`, `#runs/${run.id}`);
    } else if (run.state === 'done' && !parts.isMoreQueued() && parts.studiesAtWork().length === 0)
      announce('The run is done', run.title, `#runs/${run.id}`);
  });

  let atWork = new Set<string>();
  parts.events.listen((event) => {
    if (event.kind !== 'changed' || event.table !== 'studies') return;
    const now = new Set(parts.studiesAtWork());
    for (const id of atWork) {
      const study = now.has(id) ? undefined : parts.study(id);
      if (study?.state === 'done') announce('The study is done', study.name, `#studies/${id}`);
      // The run that it failed by was announced.
      else if (study?.state === 'failed' && !(lastFault !== '' && study.reason?.includes(lastFault)))
        announce('A study failed', `${study.name}: ${study.reason ?? 'see its page'}`, `#studies/${id}`);
    }
    atWork = now;
  });
}

/** Shows a notification that leads to a place, unless it is unwanted or the window is looked at. */
function announcer(parts: PresenceParts): (title: string, body: string, place: string) => void {
  return (title, body, place) => {
    const settings = parts.settings();
    if (!settings.notify || parts.window()?.isFocused()) return;
    notify(
      parts.Notification,
      { title, body, silent: !settings.notifySound },
      {
        click: () => parts.show(place),
        failed(reason) {
          parts.log(`notification: not shown (${reason})`);
          parts.tell(`${title}: ${body}`);
        },
      },
    );
  };
}
