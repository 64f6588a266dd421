// What stands behind a perplexity: the blocks or documents it was measured over, each with its own, the worst first, beside the base's.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { TextOutcome } from '../../shared/results.ts';
import type { App } from '../app.ts';
import { getEvaluation, type Evaluation } from '../db/evaluations.ts';
import { getRun } from '../db/runs.ts';

/** A block or document, how well it was predicted, and how well the base predicted it. */
export interface ReadText {
  readonly id: string;
  readonly text: string;
  readonly tokens: number;
  readonly loss: number;
  readonly perplexity: number;
  readonly base: number | undefined;
}

export interface TextPage {
  readonly form: 'blocks' | 'rolling';
  /** Tokens of a block; undefined for documents. */
  readonly length: number | undefined;
  readonly tokens: number;
  /** Sum over all tokens, natural logs. */
  readonly loss: number;
  readonly perplexity: number;
  readonly base: number | undefined;
  /** Why there are no texts, where there are none. */
  readonly without: string | undefined;
  readonly total: number;
  readonly texts: readonly ReadText[];
}

/**
 * A page of what a perplexity was measured over, the worst first; `baseId` is the evaluation of the base on the same texts. Throws
 * AppError `not-found`, and `bad-input` for an evaluation that is no perplexity.
 */
export function pageTexts(
  app: App,
  evaluationId: string,
  { baseId, offset, limit }: { baseId?: string | undefined; offset: number; limit: number },
): TextPage {
  const evaluation = getEvaluation(app.db, evaluationId);
  const summary = perplexityOf(evaluation);
  const base = baseId === undefined || baseId === evaluationId ? undefined : getEvaluation(app.db, baseId);
  const isSameText = base?.datasetHash === evaluation.datasetHash;
  const texts = rankTexts(app, evaluation, isSameText ? base : undefined);
  return {
    form: summary.form,
    length: summary.form === 'blocks' ? summary.length : undefined,
    tokens: summary.tokens,
    loss: summary.meanLoss * summary.tokens,
    perplexity: summary.tokenPerplexity,
    base: base && isSameText ? perplexityOf(base).tokenPerplexity : undefined,
    without: texts ? undefined : whyNone(app, evaluation),
    total: texts?.length ?? 0,
    texts: texts?.slice(offset, offset + limit) ?? [],
  };
}

/** The texts that were ranked last: a finished run's never change, and their pages are turned one after another. */
const ranked = new WeakMap<App, { readonly of: string; readonly texts: readonly ReadText[] }>();

/** The texts of an evaluation, the worst first, beside the base's; undefined where its run kept none. */
function rankTexts(app: App, evaluation: Evaluation, base: Evaluation | undefined): readonly ReadText[] | undefined {
  const of = `${evaluation.id} ${base?.id}`;
  const last = ranked.get(app);
  if (last?.of === of) return last.texts;
  const before = new Map((base ? (readTexts(app, base) ?? []) : []).map((one) => [one.id, one]));
  const texts = readTexts(app, evaluation)
    ?.map(({ id, text, tokens, loss }): ReadText => {
      const same = before.get(id);
      const comparable = same?.tokens === tokens && same.text === text;
      return { id, text, tokens, loss, perplexity: Math.exp(loss / tokens), base: comparable ? Math.exp(same.loss / tokens) : undefined };
    })
    .sort((a, b) => b.perplexity - a.perplexity);
  if (texts) ranked.set(app, { of, texts });
  return texts;
}

function perplexityOf({ id, setName, summary }: Evaluation) {
  if (summary.kind === 'perplexity') return summary;
  throw new AppError('bad-input', `“${setName}” was not measured by perplexity; it has examples instead.`, { id });
}

/** The pieces of the evaluation's set in their order; undefined where its run kept none. */
function readTexts(app: App, { runId, setName }: Evaluation): TextOutcome[] | undefined {
  const path = join(getRun(app.db, runId).folderPath, 'losses.jsonl');
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n');
  const texts = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TextOutcome);
  const own = texts.filter(({ set }) => set === setName);
  return own.length > 0 ? own : undefined;
}

function whyNone(app: App, { runId }: Evaluation): string {
  const { title, folderPath } = getRun(app.db, runId);
  return existsSync(folderPath)
    ? `Measured by an earlier version, which kept only the sum over all texts. To see them, evaluate again: delete this study and its run “${title}”, then start the study anew.`
    : `The folder of the run “${title}” is gone, and the texts with it. The figures stay.`;
}
