// The home folder's name, and the way to every file, leave text that is shown to others.
import { expect, it } from 'vitest';
import { redactHome, redactPaths } from '../../src/shared/redact.ts';

it.each([
  ['/home/ada', 'data folder: /home/ada/.local/share/tailor, 3 MB', 'data folder: ~/.local/share/tailor, 3 MB'],
  ['/home/ada', 'at /home/ada', 'at ~'],
  ['/home/ada', '/home/adalbert/x and /home/ada/x', '/home/…/x and ~/x'],
  ['/Users/ada', 'see "/Users/bob/models", "/Users/ada/models"', 'see "/Users/…/models", "~/models"'],
  ['C:\\Users\\Ada', 'C:\\Users\\Ada\\Tailor, c:/users/ada/x, {"a":"C:\\\\Users\\\\Ada\\\\x"}', '~\\Tailor, ~/x, {"a":"~\\\\x"}'],
  ['/root', '/work/root/x, /root/x', '/work/root/x, ~/x'],
  ['/', '/etc/x', '/etc/x'],
])('with the home %s: %s', (home, text, expected) => {
  expect(redactHome(text, home)).toBe(expected);
});

it.each([
  ['weights.bin in /mnt/secret/runs/r1/model is gone', 'weights.bin in (data folder)/runs/r1/model is gone'],
  ['No file at "/srv/client x/base/model.safetensors".', 'No file at "…/model.safetensors".'],
  ['No file at "/srv/Smith, Jones (new)/base".', 'No file at "…/base".'],
  ["ENOENT: no such file or directory, open '/srv/client x/my base/a.bin'", "ENOENT: no such file or directory, open '…/a.bin'"],
  ["rename '/srv/a b/c' -> '/srv/d e/f'", "rename '…/c' -> '…/f'"],
  ['/srv/client x/O’Hara & sons/base/config.json: expected 3 layers', '…/config.json: expected 3 layers'],
  ['D:\\My clients\\acme inc\\model is gone', '…/model is gone'],
  ['/mnt/secretary/a/b is not /mnt/secret', '…/b is not (data folder)'],
  ['~/clients/acme/base and ~', '…/base and ~'],
  ['in /home/ada/Big Client/base, /home/ada and /home/Bob Roe/x/y', 'in …/base, ~ and …/y'],
  ['there is no /opt/client/base/config.json: add it', 'there is no …/config.json: add it'],
  ['D:\\clients\\acme\\model, {"a":"D:\\\\clients\\\\acme\\\\m.bin"}', '…/model, {"a":"…/m.bin"}'],
  ['12/24 steps and/or 3 tokens/s, application/json, …/a/b', '12/24 steps and/or 3 tokens/s, application/json, …/a/b'],
])('of paths only the end stays: %s', (text, expected) => {
  expect(redactPaths(text, [['/mnt/secret', '(data folder)']], '/home/ada')).toBe(expected);
});
