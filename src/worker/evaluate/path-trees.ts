// Multiple-choice questions as token trees: what the choices of a question have in common is computed once.
import type { TokenTree } from '../text/pack.ts';

/** A tokenised context and the continuation to be scored after it. */
export interface EncodedPair {
  readonly context: readonly number[];
  readonly continuation: readonly number[];
}

/** Trees over the choices of many questions, and for each tree whose choices its branches are. */
export interface PathTrees {
  readonly trees: readonly TokenTree[];
  readonly owners: readonly TreeOwner[];
}

/** Branch b of the tree belongs to choice `choices[b]` of `question`; its first `skips[b]` tokens are context and are not scored. */
interface TreeOwner {
  readonly question: number;
  readonly choices: readonly number[];
  readonly skips: readonly number[];
}

/**
 * One tree for each question: the beginning that all its choices share as ids, at most up to where the first is scored, and what is
 * left of each choice as a branch. Contexts may differ (WinoGrande, or a tokenizer that joins context and continuation differently for
 * each): only what is equal is shared, so that scores are those of the choices apart. Without a common beginning each choice is a tree.
 */
export function shareBeginnings(questions: readonly (readonly EncodedPair[])[]): PathTrees {
  const trees: TokenTree[] = [];
  const owners: TreeOwner[] = [];
  for (const [question, pairs] of questions.entries()) {
    const paths = pairs.map(({ context, continuation }) => Int32Array.from([...context, ...continuation]));
    const whole = commonBeginning(paths, Math.min(...pairs.map(({ context }) => context.length)));
    const groups = whole > 0 ? [pairs.map((_, choice) => choice)] : pairs.map((_, choice) => [choice]);
    for (const choices of groups) {
      const shared = whole || pairs[choices[0]!]!.context.length;
      const branches = choices.map((choice) => paths[choice]!.subarray(shared));
      trees.push({ context: paths[choices[0]!]!.subarray(0, shared), branches, counts: 'branches' });
      owners.push({ question, choices, skips: choices.map((choice) => pairs[choice]!.context.length - shared) });
    }
  }
  return { trees, owners };
}

/** How many ids all paths begin with alike, at most `most`. */
export function commonBeginning(paths: readonly ArrayLike<number>[], most: number): number {
  let shared = 0;
  while (shared < most && paths.every((path) => path[shared] === paths[0]![shared] && shared < path.length)) shared++;
  return shared;
}
