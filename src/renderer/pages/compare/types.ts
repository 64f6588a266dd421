// What main tells this page, by name.
import type { api } from '../../state/api.ts';

export type ComparableModel = Awaited<ReturnType<typeof api.compare.models>>[number];
export type Scores = Awaited<ReturnType<typeof api.compare.scores>>;
export type Variant = Scores['variants'][number];
export type SetScores = Scores['sets'][number];
export type FlipPage = Awaited<ReturnType<typeof api.compare.flips>>;
export type FlipRow = FlipPage['rows'][number];
export type ExampleView = Awaited<ReturnType<typeof api.compare.example>>;
export type Setting = Awaited<ReturnType<typeof api.compare.recipes>>[number];
export type Flip = keyof FlipPage['counts'];
