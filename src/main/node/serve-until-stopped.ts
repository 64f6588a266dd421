// The workbench on a web address until Ctrl-C, for `tailor serve` and for `npm start` where no desktop window can be opened.
import { AppError } from '../../shared/errors.ts';
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

/** Works on the queue and serves the page until the terminal's signal; a run that is going on is saved then. */
export async function serveUntilStopped(terminal: Terminal, options: ServeOptions): Promise<void> {
  const app = terminal.app();
  app.queue.work();
  const serve = (port: number): Promise<WebServer> => serveWorkbench(app, { host: options.host, port, pageFolder: PAGE_FOLDER });
  await using server = await serve(options.port).catch((thrown: unknown) => {
    if (options.anyPort && thrown instanceof AppError && thrown.code === 'busy') return serve(0);
    throw thrown;
  });
  options.ready(server);
  if (!terminal.signal.aborted)
    await new Promise<void>((resolve) => terminal.signal.addEventListener('abort', () => resolve(), { once: true }));
  const { runningId } = app.queue;
  app.queue.hold();
  if (runningId !== undefined) await app.queue.stop(runningId, 'interrupted');
}
