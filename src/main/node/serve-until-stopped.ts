// The workbench on a web address until Ctrl-C, for `tailor serve` and for `npm start` where no desktop window can be opened.
import { AppError } from '../../shared/errors.ts';
import { DEVICES_AFTER_MS, tryDevicesOnce } from '../api/machine.ts';
import { isAtWork, saveWork } from '../api/save-work.ts';
import { PAGE_FOLDER } from './build-page.ts';
import type { Terminal } from './terminal.ts';
import { serveWorkbench, type WebServer } from './web-server.ts';

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** Takes any free port where the wanted one is in use. */
  readonly anyPort?: boolean;
  /** Called once the workbench can be reached. */
  readonly ready: (server: WebServer) => void;
}

/**
 * Works on the queue and serves the page until the terminal's signal; a run that is going on is saved then. A data folder that is moved
 * is opened at its new place, and the page finds it at the same address.
 */
export async function serveUntilStopped(terminal: Terminal, options: ServeOptions): Promise<void> {
  let place: Pick<WebServer, 'port' | 'token'> | undefined;
  for (;;) {
    const moved = Promise.withResolvers<string | undefined>();
    const server = await serve(terminal, options, { ...place, moveTo: moved.resolve });
    if (place === undefined) options.ready(server);
    place = server;
    const stop = (): void => moved.resolve(undefined);
    if (terminal.signal.aborted) stop();
    else terminal.signal.addEventListener('abort', stop, { once: true });
    const folder = await moved.promise;
    terminal.signal.removeEventListener('abort', stop);
    if (isAtWork(terminal.app())) terminal.note('A run is at work. It is saved at its next safe point, and can be resumed.');
    await saveWork(terminal.app());
    await server[Symbol.asyncDispose]();
    if (folder === undefined) return;
    terminal.moveTo(folder);
  }
}

async function serve(
  terminal: Terminal,
  { host, port, anyPort }: ServeOptions,
  again: { readonly port?: number; readonly token?: string; moveTo(folder: string): void },
): Promise<WebServer> {
  const app = terminal.app();
  app.queue.work();
  setTimeout(() => void tryDevicesOnce(app), DEVICES_AFTER_MS).unref();
  const on = (free: number): Promise<WebServer> =>
    serveWorkbench(app, { host, pageFolder: PAGE_FOLDER, ...again, port: again.port ?? free });
  return await on(port).catch((thrown: unknown) => {
    if (anyPort && thrown instanceof AppError && thrown.code === 'busy') return on(0);
    throw thrown;
  });
}
