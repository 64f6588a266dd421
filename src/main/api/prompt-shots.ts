// Worked examples to be fixed in a prompt: the rows of a split to choose from, and a draw of them by seed.
import { AppError } from '../../shared/errors.ts';
import { drawShots } from '../../shared/prompt/few-shot.ts';
import type { Item, Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import { countSplits, listRows, type Dataset } from '../db/datasets.ts';

/** Rows of a split as templates see them, and how many there are; rows that cannot be asked are left out. */
export function listShots(
  app: App,
  dataset: Dataset,
  task: Task,
  page: { split: string; offset: number; limit: number },
): { readonly total: number; readonly items: readonly Item[] } {
  const items = listRows(app.db, dataset.id, page).flatMap(({ values, line }) => {
    try {
      return [task.rowToItem(values, `${dataset.name}, line ${line}`)];
    } catch (thrown) {
      if (thrown instanceof AppError) return [];
      throw thrown;
    }
  });
  return { total: countSplits(app.db, dataset.id)[page.split] ?? 0, items };
}

/** The rows that a tuning on `k` examples would draw by this seed. Throws AppError `bad-input` where there are fewer. */
export function drawFixedShots(
  app: App,
  dataset: Dataset,
  task: Task,
  { split, k, seed }: { split: string; k: number; seed: number },
): Item[] {
  const total = countSplits(app.db, dataset.id)[split] ?? 0;
  // Which rows are drawn depends on their number alone, so only those are read.
  const places = Array.from({ length: total }, (_, place): { place: number; label?: string } => ({ place }));
  return drawShots(places, k, seed).map(({ place }) => {
    const row = listRows(app.db, dataset.id, { split, offset: place, limit: 1 })[0]!;
    return task.rowToItem(row.values, `${dataset.name}, line ${row.line}`);
  });
}
