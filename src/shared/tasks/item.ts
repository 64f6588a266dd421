// What a task is, and one question of it as prompts see it.
import type { PromptSpec } from '../prompt/prompt-spec.ts';
import type { Row } from './columns.ts';

/** The columns of a row under the names that its task gives them: the fields of templates. `gold` is the index of the right choice; `label` is the class for balanced draws and for the eye. */
export interface Item {
  readonly id?: string;
  readonly choices?: readonly string[];
  readonly gold?: number;
  readonly label?: string;
  readonly references?: readonly string[];
  readonly [field: string]: unknown;
}

/** Which figure stands for a task in a table and in an average. */
export type Metric = 'acc' | 'acc_norm' | 'exact_match';

/**
 * A way to ask. `rowToItem` takes a row as imported and what to call it in messages (`train.jsonl, line 12`); it throws
 * AppError 'bad-dataset' naming the column that is missing or wrong, and for rows whose answer is hidden.
 * `prompts` are the candidates, the standard one first.
 */
export interface Task {
  readonly name: string;
  readonly title: string;
  readonly metric: Metric;
  readonly rowToItem: (row: Row, where?: string) => Item;
  readonly prompts: readonly PromptSpec[];
}
