// What a run leaves behind: result.json and the per-example lines, as main reads them into SQLite.

/** One multiple-choice example's outcome: a line of `choices.jsonl`. Log-likelihoods are natural logs. */
export interface ChoiceOutcome {
  readonly set: string;
  readonly id: string;
  readonly logLikelihoods: readonly number[];
  readonly gold: number;
  /** Choice with the largest log-likelihood, ties to the first. */
  readonly picked: number;
  /** The same by log-likelihood per code point of the choice text. */
  readonly pickedNorm: number;
}

/** How well a piece of a perplexity set was predicted: a line of `losses.jsonl`. */
export interface TextOutcome {
  readonly set: string;
  /** A document's id, or a block's number from 1. */
  readonly id: string;
  /** The piece, or its beginning where it is long. */
  readonly text: string;
  /** How many of its tokens were predicted. */
  readonly tokens: number;
  /** Sum of their negative log-likelihoods, natural logs. */
  readonly loss: number;
}

export interface GenerationOutcome {
  readonly set: string;
  readonly id: string;
  readonly text: string;
  readonly exactMatch: number;
  readonly f1: number;
  readonly rougeL: number;
}

/** Figures of one evaluation set. Every number carries its kind in its name. */
export type SetSummary =
  | {
      kind: 'choices';
      name: string;
      items: number;
      acc: number;
      accStderr: number;
      accNorm: number;
      accNormStderr: number;
      truncated: number;
    }
  | { kind: 'perplexity'; name: string; form: 'blocks'; length: number; tokens: number; meanLoss: number; tokenPerplexity: number }
  | {
      kind: 'perplexity';
      name: string;
      form: 'rolling';
      documents: number;
      tokens: number;
      meanLoss: number;
      tokenPerplexity: number;
      wordPerplexity: number;
      bytePerplexity: number;
      bitsPerByte: number;
    }
  | { kind: 'generation'; name: string; items: number; exactMatch: number; f1: number; rougeL: number; tokens: number };

/** How much work was done, and at what cost. */
export interface Cost {
  readonly elapsedMs: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly peakMemoryBytes: number;
  readonly device: string;
  readonly threads: number;
}

export interface ScoreResult {
  kind: 'score';
  scores: string; // scores.safetensors in the run folder
  calibrationLoss: number;
  cost: Cost;
}
export interface PruneResult {
  kind: 'prune';
  checkpoint: string; // folder in the run folder
  hash: string;
  parameters: number;
  baseParameters: number;
  macs: number;
  sizeBytes: number;
  cost: Cost;
}
export interface TuneResult {
  kind: 'tune';
  adapter: string | undefined;
  checkpoint: string | undefined;
  hash: string | undefined;
  steps: number;
  bestStep: number;
  finalLoss: number;
  trainableParameters: number;
  cost: Cost;
}
export interface EvaluateResult {
  kind: 'evaluate';
  sets: SetSummary[];
  cost: Cost;
}
export type RunResult = ScoreResult | PruneResult | TuneResult | EvaluateResult;
