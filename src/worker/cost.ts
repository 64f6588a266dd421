// Measures what a piece of work costs: time, tokens, and the peak of resident memory.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Cost } from '../shared/results.ts';

/** How often resident memory is looked at where the kernel keeps no peak that can be set back. */
const SAMPLE_INTERVAL_MS = 50;

/**
 * Starts measuring; call the returned function once at the end with how many tokens went through and on what.
 * Peak memory is the process's resident set over this work only: Linux sets its own high-water mark back, elsewhere it is sampled.
 */
export function measureCost(): (work: { tokens: number; device: string; threads: number }) => Cost {
  const startedAt = performance.now();
  const kernelPeak = resetKernelPeak();
  let sampled = process.memoryUsage.rss();
  const timer = setInterval(() => {
    sampled = Math.max(sampled, process.memoryUsage.rss());
  }, SAMPLE_INTERVAL_MS).unref();
  return ({ tokens, device, threads }) => {
    clearInterval(timer);
    const elapsedMs = performance.now() - startedAt;
    const peakMemoryBytes = Math.max(sampled, process.memoryUsage.rss(), kernelPeak());
    return { elapsedMs, tokens, tokensPerSecond: elapsedMs > 0 ? (tokens * 1000) / elapsedMs : 0, peakMemoryBytes, device, threads };
  };
}

/** Linux: writing 5 to clear_refs sets VmHWM back to the present size (proc(5)). Returns a reader of the peak; 0 elsewhere. */
function resetKernelPeak(): () => number {
  if (process.platform !== 'linux') return () => 0;
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    return () => 0; // a kernel without the file, or a sandbox that forbids it: the samples have to do
  }
  return () => {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return kilobytes === undefined ? 0 : Number(kilobytes) * 1024;
  };
}
