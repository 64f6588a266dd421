// Finds the software Vulkan driver that WebGPU tests run on, and what a child process must be told to use it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The environment of a child process that sees the software driver alone, or why there is none. */
export type SoftwareVulkan = { readonly env: Readonly<Record<string, string>> } | { readonly missing: string };

const DRIVER = 'vk_swiftshader_icd.json';

/** Where Chromium and its kin keep SwiftShader; Debian's package is also asked where it put it. */
const FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
  '/snap/chromium/current/usr/lib/chromium-browser',
];

/** The loader that turns driver files into a Vulkan library; Debian's package libvulkan1. */
const LOADER = 'libvulkan.so.1';

/** Looks for SwiftShader (Debian: package chromium) and the Vulkan loader (libvulkan1). WebGPU is bundled for Linux on x64 only. */
export function findSoftwareVulkan(): SoftwareVulkan {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { missing: `no software driver is known for ${process.platform} on ${process.arch}` };
  const driver = [...FOLDERS.map((folder) => join(folder, DRIVER)), ...packagedDrivers()].find((path) => existsSync(path));
  if (driver === undefined) return { missing: `${DRIVER} was not found; Debian's package chromium has it` };
  if (!hasLoader()) return { missing: `${LOADER} was not found; Debian's package libvulkan1 has it` };
  const runtime = mkdtempSync(join(tmpdir(), 'vulkan-'));
  return { env: { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver, XDG_RUNTIME_DIR: runtime } };
}

function packagedDrivers(): string[] {
  return outputOf('dpkg', ['-L', 'chromium-common']).filter((path) => path.endsWith(`/${DRIVER}`));
}

function hasLoader(): boolean {
  const folders = outputOf('ldconfig', ['-p']).map((line) => line.split('=>')[1]?.trim());
  return folders.some((path) => path?.endsWith(`/${LOADER}`) && existsSync(dirname(path)));
}

/** Lines that a program prints; none when it is not there. */
function outputOf(program: string, args: readonly string[]): string[] {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PATH: `${process.env['PATH']}:/sbin:/usr/sbin` },
    }).split('\n');
  } catch {
    return []; // not a Debian system, or no such package: the well-known folders have to do
  }
}
