// Unit scores come out of the wire form as they went in, bit for bit.
import { expect, it } from 'vitest';
import { packUnits, unpackUnits } from '../../../src/shared/prune/pack-units.ts';
import { randomUnitScores } from '../../../src/shared/prune/unit-scores.ts';
import { llama } from './configs.ts';

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

it('unpacks what was packed, however long', () => {
  const units = randomUnitScores(llama({ D: 8, E: 2, V: 10, L: 2, H: 4, K: 2, F: 11008 }), 7);
  expect(unpackUnits(packUnits(units, encode))).toEqual(units);
  expect(unpackUnits(packUnits({ ...units, hidden: undefined }, encode)).hidden).toBeUndefined();
});
