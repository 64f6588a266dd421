// The worker's end of the channel to main, in the shape the RPC library speaks, and the rules of living under a parent.
import { BEAT, BEAT_INTERVAL_MS } from '../shared/heartbeat.ts';

/** What the RPC library asks of a port. */
export interface Port {
  on(event: string, callback: (event?: { data: unknown }) => void): void;
  postMessage(data: unknown): void;
}

/**
 * The channel that child_process.fork opened. The process exits when the channel closes, so that no worker outlives its main; it
 * ignores Ctrl-C, which the terminal sends to the whole group, because main decides when to stop.
 * Throws when the process was not forked.
 */
export function parentPort(): Port & { beat(): void } {
  const send = process.send?.bind(process);
  if (!send) throw new Error('The worker is started by Tailor itself; it has no parent to talk to here. Use `tailor run FOLDER`.');
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => undefined);
  return {
    on(event, callback) {
      if (event === 'message') process.on('message', (data) => callback({ data }));
    },
    postMessage(data) {
      if (process.connected) send(data, undefined, undefined, () => undefined); // a parent that is just leaving is no error
    },
    beat() {
      this.postMessage(BEAT);
      setInterval(() => this.postMessage(BEAT), BEAT_INTERVAL_MS).unref();
    },
  };
}
