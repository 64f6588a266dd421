// Where two criteria agree on what stays, counted on from width to width.
import { expect, it } from 'vitest';
import { makeAgreement } from '../../../src/shared/prune/heat.ts';
import { ranksDescending } from '../../../src/shared/prune/rank.ts';
import { RandomStream } from '../../../src/shared/random.ts';

const UNITS = 60;

it('counts the units that both and either keep, whichever widths were asked for before', () => {
  const random = new RandomStream(1, 'agreement');
  const draw = (): Uint32Array => ranksDescending(Float64Array.from({ length: UNITS }, () => random.uniform()));
  const [a, b] = [draw(), draw()];
  const agreementAt = makeAgreement(a, b);
  for (let move = 0; move < 100; move++) {
    const [widthOfA, widthOfB] = [random.integer(UNITS + 1), random.integer(UNITS + 1)];
    const [inA, inB] = [[...a].map((rank) => rank < widthOfA), [...b].map((rank) => rank < widthOfB)];
    expect(agreementAt(widthOfA, widthOfB)).toEqual({
      both: inA.filter((isIn, unit) => isIn && inB[unit]).length,
      either: inA.filter((isIn, unit) => isIn || inB[unit]).length,
    });
  }
});
