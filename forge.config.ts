// How a package and its installers are made: what goes in, what the executable may do, and one maker per system.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { UNPACKED_FOLDERS, writeNativeFiles } from './src/main/electron/native-files.ts';
import { EXTRA_RESOURCES, isForTarget, isPackaged } from './src/main/electron/package-list.ts';

const ICON = 'resources/icon/icon';
const RECIPE_TYPE = 'application/x-tailor-recipe';
const DESCRIPTION = 'Prunes LLaMA-family models and tunes them to one task.';
/** For both kinds of Linux package. The desktop entry opens the type; the scripts tell the desktop which files are of it. */
const LINUX = {
  bin: 'tailor',
  icon: `${ICON}.png`,
  description: DESCRIPTION,
  categories: ['Development', 'Science'],
  mimeType: [RECIPE_TYPE],
};
const AFTER_INSTALL = 'resources/linux/after-install.sh';
const AFTER_REMOVAL = 'resources/linux/after-removal.sh';

/** Takes away native code of other systems, and the folders that it leaves empty. */
function removeForeign(root: string, target: { readonly platform: string; readonly arch: string }, folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) removeForeign(root, target, path);
    else if (!isForTarget(relative(root, path).split(sep).join('/'), target)) rmSync(path);
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

export default {
  packagerConfig: {
    name: 'Tailor',
    executableName: 'tailor',
    appBundleId: 'dev.tailor.workbench',
    appCategoryType: 'public.app-category.developer-tools',
    icon: ICON,
    asar: { unpackDir: `{${UNPACKED_FOLDERS.flatMap((folder) => [folder, `${folder}/**`]).join(',')}}` },
    extraResource: [...EXTRA_RESOURCES],
    // Development packages are pruned by Forge itself; this leaves out the sources, the tests, and what no program reads.
    prune: true,
    ignore: (path: string) => !isPackaged(path.replace(/^\//, '')),
    extendInfo: {
      CFBundleDocumentTypes: [
        {
          CFBundleTypeName: 'Tailor recipe',
          CFBundleTypeRole: 'Editor',
          LSHandlerRank: 'Owner',
          LSItemContentTypes: ['dev.tailor.recipe'],
        },
      ],
      UTExportedTypeDeclarations: [
        {
          UTTypeIdentifier: 'dev.tailor.recipe',
          UTTypeDescription: 'Tailor recipe',
          UTTypeConformsTo: ['public.json'],
          UTTypeTagSpecification: { 'public.filename-extension': ['tailor'], 'public.mime-type': [RECIPE_TYPE] },
        },
      ],
    },
  },
  // Both native modules bring binaries for Node-API, which Electron loads as they are.
  rebuildConfig: { onlyModules: [] },
  hooks: {
    packageAfterPrune: (_config: unknown, buildPath: string, _version: string, platform: string, arch: string) => {
      for (const folder of UNPACKED_FOLDERS) removeForeign(buildPath, { platform, arch }, join(buildPath, folder));
      // What is signed later than this is another file: with osxSign, sign these first and let it pass them over (`ignore`).
      writeNativeFiles(buildPath);
      return Promise.resolve();
    },
  },
  makers: [
    // It is installed below %LOCALAPPDATA% under this name, and that folder goes with it: never the data folder's own.
    { name: '@electron-forge/maker-squirrel', platforms: ['win32'], config: { name: 'TailorWorkbench', setupIcon: `${ICON}.ico` } },
    { name: '@electron-forge/maker-zip', platforms: ['darwin', 'linux', 'win32'], config: {} },
    { name: '@electron-forge/maker-dmg', platforms: ['darwin'], config: { icon: `${ICON}.icns` } },
    {
      name: '@electron-forge/maker-deb',
      platforms: ['linux'],
      config: { options: { ...LINUX, scripts: { postinst: AFTER_INSTALL, postrm: AFTER_REMOVAL } } },
    },
    {
      name: '@electron-forge/maker-rpm',
      platforms: ['linux'],
      config: { options: { ...LINUX, scripts: { post: AFTER_INSTALL, postun: AFTER_REMOVAL } } },
    },
  ],
  plugins: [
    new FusesPlugin({
      version: FuseVersion.V1,
      // The worker is a utility process, so nothing needs Electron to behave as plain Node.
      [FuseV1Options.RunAsNode]: false,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: false,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
      [FuseV1Options.OnlyLoadAppFromAsar]: true,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
      // There are no cookies to keep, and this one cannot be undone for an unsigned program.
      [FuseV1Options.EnableCookieEncryption]: false,
    }),
  ],
};
