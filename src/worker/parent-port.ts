// The worker's end of the channel to main, in the shape the RPC library speaks, and the rules of living under a parent.
import { BEAT, BEAT_INTERVAL_MS } from '../shared/heartbeat.ts';

/** What the RPC library asks of a port. */
export interface Port {
  on(event: string, callback: (event?: { data: unknown }) => void): void;
  postMessage(data: unknown): void;
}

/** As much of a utility process's `process.parentPort` as a worker needs; Electron itself is not known in this room. */
interface UtilityPort {
  on(event: 'message', callback: (event: { data: unknown }) => void): unknown;
  postMessage(data: unknown): void;
}

/**
 * The channel to main: the desktop shell's `process.parentPort`, or the one that child_process.fork opened. A forked process exits when
 * its channel closes, so that no worker outlives its main (the desktop shell sees to that by itself); it ignores Ctrl-C, which the
 * terminal sends to the whole group, because main decides when to stop. Throws when the process has no parent to talk to.
 */
export function parentPort(): Port & { beat(): void } {
  process.on('SIGINT', () => undefined);
  const { parentPort: utility } = process as { parentPort?: UtilityPort };
  const port = utility ? utilityChannel(utility) : forkedChannel();
  return {
    ...port,
    beat() {
      port.postMessage(BEAT);
      setInterval(() => port.postMessage(BEAT), BEAT_INTERVAL_MS).unref();
    },
  };
}

function utilityChannel(utility: UtilityPort): Port {
  // There a rejection that nobody hears only warns; in a forked process it ends the worker, which main can see.
  process.on('unhandledRejection', (reason) => {
    process.stderr.write(`${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}\n`, () => process.exit(1));
  });
  return {
    on(event, callback) {
      if (event === 'message') utility.on('message', ({ data }) => callback({ data }));
    },
    postMessage: (data) => utility.postMessage(data),
  };
}

function forkedChannel(): Port {
  const send = process.send?.bind(process);
  if (!send) throw new Error('The worker is started by Tailor itself; it has no parent to talk to here. Use `tailor run FOLDER`.');
  process.on('disconnect', () => process.exit(0));
  return {
    on(event, callback) {
      if (event === 'message') process.on('message', (data) => callback({ data }));
    },
    postMessage(data) {
      if (process.connected) send(data, undefined, undefined, () => undefined); // a parent that is just leaving is no error
    },
  };
}
