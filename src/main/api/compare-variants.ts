// The sides of a comparison: one model each, or the adapters that a study's row has for its tasks, with name and look.
import { assignMarks, distinguishMarks, type VariantMark } from '../../shared/variant-marks.ts';
import type { App } from '../app.ts';
import { getModel, listLineage, listModels, type Model } from '../db/models.ts';
import type { VariantIds } from './compare-sets.ts';

/** One side of a comparison as a page shows it. */
export interface Variant {
  readonly ids: VariantIds;
  readonly name: string;
  readonly kind: Model['kind'];
  /** Parameters of the whole model; an adapter counts with what it stands on. */
  readonly parameters: number;
  readonly tuned: boolean;
  /** Whether a cut is in its line. */
  readonly isCut: boolean;
  readonly mark: VariantMark;
}

/** The variants with their looks. Throws AppError `not-found` for a model that is no more. */
export function describeVariants(app: App, variants: readonly VariantIds[]): Variant[] {
  const lines = variants.map((ids) => listLineage(app.db, getModel(app.db, ids[0]!).id));
  const tuned = lines.map((line) => line.some(({ kind }) => kind === 'tuned' || kind === 'merged'));
  const cuts = lines.map((line) => line.findLast(({ kind }) => kind === 'pruned'));
  const family = assignMarks(listModels(app.db));
  const marks = distinguishMarks(
    lines.map((line, index) => ({ origin: (cuts[index] ?? line[0]!).id, mark: family.get(line.at(-1)!.id)! })),
  );
  return variants.map((ids, index) => {
    const line = lines[index]!;
    const model = line.at(-1)!;
    const whole = line.findLast(({ form }) => form === 'checkpoint') ?? model;
    const name = ids.length > 1 ? `${whole.name}, tuned for ${ids.length} tasks` : model.name;
    return {
      ids,
      name,
      kind: model.kind,
      parameters: whole.parameters,
      tuned: tuned[index]!,
      isCut: cuts[index] !== undefined,
      mark: marks[index]!,
    };
  });
}
