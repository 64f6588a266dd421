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
  ['No file at "/srv/client x/base/model.safetensors".', 'No file at "…/client x/base/model.safetensors".'],
  ['there is no /opt/client/base/config.json: add it', 'there is no …/config.json: add it'],
  ['D:\\clients\\acme\\model, {"a":"D:\\\\clients\\\\acme\\\\m.bin"}', '…/model, {"a":"…/m.bin"}'],
  ['12/24 steps and/or 3 tokens/s, application/json, …/a/b', '12/24 steps and/or 3 tokens/s, application/json, …/a/b'],
])('of paths only the end stays: %s', (text, expected) => {
  expect(redactPaths(text, [['/mnt/secret', '(data folder)']])).toBe(expected);
});
