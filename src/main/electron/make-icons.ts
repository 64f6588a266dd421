// Renders the icon's drawing with Chromium into the files that the systems want: PNG, Windows' ICO and macOS' ICNS. Run by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const FOLDER = fileURLToPath(new URL('../../../resources/icon/', import.meta.url));
/** PNG pictures are allowed inside both containers since Windows Vista and OS X 10.7. */
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256] as const;
const ICNS_TYPES = [
  ['icp4', 16],
  ['icp5', 32],
  ['icp6', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
] as const;

const drawing = readFileSync(`${FOLDER}icon.svg`, 'utf8');
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();

async function render(size: number): Promise<Buffer> {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawing}`);
  return await page.screenshot({ omitBackground: true, type: 'png' });
}

/** Header and directory of 16 bytes per picture, then the pictures. */
function packIco(): Buffer {
  const pictures = ICO_SIZES.map((size) => ({ size, png: pictureOf.get(size)! }));
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  pictures.forEach(({ size, png }, index) => {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at); // 0 stands for 256
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([head, ...pictures.map(({ png }) => png)]);
}

/** A chunk is its four letters, its whole length, and the picture. */
function packIcns(): Buffer {
  const chunk = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(8 + body.length, 4);
    return Buffer.concat([head, body]);
  };
  return chunk('icns', Buffer.concat(ICNS_TYPES.map(([type, size]) => chunk(type, pictureOf.get(size)!))));
}

const pictureOf = new Map<number, Buffer>();
for (const size of new Set([...ICO_SIZES, ...ICNS_TYPES.map(([, size]) => size)])) pictureOf.set(size, await render(size));
writeFileSync(`${FOLDER}icon.png`, pictureOf.get(512)!);
writeFileSync(`${FOLDER}icon.ico`, packIco());
writeFileSync(`${FOLDER}icon.icns`, packIcns());
await browser.close();
