// The question before quitting while a run works: save and quit, keep running in the tray, or stay.
import type { App, BrowserWindow, Dialog, MessageBoxOptions } from 'electron';
import type { Queue } from '../jobs/queue.ts';

export interface QuitGuardParts {
  readonly app: Pick<App, 'on' | 'quit'>;
  readonly dialog: Pick<Dialog, 'showMessageBox'>;
  readonly queue: Pick<Queue, 'runningId' | 'hold' | 'stop'>;
  readonly platform: NodeJS.Platform;
  /** Takes the window away and leaves a tray icon. */
  keepInTray(): void;
}

export interface QuitGuard {
  /** Watches a window whose closing would be the end of the program; on macOS the program stays by custom. */
  watch(window: Pick<BrowserWindow, 'on'>): void;
  /** Saves and quits without a question: the system is shutting down. */
  leaveNow(): Promise<void>;
}

const QUESTION: MessageBoxOptions = {
  type: 'question',
  message: 'A run is still working.',
  detail: 'Saved, it goes on from its last safe point when you resume it.',
  buttons: ['Save and Quit', 'Keep Running in Tray', 'Cancel'],
  defaultId: 0,
  cancelId: 2,
  noLink: true,
};

/** Stands before `before-quit` and the window's `close` from now on. */
export function guardQuit({ app, dialog, queue, platform, keepInTray }: QuitGuardParts): QuitGuard {
  let isAsking = false;
  let isLeaving = false;

  async function leaveNow(): Promise<void> {
    isLeaving = true;
    queue.hold();
    const { runningId } = queue;
    if (runningId !== undefined) await queue.stop(runningId, 'interrupted');
    app.quit();
  }

  async function ask(): Promise<void> {
    isAsking = true;
    try {
      const { response } = await dialog.showMessageBox(QUESTION);
      if (response === 0) await leaveNow();
      else if (response === 1) keepInTray();
    } finally {
      isAsking = false;
    }
  }

  const onLeave = (event: { preventDefault(): void }): void => {
    if (queue.runningId === undefined) return;
    event.preventDefault();
    if (!isAsking && !isLeaving) void ask();
  };
  app.on('before-quit', onLeave);
  return {
    watch(window) {
      if (platform !== 'darwin') window.on('close', onLeave);
    },
    leaveNow,
  };
}
