// The benchmark's work as data: model shapes, and how many tokens of what each case takes. peer.py gets the same by JSON.

/** A LLaMA shape with as many key/value heads as query heads and an untied head. */
export interface BenchShape {
  readonly name: string;
  readonly hidden: number;
  readonly layers: number;
  readonly ffn: number;
  readonly heads: number;
  readonly vocabulary: number;
}

export const SHAPES: readonly BenchShape[] = [
  { name: 'D 288 × 6', hidden: 288, layers: 6, ffn: 768, heads: 6, vocabulary: 32_000 },
  { name: 'D 768 × 12', hidden: 768, layers: 12, ffn: 2048, heads: 12, vocabulary: 32_000 },
];

/**
 * score: first-order Taylor scores of every group from `rows` samples, in one pass. lora: one optimiser step of rank `rank` on all seven
 * projections, loss at every token. choices: `questions`, each a context with some continuations, all of them scored.
 */
export type Workload =
  | { readonly kind: 'score'; readonly rows: number; readonly tokens: number }
  | { readonly kind: 'lora'; readonly rows: number; readonly tokens: number; readonly rank: number }
  | {
      readonly kind: 'choices';
      readonly questions: number;
      readonly context: number;
      readonly choices: number;
      readonly continuation: number;
    };

export const WORKLOADS: readonly Workload[] = [
  { kind: 'score', rows: 10, tokens: 64 },
  { kind: 'lora', rows: 8, tokens: 128, rank: 8 },
  { kind: 'choices', questions: 16, context: 96, choices: 4, continuation: 12 },
];

/** Tokens that one repetition gets through: every token of the text once, however often an implementation computes it. */
export function tokensOf(work: Workload): number {
  if (work.kind === 'choices') return work.questions * (work.context + work.choices * work.continuation);
  return work.rows * work.tokens;
}

/** One case for one implementation: what a child process is told. */
export interface CaseOrder {
  readonly shape: BenchShape;
  readonly work: Workload;
  readonly threads: number;
  readonly seed: number;
  /** Repetitions go on for at least this long after the first, which only warms up. */
  readonly seconds: number;
}

/** What a child process answers. `loss` shows that both did the same: random weights give about ln(vocabulary) a token. */
export interface CaseResult {
  readonly secondsEach: number;
  readonly peakMemoryBytes: number;
  readonly loss: number;
}
