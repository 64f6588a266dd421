// Which prompt is best: accuracy first, then how clearly the right answer wins, then how evenly the labels are picked.
import type { ChoiceOutcome } from '../results.ts';
import { isRight, mean, pickOf, standardError, type ChoiceMetric } from './proportions.ts';

/** Log-likelihood of the right choice minus that of the best other one, in nats: positive where plain accuracy counts it right. */
export function answerMargin({ logLikelihoods, gold }: ChoiceOutcome): number {
  return logLikelihoods[gold]! - Math.max(...logLikelihoods.filter((_, i) => i !== gold));
}

/** How the picked positions lie against the right ones. */
export interface LabelBias {
  /** Total variation, 0 (picked as often as right) to 1. */
  readonly distance: number;
  /** Entropy of the picked positions in nats: 0 if it is always the same one. */
  readonly entropy: number;
}

/** Label bias by position of the choice. */
export function labelBias(outcomes: readonly ChoiceOutcome[], metric: ChoiceMetric): LabelBias {
  const positions = Math.max(...outcomes.map((outcome) => outcome.logLikelihoods.length));
  const shareOf = (position: (outcome: ChoiceOutcome) => number): number[] => {
    const counts = Array.from({ length: positions }, () => 0);
    for (const outcome of outcomes) counts[position(outcome)]!++;
    return counts.map((count) => count / outcomes.length);
  };
  const picked = shareOf((outcome) => pickOf(outcome, metric));
  const right = shareOf((outcome) => outcome.gold);
  return {
    distance: picked.reduce((sum, share, i) => sum + Math.abs(share - right[i]!), 0) / 2,
    entropy: picked.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0),
  };
}

/** One candidate's figures on the held-out slice. */
export interface RankedCandidate {
  readonly name: string;
  readonly items: number;
  readonly accuracy: number;
  readonly stderr: number;
  readonly margin: number;
  readonly bias: LabelBias;
}

/** Candidates best first: by accuracy, then mean margin, then least label bias, then in the order given. Each needs an outcome. */
export function rankCandidates(
  candidates: readonly { readonly name: string; readonly outcomes: readonly ChoiceOutcome[] }[],
  metric: ChoiceMetric,
): RankedCandidate[] {
  return candidates
    .map(({ name, outcomes }) => {
      const right = outcomes.map((outcome) => Number(isRight(outcome, metric)));
      return {
        name,
        items: outcomes.length,
        accuracy: mean(right),
        stderr: standardError(right),
        margin: mean(outcomes.map(answerMargin)),
        bias: labelBias(outcomes, metric),
      };
    })
    .sort((a, b) => b.accuracy - a.accuracy || b.margin - a.margin || a.bias.distance - b.bias.distance);
}
