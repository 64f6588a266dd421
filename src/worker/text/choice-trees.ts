// Multiple-choice questions as token trees: choices with one context share its computation.
import type { PackedBatch, TokenTree } from './pack.ts';

/** A tokenised context and the continuation to be scored after it. */
interface EncodedPair {
  readonly context: Int32Array;
  readonly continuation: Int32Array;
}

/** Trees over the choices of many questions; `owners[item]` says whose choices the branches of tree `item` are. */
export interface ChoiceTrees {
  readonly trees: readonly TokenTree[];
  readonly owners: readonly { readonly question: number; readonly choices: readonly number[] }[];
}

/** One tree for every distinct context of a question, with the choices that follow it as branches. */
export function choiceTrees(questions: readonly (readonly EncodedPair[])[]): ChoiceTrees {
  const trees: TokenTree[] = [];
  const owners: { question: number; choices: number[] }[] = [];
  for (const [question, pairs] of questions.entries()) {
    const byContext = new Map<string, { branches: Int32Array[]; choices: number[] }>();
    for (const [choice, { context, continuation }] of pairs.entries()) {
      const key = context.join();
      let tree = byContext.get(key);
      if (!tree) {
        tree = { branches: [], choices: [] };
        byContext.set(key, tree);
        trees.push({ context, branches: tree.branches, counts: 'branches' });
        owners.push({ question, choices: tree.choices });
      }
      tree.branches.push(continuation);
      tree.choices.push(choice);
    }
  }
  return { trees, owners };
}

/** Adds the log-probabilities of a batch's counted tokens to `sums[question][choice]`. */
export function addChoiceLogProbs(sums: readonly Float64Array[], { owners }: ChoiceTrees, part: PackedBatch, logProbs: Float32Array): void {
  for (const [n, logProb] of logProbs.entries()) {
    const { question, choices } = owners[part.item[n]!]!;
    sums[question]![choices[part.branch[n]!]!]! += logProb;
  }
}

/** Index of the largest value, ties to the first. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
