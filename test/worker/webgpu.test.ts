// The engine on WebGPU, on a software Vulkan driver, agrees with the float64 reference as the CPU does.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { GoldenReport } from '../../src/worker/check-golden.ts';
import { hasStories, NEEDS_STORIES, STORIES_FOLDER } from '../support/stories.ts';
import { findSoftwareVulkan } from '../support/vulkan.ts';

const vulkan = findSoftwareVulkan();
const skipped = 'missing' in vulkan ? `(skipped: ${vulkan.missing})` : hasStories ? '' : NEEDS_STORIES;
const CHILD = join(import.meta.dirname, '../fixtures/golden-on-webgpu.ts');

/** A software GPU is some hundred times slower than the CPU it runs on: two of the ten AdamW steps show the path. */
const ADAMW_STEPS = 2;
const TIME_LIMIT_MS = 15 * 60_000;

function shortGolden(path: string): void {
  const golden = JSON.parse(readFileSync(join(STORIES_FOLDER, 'golden.json'), 'utf8')) as { lora: { adamw: { steps: unknown[] } } };
  golden.lora.adamw.steps = golden.lora.adamw.steps.slice(0, ADAMW_STEPS);
  writeFileSync(path, JSON.stringify(golden));
}

describe.skipIf(skipped !== '')(`WebGPU on SwiftShader ${skipped}`, () => {
  it('passes the golden check', { timeout: TIME_LIMIT_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webgpu-'));
    const golden = join(folder, 'golden.json');
    shortGolden(golden);
    const env = { ...process.env, ...('env' in vulkan && vulkan.env) };
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, STORIES_FOLDER, golden], { env });
    rmSync(folder, { recursive: true });
    const report = JSON.parse(stdout) as GoldenReport;
    expect(report.device).toMatch(/webgpu/i);
    expect(report.sections.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.sections.length).toBeGreaterThanOrEqual(10);
  });
});
