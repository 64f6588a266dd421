// npm start: builds what is stale and opens the workbench, as a desktop window where that is possible, else in the browser.
import { spawn } from 'node:child_process';
import { followMoves } from '../moved-folder.ts';
import { whyOfflineIn } from '../offline.ts';
import { buildDesktop, buildPage, isDesktopStale, isPageStale, ROOT } from './build-page.ts';
import { defaultDataFolder } from './data-folder.ts';
import { findElectron, hasDisplay } from './find-electron.ts';
import { launchElectron, type Launched } from './launch-electron.ts';
import { serveUntilStopped } from './serve-until-stopped.ts';
import { EXIT, openTerminal, reportError } from './terminal.ts';

const PORT = 4870;

const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** Returns the exit code. */
async function start(): Promise<number> {
  if (isPageStale()) {
    note('Building the page …');
    await buildPage();
  }
  const electron = await findElectron(note, whyOfflineIn(followMoves(defaultDataFolder())));
  const launched = 'program' in electron ? await openDesktop(electron.program) : electron;
  if ('code' in launched) return launched.code;
  note(`No desktop window: ${launched.reason}. The same workbench opens in the browser.`);
  using terminal = openTerminal({ data: defaultDataFolder(), json: false, quiet: false, debug: false });
  await serveUntilStopped(terminal, {
    host: '127.0.0.1',
    port: PORT,
    anyPort: true,
    ready({ url }) {
      process.stdout.write(`Tailor is at ${url}\nCtrl-C ends it; a run that is going on can be resumed.\n`);
      if (hasDisplay()) openBrowser(url);
    },
  });
  return EXIT.ok;
}

/** Opens Electron on this checkout. */
async function openDesktop(program: string): Promise<Launched> {
  if (isDesktopStale()) {
    note('Building the program …');
    await buildDesktop();
  }
  return await launchElectron(program, [ROOT, ...process.argv.slice(2)]);
}

/** Shows an address in the person's browser; where that cannot be done, the address was printed. */
function openBrowser(url: string): void {
  const [program, ...parameters] =
    process.platform === 'win32' ? ['cmd', '/c', 'start', '""', url] : [process.platform === 'darwin' ? 'open' : 'xdg-open', url];
  spawn(program!, parameters, { stdio: 'ignore', detached: true, windowsVerbatimArguments: true })
    .on('error', () => undefined)
    .unref();
}

try {
  process.exitCode = await start();
} catch (thrown) {
  process.exitCode = reportError(thrown, process.argv.includes('--debug'));
}
