// What a person may set, with the defaults: one object, checked where it enters.
import { z } from 'zod';
import { machine } from './recipe.ts';

export const userSettings = z.object({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  device: machine.shape.device,
  /** CPU threads; absent: as many as the machine has cores. */
  threads: z.number().int().positive().max(1024).optional(),
  /** Bytes that runs may use; absent: what the machine has. */
  memoryLimitBytes: z.number().int().positive().optional(),
  /** Snapshots kept of a finished tuning; 0 keeps none. */
  keepSnapshots: z.number().int().nonnegative().max(1000).default(1),
  keepAwake: z.boolean().default(true),
  notify: z.boolean().default(true),
  checkForUpdates: z.boolean().default(false),
});
export type UserSettings = z.infer<typeof userSettings>;
export type UserSettingsInput = z.input<typeof userSettings>;
