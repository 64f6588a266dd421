// Windows' installer starts the program with a word of its own: shortcuts and the recipe's file type come and go with it.
import { spawnSync } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import { RECIPE_EXTENSION } from './files.ts';

export type Command = readonly [program: string, ...parameters: string[]];

const CLASSES = 'HKCU\\Software\\Classes';
const TYPE = 'Tailor.Recipe';

/** What the installer's word asks for; undefined: it was an ordinary start. `program` is the path of the executable. */
export function squirrelCommands(word: string | undefined, program: string): readonly Command[] | undefined {
  const updater = resolve(dirname(program), '..', 'Update.exe');
  const name = basename(program);
  switch (word) {
    case '--squirrel-install':
    case '--squirrel-updated':
      return [
        [updater, `--createShortcut=${name}`],
        ['reg', 'add', `${CLASSES}\\${RECIPE_EXTENSION}`, '/ve', '/d', TYPE, '/f'],
        ['reg', 'add', `${CLASSES}\\${TYPE}\\shell\\open\\command`, '/ve', '/d', `"${program}" "%1"`, '/f'],
      ];
    case '--squirrel-uninstall':
      return [
        [updater, `--removeShortcut=${name}`],
        ['reg', 'delete', `${CLASSES}\\${RECIPE_EXTENSION}`, '/f'],
        ['reg', 'delete', `${CLASSES}\\${TYPE}`, '/f'],
      ];
    case '--squirrel-obsolete':
      return [];
    default:
      return undefined;
  }
}

/** Carries out what the installer asked for; true when it did, and the program should end at once. */
export function answerSquirrel(parameters: readonly string[], program: string, platform: NodeJS.Platform): boolean {
  const commands = platform === 'win32' ? squirrelCommands(parameters[1], program) : undefined;
  for (const [command, ...rest] of commands ?? []) spawnSync(command, rest, { windowsHide: true });
  return commands !== undefined;
}
