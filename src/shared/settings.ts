// What a person may set, with the defaults: one object, checked where it enters.
import { z } from 'zod';

const values = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  device: z.enum(['auto', 'cpu', 'webgpu']),
  /** CPU threads; absent: as many as the machine has cores. */
  threads: z.number().int().positive().max(1024).optional(),
  /** Bytes that runs may use; absent: what the machine has. */
  memoryLimitBytes: z.number().int().positive().optional(),
  /** Snapshots kept of a finished tuning; 0 keeps none. */
  keepSnapshots: z.number().int().nonnegative().max(1000),
  /** Bytes that the snapshots of all runs that have ended may take together; 0 keeps none, absent: no limit. */
  checkpointBudgetBytes: z.number().int().nonnegative().optional(),
  /** The decimal mark on the page; what programs read always has the point. */
  numbers: z.enum(['system', 'point', 'comma']),
  /** No use of the network, whatever else is set. */
  workOffline: z.boolean(),
  keepAwake: z.boolean(),
  notify: z.boolean(),
  notifySound: z.boolean(),
  checkForUpdates: z.boolean(),
});
const { shape } = values;

/** Some of the settings, to be changed; the others are not named, and so not touched. Null sets one no more. */
export const settingsChange = values
  .extend({
    threads: shape.threads.nullable(),
    memoryLimitBytes: shape.memoryLimitBytes.nullable(),
    checkpointBudgetBytes: shape.checkpointBudgetBytes.nullable(),
  })
  .partial();
export type SettingsChange = z.infer<typeof settingsChange>;

export const userSettings = values.extend({
  theme: shape.theme.default('system'),
  device: shape.device.default('auto'),
  keepSnapshots: shape.keepSnapshots.default(1),
  numbers: shape.numbers.default('system'),
  workOffline: shape.workOffline.default(false),
  keepAwake: shape.keepAwake.default(true),
  notify: shape.notify.default(true),
  notifySound: shape.notifySound.default(true),
  checkForUpdates: shape.checkForUpdates.default(false),
});
export type UserSettings = z.infer<typeof userSettings>;
