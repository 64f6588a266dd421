// The page's own origin: what is served, with which policy, and that no address leaves the folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { answerPage, isOwnPage, PAGE_URL, resolvePage } from '../../../src/main/electron/protocol.ts';
import { CONTENT_POLICY } from '../../../src/main/page-headers.ts';

const root = mkdtempSync(join(tmpdir(), 'tailor-protocol-'));
const folder = join(root, 'renderer');
mkdirSync(join(folder, 'assets'), { recursive: true });
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'assets', 'a b.js'), 'export {}');
writeFileSync(join(root, 'secret.txt'), 'secret');
mkdirSync(join(root, 'renderer-2'));
writeFileSync(join(root, 'renderer-2', 'secret.txt'), 'secret');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const get = (url: string, method = 'GET') => answerPage(folder, { url, method });

describe('answers', () => {
  it('serves the page and its files with the policy of the web host', async () => {
    const page = get(PAGE_URL);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toBe(CONTENT_POLICY);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toBe('<!doctype html>');
    expect(get('app://tailor/').status).toBe(200);
    expect(get('app://tailor/assets/a%20b.js?v=1').headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it.each([
    'app://tailor/../secret.txt',
    'app://tailor/%2e%2e/secret.txt',
    'app://tailor/..%2fsecret.txt',
    'app://tailor/..%5csecret.txt',
    'app://tailor/../renderer-2/secret.txt',
    'app://tailor/..%2frenderer-2%2fsecret.txt',
    'app://tailor//etc/passwd',
    'app://tailor/%00index.html',
    'app://tailor/%E0%A4%A',
    'app://tailor/assets',
    'app://elsewhere/index.html',
    'app://tailor.evil/index.html',
    'app://user@tailor/index.html',
    'file:///etc/passwd',
    'https://tailor/index.html',
  ])('refuses %s', (url) => {
    expect(get(url).status).toBe(404);
  });

  it('only reads', () => {
    expect(get(PAGE_URL, 'POST').status).toBe(405);
    expect(get(PAGE_URL, 'HEAD').status).toBe(200);
  });
});

it('names nothing outside the folder, whatever the address', () => {
  const piece = fc.oneof(
    fc.constantFrom('..', '.', '%2e%2e', '%2E.', '..%2f', '..%5c', '\\..\\', '%00', '%252e', '//', 'index.html', '~', 'C:'),
    fc.string({ maxLength: 8 }),
  );
  const path = fc.array(piece, { maxLength: 8 }).map((pieces) => `app://tailor/${pieces.join('/')}`);
  fc.assert(
    fc.property(fc.oneof(path, fc.string(), fc.webUrl()), (url) => {
      const found = resolvePage(folder, url);
      expect(found === undefined || found.startsWith(folder + sep)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

it('knows its own page from every other frame', () => {
  expect(isOwnPage({ url: `${PAGE_URL}#runs`, parent: null })).toBe(true);
  expect(isOwnPage({ url: PAGE_URL, parent: {} as never })).toBe(false);
  for (const url of ['https://tailor/index.html', 'app://tailor.evil/', 'about:blank', 'data:text/html,x', '', 'app:tailor'])
    expect(isOwnPage({ url, parent: null })).toBe(false);
  expect(isOwnPage(null)).toBe(false);
});
