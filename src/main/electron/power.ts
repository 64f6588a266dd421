// The machine's power: what is at work is saved before sleep, on battery and at a shutdown, and goes on where it can.
import type { PowerMonitor } from 'electron';

export interface PowerParts {
  readonly powerMonitor: Pick<PowerMonitor, 'on'>;
  /** Saves what is at work and resolves with what goes on with it; undefined when nothing needs saving. */
  pauseWork(): Promise<() => void> | undefined;
  /** Saves the run and quits: the system is going down. */
  leaveNow(): Promise<void>;
  log(line: string): void;
}

/** Follows the machine's power from now on. */
export function followPower({ powerMonitor, pauseWork, leaveNow, log }: PowerParts): void {
  let isAsleep = false;
  let saved: Promise<() => void> | undefined;
  const save = (): void => void (saved ??= pauseWork());
  const goOn = async (): Promise<void> => {
    const here = saved;
    try {
      const resume = await here;
      // It may have fallen asleep again meanwhile, or another waking went on.
      if (resume === undefined || isAsleep || saved !== here) return;
      saved = undefined;
      resume();
    } catch (thrown) {
      saved = undefined;
      log(`power: what was at work was not taken up again (${thrown instanceof Error ? thrown.message : String(thrown)})`);
    }
  };
  powerMonitor.on('suspend', () => {
    isAsleep = true;
    save();
  });
  powerMonitor.on('resume', () => {
    isAsleep = false;
    void goOn();
  });
  // From here on the machine may go at any time: what was done until now is safe.
  powerMonitor.on('on-battery', () => {
    save();
    void goOn();
  });
  powerMonitor.on('shutdown', (event?: { preventDefault?(): void }) => {
    event?.preventDefault?.();
    void leaveNow();
  });
}
