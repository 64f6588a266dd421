// Settings, and what is known of the machine, the data folder and the program.
import { z } from 'zod';
import { settingsChange } from '../../../shared/settings.ts';
import { keepSetting } from '../../db/settings.ts';
import { describeMachine, measureDataFolder, probeDevices, writeReport } from '../machine.ts';
import { isSetByVariable } from '../../offline.ts';
import { clearOldFolder, findOldFolder, moveDataFolder } from '../move-data.ts';
import { readSettings } from '../settings.ts';
import { VERSIONS } from '../versions.ts';
import { cancelWork, carryWork, listWorks } from '../works.ts';
import { call } from './call.ts';

/** The page hears of the new place before its host goes there. */
const ANSWER_FIRST_MS = 50;

export const settings = {
  get: call.handler(({ context }) => readSettings(context.app)),

  /** Changes the given ones and returns all; one that is given as null is set no more. */
  set: call.input(settingsChange).handler(({ context, input }) => {
    for (const [name, value] of Object.entries(input)) keepSetting(context.app.db, name, value ?? undefined);
    if (input.theme !== undefined) context.desk.setTheme?.(input.theme);
    context.app.events.tell({ kind: 'changed', table: 'settings', id: 'settings' });
    return readSettings(context.app);
  }),

  /** Processor, memory, and what was found when the devices were last tried. */
  machine: call.handler(({ context }) => describeMachine(context.app)),

  /** Tries every device; takes some seconds. */
  probe: call.handler(({ context }) => probeDevices(context.app)),

  /** The data folder's bytes by what they are for, and the disk's. */
  dataFolder: call.handler(({ context }) => measureDataFolder(context.app)),

  /** Shows the data folder in the system's file manager; does nothing where there is none. */
  showDataFolder: call.handler(({ context }) => context.desk.reveal?.(context.app.host.dataFolder)),

  /**
   * Moves the data folder into a folder that was picked or named; returns where it lies then, and whether Tailor goes on there by itself.
   * Otherwise the next start does.
   */
  moveData: call.input(z.object({ folder: z.string(), workId: z.string().min(1).max(64) })).handler(async ({ context, input }) => {
    const { app, files, desk } = context;
    const about = { id: input.workId, kind: 'copy', title: 'moving the data folder', table: 'settings' } as const;
    const path = await carryWork(app, about, (work) => moveDataFolder(app, files.pathOf(input.folder), work));
    if (desk.moveTo) setTimeout(() => desk.moveTo?.(path), ANSWER_FIRST_MS);
    return { path, goesOn: desk.moveTo !== undefined };
  }),

  /** The folder that the data was moved from, while its files still lie there. */
  oldFolder: call.handler(async ({ context }) => (await findOldFolder(context.app)) ?? null),

  /** Deletes those files. */
  clearOldFolder: call.handler(({ context }) => clearOldFolder(context.app)),

  /** A move under way. */
  works: call.handler(({ context }) => listWorks(context.app, ['copy'])),

  cancelWork: call.input(z.object({ workId: z.string() })).handler(({ context, input }) => cancelWork(context.app, input.workId)),

  /** Versions of Tailor and what it is made of. */
  about: call.handler(({ context }) => ({
    ...VERSIONS,
    host: context.desk.kind,
    updateHost: context.desk.updateHost,
    canReveal: context.desk.reveal !== undefined,
    isOfflineByVariable: isSetByVariable(),
  })),

  /** Text for whoever is asked for help, without the home folder's name. */
  report: call.handler(({ context }) => writeReport(context.app, readSettings(context.app))),
};
