// The question before quitting while a run works or something is read in: end it and quit, keep running without a window, or stay.
import type { App, BrowserWindow, Dialog, MessageBoxOptions } from 'electron';

export interface QuitGuardParts {
  readonly app: Pick<App, 'on' | 'quit'>;
  readonly dialog: Pick<Dialog, 'showMessageBox'>;
  /** Runs and studies: whether one is at work, and a way to save it all. */
  readonly work: { isGoingOn(): boolean; save(): Promise<void> };
  /** What goes on beside runs, by name, and a way to end it all. */
  readonly activities: { list(): readonly string[]; end(): Promise<void> };
  readonly platform: NodeJS.Platform;
  /** Takes the window out of the way and leaves a sign by which it comes back. */
  keepRunning(): void;
  log(line: string): void;
}

export interface QuitGuard {
  /** Watches a window whose closing would be the end of the program; on macOS the program stays by custom. */
  watch(window: Pick<BrowserWindow, 'on'>): void;
  /** Saves and quits without a question: the system is shutting down. */
  leaveNow(): Promise<void>;
}

/** Buttons in the order that the answers are read in; what loses something is never the default. */
function questionOf(isRunning: boolean, activities: readonly string[]): MessageBoxOptions {
  const names = activities.map((name) => `“${name}”`);
  const saved = 'Saved, it goes on from its last safe point when you resume it.';
  const form = { type: 'question', cancelId: 2, noLink: true } as const;
  if (activities.length === 0) {
    const buttons = ['Save and Quit', 'Keep Running', 'Cancel'];
    return { ...form, message: 'A run is still working.', detail: saved, buttons, defaultId: 0 };
  }
  const many = activities.length === 1 ? 'another thing is' : `${activities.length} other things are`;
  const lost = activities.length === 1 ? 'is not finished and has' : 'are not finished and have';
  return {
    ...form,
    message: isRunning
      ? `A run and ${many.replace(/ is$/, ' are')} still at work.`
      : activities.length === 1
        ? `${names[0]!} is still being worked on.`
        : `${activities.length} things are still being worked on.`,
    detail: `${isRunning ? `${saved} ` : ''}${new Intl.ListFormat('en').format(names)} ${lost} to be started again.`,
    buttons: ['Quit Anyway', 'Keep Running', 'Cancel'],
    defaultId: 2,
  };
}

/** Stands before `before-quit` and the window's `close` from now on. */
export function guardQuit({ app, dialog, work, activities, platform, keepRunning, log }: QuitGuardParts): QuitGuard {
  let isAsking = false;
  let leaving: Promise<void> | undefined;
  /** What could be saved was saved: nothing that began meanwhile, and no failure, holds the program any longer. */
  let isFree = false;
  const isBusy = (): boolean => !isFree && (work.isGoingOn() || activities.list().length > 0);

  async function saveAll(): Promise<void> {
    try {
      await Promise.all([activities.end(), work.save()]);
    } catch (thrown) {
      log(`quit: not everything was saved (${thrown instanceof Error ? thrown.message : String(thrown)})`);
    }
    isFree = true;
    app.quit();
  }
  const leaveNow = (): Promise<void> => (leaving ??= saveAll());

  async function ask(): Promise<void> {
    isAsking = true;
    try {
      const { response } = await dialog.showMessageBox(questionOf(work.isGoingOn(), activities.list()));
      if (response === 0) await leaveNow();
      else if (response === 1) keepRunning();
    } finally {
      isAsking = false;
    }
  }

  const onLeave = (event: { preventDefault(): void }): void => {
    if (!isBusy()) return;
    event.preventDefault();
    if (!isAsking && !leaving) void ask();
  };
  app.on('before-quit', onLeave);
  return {
    watch(window) {
      if (platform !== 'darwin') window.on('close', onLeave);
      // Windows tells of its end here, and neither by `before-quit` nor by the power monitor.
      window.on('query-session-end', (event) => {
        if (!isBusy()) return;
        event.preventDefault();
        void leaveNow();
      });
      window.on('session-end', () => void leaveNow());
    },
    leaveNow,
  };
}
