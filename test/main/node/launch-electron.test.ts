// Whether a desktop program that ends tells its own end, or that it cannot run here; Node stands for Electron's binary.
import { expect, it } from 'vitest';
import { launchElectron } from '../../../src/main/node/launch-electron.ts';

const launch = (script: string) => launchElectron(process.execPath, ['-e', script]);

it.each([
  ['was closed', '0', 0],
  ['said why it cannot start', 'process.exit(1)', 1],
  ['was ended from outside', "process.kill(process.pid, 'SIGTERM')", 1],
])('gives the code of a program that %s', async (_what, script, code) => {
  expect(await launch(script)).toEqual({ code });
});

it.each([
  ['lacks a library of the system', 'process.exit(127)', /code 127/],
  ['may not have its sandbox', "process.kill(process.pid, 'SIGTRAP')", /SIGTRAP/],
])('says that one which %s does not run here', async (_what, script, reason) => {
  expect(await launch(script)).toMatchObject({ reason: expect.stringMatching(reason) as string });
});

it('says so of a file that is no program', async () => {
  expect(await launchElectron('/nowhere/electron', [])).toMatchObject({ reason: expect.stringMatching(/cannot be started/) as string });
});
