// What the settings show of the machine, in the shapes that main tells it.
import type { api } from '../../state/api.ts';

export type DataFolder = Awaited<ReturnType<typeof api.settings.dataFolder>>;
export type About = Awaited<ReturnType<typeof api.settings.about>>;
