// tailor serve: the workbench on a web address, until Ctrl-C.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { PAGE_FOLDER } from '../build-page.ts';
import { serveUntilStopped } from '../serve-until-stopped.ts';
import { toNumber, type Bind } from './bind.ts';

interface ServeOptions {
  readonly host: string;
  readonly port: number;
}

export function addServeCommand(program: Command, bind: Bind): void {
  bind(
    program
      .command('serve')
      .description('the workbench in a browser, here or through an SSH tunnel')
      .option('--host <name>', 'the address to listen on', '127.0.0.1')
      .option('--port <n>', 'the port; 0 for any free one', toNumber, 4870),
    async (terminal, { host, port }: ServeOptions) => {
      if (!existsSync(join(PAGE_FOLDER, 'index.html')))
        throw new AppError('not-found', 'The page has not been built yet. Run "npm run build" once, or start with "npm start".');
      await serveUntilStopped(terminal, {
        host,
        port,
        ready: ({ url }) => terminal.answer({ url }, `Tailor is at ${url}\nCtrl-C ends it; a run that is going on can be resumed.`),
      });
      return undefined;
    },
  );
}
