// Which part of the demo's data a prompt belongs to, decided by the prompt alone, before any text is made from it.

export type Part = 'test' | 'validation' | 'train' | 'corpus';

/** Shares of all prompts, in percent, in order; the rest may be spelled out in the pretraining text. */
const SHARES: readonly (readonly [Part, number])[] = [
  ['test', 22],
  ['validation', 12],
  ['train', 14],
];

/** FNV-1a over UTF-16 units with a final mix, 32 bits: equal text, equal number, on every machine. */
export function hashPrompt(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function partOf(prompt: string): Part {
  let percent = hashPrompt(prompt) % 100;
  for (const [part, share] of SHARES) {
    if (percent < share) return part;
    percent -= share;
  }
  return 'corpus';
}
