// The learning rate over time, as a factor of the recipe's rate.

export interface Schedule {
  readonly kind: 'linear' | 'cosine' | 'constant';
  readonly warmupSteps: number;
}

/**
 * The factor for step `step` (from 0) of `steps`. It rises linearly over the warm-up steps, its first value above 0 and its value after
 * them 1; then linear falls to 0 at `steps`, cosine does so along half a cosine, constant stays.
 */
export function scheduleFactor(schedule: Schedule, step: number, steps: number): number {
  const { kind, warmupSteps } = schedule;
  if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
  const elapsed = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  switch (kind) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - elapsed;
    case 'cosine':
      return (1 + Math.cos(Math.PI * elapsed)) / 2;
  }
}
