// The forms in which a study is read: terminal, Markdown, CSV and a page that stands alone.
import { describe, expect, it } from 'vitest';
import { parse } from 'csv-parse/sync';
import { formatStudyHtml } from '../../../src/main/study/report-html.ts';
import { formatStudyCsv, formatStudyMarkdown, formatStudyText, formatTable } from '../../../src/main/study/report-text.ts';
import { aggregateStudy, type StudyTable } from '../../../src/shared/study/table.ts';

const table: StudyTable = aggregateStudy({
  tasks: [{ name: 'odd<"task">|name', headline: 'acc', chance: 0.5 }],
  shots: 50,
  draws: 1,
  models: new Map([
    [0, { parameters: 1_000_000, bytes: 2_000_000, macs: 64e6 }],
    [0.2, { parameters: 800_000, bytes: 1_600_000, macs: 51e6 }],
  ]),
  measurements: [0, 0.2].map((nominalRatio) => ({
    nominalRatio,
    tuned: false,
    draw: 0,
    adapterParameters: 0,
    cost: { elapsedMs: 1000, tokens: 5000, tokensPerSecond: 5000, peakMemoryBytes: 3e6, device: 'cpu', threads: 2 },
    sets: [
      {
        kind: 'choices',
        name: 'odd<"task">|name',
        items: 10,
        acc: 0.8 - nominalRatio,
        accStderr: 0.1,
        accNorm: 0.5,
        accNormStderr: 0.1,
        truncated: 0,
      },
      { kind: 'perplexity', name: 'text', form: 'blocks', length: 128, tokens: 9, meanLoss: Math.log(12.5), tokenPerplexity: 12.5 },
    ],
  })),
  seconds: 75,
});

describe('the terminal table', () => {
  it('has a line per row, all as wide as the titles, and a dash for what is not measured', () => {
    const lines = formatStudyText(table).split('\n');
    expect(lines).toHaveLength(2 + 4);
    expect(lines[2]).toMatch(/^base +80\.0 +80\.0 +100\.0 +12\.5 +1\.00\u202fM/);
    expect(lines[3]).toMatch(/^base, tuned +– +– +–/);
    expect(lines[4]).toMatch(/^20% cut +60\.0 +60\.0 +75\.0/);
  });

  it('puts figures to the right and words to the left', () => {
    expect(
      formatTable(
        ['name', 'n', 'why'],
        [
          ['a', '5', 'x'],
          ['bb', '10', 'longer'],
        ],
      ),
    ).toBe(['name   n  why', '────  ──  ──────', 'a      5  x', 'bb    10  longer'].join('\n'));
  });
});

describe('Markdown', () => {
  it('is a table whose cells cannot break it', () => {
    const lines = formatStudyMarkdown(table).split('\n');
    expect(lines[0]).toContain('odd\\<"task">\\|name');
    expect(lines[1]).toMatch(/^\| --- \| ---: \|/);
    const bars = (line: string): number => line.replaceAll('\\|', '').split('|').length;
    expect(new Set(lines.slice(0, 6).map(bars)).size).toBe(1);
  });
});

describe('CSV', () => {
  it('reads back with every figure at full precision', () => {
    const rows: Record<string, string>[] = parse(formatStudyCsv(table), { columns: true });
    expect(rows.map((row) => row['name'])).toEqual(['base', 'base, tuned', '20% cut', '20% cut, tuned']);
    expect(Number(rows[2]!['odd<"task">|name.acc'])).toBe(0.6000000000000001);
    expect(Number(rows[2]!['trueReduction'])).toBe(table.variants[1]!.trueReduction);
    expect(rows[1]!['mean']).toBe('');
  });
});

describe('the page', () => {
  const page = formatStudyHtml(table, { title: 'A <study>', madeAt: new Date(0), facts: [['Seed', '42']] });

  it('needs nothing else: no script, no link, no picture, no address', () => {
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:/i);
  });

  it('spells out names that look like markup', () => {
    expect(page).toContain('A &#60;study&#62;');
    expect(page).not.toContain('odd<');
  });

  it('has both themes, a mark for every row in the table and in the legend, and two drawings that say what they show', () => {
    expect(page).toContain('color-scheme: light dark');
    expect(page.match(/class="icon"/g)).toHaveLength(8);
    expect(page.match(/role="img" aria-label="[^"]{20,}"/g)).toHaveLength(2);
  });
});
