// The page's end of the desktop shell: it takes a port and opened files from its own window only.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listenToShell, receivePort } from '../../../src/renderer/state/shell.ts';
import { OPENED_MESSAGE, PORT_MESSAGE } from '../../../src/shared/window-messages.ts';

const ORIGIN = 'app://tailor';
let page: EventTarget;
beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal('window', page);
  vi.stubGlobal('location', { origin: ORIGIN });
});
afterEach(() => vi.unstubAllGlobals());

/** A window message as the preload script sends it, but for what is said otherwise. */
function tell(data: unknown, more: { source?: unknown; origin?: string; ports?: readonly unknown[] } = {}): void {
  page.dispatchEvent(Object.assign(new Event('message'), { data, source: page, origin: ORIGIN, ports: [], ...more }));
}

it('asks for a port, takes the one that its own window gives, and starts it', async () => {
  const asked: string[] = [];
  const started: string[] = [];
  const port = (name: string) => ({ name, start: () => void started.push(name) });
  let taken: { name: string } | undefined;
  const waiting = receivePort({
    askForPort: () => void asked.push('port'),
    drop: () => Promise.reject(new Error('unused')),
    dragOut: () => undefined,
  }).then((given) => (taken = given as unknown as { name: string }));
  expect(asked).toEqual(['port']);
  tell(PORT_MESSAGE, { ports: [port('of a frame')], source: {} });
  tell(PORT_MESSAGE, { ports: [port('of another page')], origin: 'https://example.org' });
  tell('something else', { ports: [port('of another message')] });
  tell(PORT_MESSAGE);
  tell(PORT_MESSAGE, { ports: [port('own')] });
  tell(PORT_MESSAGE, { ports: [port('late')] });
  await waiting;
  expect(taken!.name).toBe('own');
  expect(started).toEqual(['own']);
});

it('tells of files that the system opened until it is told to end', () => {
  const taken: unknown[] = [];
  const files = [{ id: 'f', name: 'a.csv', sizeBytes: 1, isFolder: false }];
  const end = listenToShell(OPENED_MESSAGE, ({ files }) => void taken.push(...files));
  tell({ kind: OPENED_MESSAGE, files });
  tell({ kind: OPENED_MESSAGE, files }, { origin: 'https://example.org' });
  tell(null);
  end();
  tell({ kind: OPENED_MESSAGE, files });
  expect(taken).toEqual(files);
});
