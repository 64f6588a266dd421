// The op table: every entry, for the tests that go through it.
import type { Op } from '../graph.ts';
import { absOp, addOp, divOp, expOp, mulOp, negOp, sigmoidOp, signOp, sqrtOp, subOp } from './elementwise.ts';
import { equalOp, gatherRowsOp, pickOp, scatterRowsOp } from './gather.ts';
import { matmulOp } from './product.ts';
import { logSoftmaxOp, softmaxOp, sumOp } from './reduce.ts';
import { castOp, concatOp, expandOp, padOp, reshapeOp, sliceOp, transposeOp } from './shape.ts';

export const OPS: readonly Op[] = [
  absOp,
  addOp,
  castOp,
  concatOp,
  divOp,
  equalOp,
  expOp,
  expandOp,
  gatherRowsOp,
  logSoftmaxOp,
  matmulOp,
  mulOp,
  negOp,
  padOp,
  pickOp,
  reshapeOp,
  scatterRowsOp,
  sigmoidOp,
  signOp,
  sliceOp,
  softmaxOp,
  sqrtOp,
  subOp,
  sumOp,
  transposeOp,
];
