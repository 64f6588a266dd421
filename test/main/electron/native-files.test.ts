// Native files outside the archive: loaded only when each is, byte for byte, the one that was packaged, and nothing lies beside them.
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findForeignCode, MANIFEST_FILE, writeNativeFiles } from '../../../src/main/electron/native-files.ts';

const SQLITE = 'node_modules/better-sqlite3/prebuilds/linux-x64.node';
const ONNX = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1';

let archive: string;
let unpacked: string;
/** As a package lies on the disk: the list in the archive, the files beside it. */
beforeEach(() => {
  archive = join(mkdtempSync(join(tmpdir(), 'tailor-native-')), 'app.asar');
  unpacked = `${archive}.unpacked`;
  for (const path of [SQLITE, ONNX]) write(join(archive, path), `code of ${path}`);
  writeNativeFiles(archive);
  cpSync(archive, unpacked, { recursive: true });
});
afterEach(() => rmSync(dirname(archive), { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe('native files', () => {
  it('are loaded when they are the ones that were packaged', () => {
    expect(findForeignCode(archive, unpacked)).toBeUndefined();
  });

  it.each([
    ['one was changed', () => appendFileSync(join(unpacked, ONNX), '!'), /was changed after it was made: .*libonnxruntime\.so\.1.*anew/],
    ['one is missing', () => rmSync(join(unpacked, SQLITE)), /is missing: .*linux-x64\.node/],
    ['another lies beside them', () => write(join(unpacked, dirname(ONNX), 'libevil.so'), ''), /none of them: .*libevil\.so/],
    ['there is no list', () => rmSync(join(archive, MANIFEST_FILE)), /does not say what its native files must be/],
    ['the list is empty', () => writeFileSync(join(archive, MANIFEST_FILE), '{}'), /does not say what its native files must be/],
  ])('are refused with a sentence when %s', (_, spoil, sentence) => {
    spoil();
    expect(findForeignCode(archive, unpacked)).toMatch(sentence);
  });
});
