#!/usr/bin/env node
// The command line: parses, hands each command a terminal, and turns whatever comes out into an exit code.
import { Command, CommanderError, Option } from 'commander';
import { defaultDataFolder } from './data-folder.ts';
import type { Bind } from './commands/bind.ts';
import { addDataCommands } from './commands/data.ts';
import { addExportCommand } from './commands/export.ts';
import { addImportCommand } from './commands/import.ts';
import { addLookCommands } from './commands/look.ts';
import { addPruneCommands } from './commands/prune.ts';
import { addServeCommand } from './commands/serve.ts';
import { addStudyCommands } from './commands/study.ts';
import { addTuneCommands } from './commands/tune.ts';
import { EXIT, openTerminal, reportError, type GlobalOptions } from './terminal.ts';

const EXIT_CODES = `
Exit codes: 0 done; 1 failed, or out of tolerance; 2 wrong usage or bad input; 130 stopped by Ctrl-C (what was done stays and can be resumed).
The data folder is --data, else $TAILOR_HOME, else the platform's usual place.`;

/** Parses the arguments after the program's name, runs the command, and returns the exit code. */
export async function runCommandLine(parameters: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('tailor')
    .description('Prunes a LLaMA model, tunes it to a task, evaluates and compares it.')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(tailor --help shows the commands)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();

  /** Binds an action to a command: options of all levels, a terminal that is closed whatever happens. */
  const bind: Bind = (command, action) =>
    addGlobalOptions(command).action(async (...values: unknown[]) => {
      const options: GlobalOptions = command.optsWithGlobals();
      const terminal = openTerminal(options);
      try {
        exitCode = (await action(terminal, ...(values.slice(0, -1) as never[]))) ?? EXIT.ok;
      } finally {
        terminal[Symbol.dispose]();
      }
    });

  addImportCommand(program, bind);
  addDataCommands(program, bind);
  addPruneCommands(program, bind);
  addTuneCommands(program, bind);
  addStudyCommands(program, bind);
  addLookCommands(program, bind);
  addExportCommand(program, bind);
  addServeCommand(program, bind);
  try {
    await program.parseAsync(parameters, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const debug = parameters.includes('--debug');
    return reportError(thrown, debug);
  }
}

function addGlobalOptions(command: Command): Command {
  return command
    .addOption(new Option('--data <dir>', 'data folder').default(defaultDataFolder()))
    .option('--json', 'print exactly one JSON object on standard output', false)
    .option('--quiet', 'print no progress and no notes', false)
    .option('--debug', 'show what the worker prints, and where an error came from', false);
}

if (import.meta.main) process.exitCode = await runCommandLine(process.argv.slice(2));
