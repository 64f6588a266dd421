// The home folder's name leaves text that is shown to others.
import { expect, it } from 'vitest';
import { redactHome } from '../../src/shared/redact.ts';

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
