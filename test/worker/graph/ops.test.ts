// Every op's gradient against central differences in float64, in one random direction, on the real runtime.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/shared/random.ts';
import { attention, divergence, rmsNorm, rope, silu, targetLogProbability } from '../../../src/worker/graph/composites.ts';
import { Device, type HostTensor } from '../../../src/worker/graph/device.ts';
import { gradients } from '../../../src/worker/graph/gradient.ts';
import { apply, input, sizeOf, type Expr, type OpExample } from '../../../src/worker/graph/graph.ts';
import { OPS } from '../../../src/worker/graph/ops/table.ts';
import { cast } from '../../../src/worker/graph/ops/shape.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open('cpu', 1);
});
afterAll(() => device.dispose());

type Drawn = Record<string, HostTensor>;

function draw(inputs: OpExample['inputs'], seed: number): Drawn {
  const random = new RandomStream(seed, 'op inputs');
  return Object.fromEntries(
    inputs.map(({ shape, kind, below }, i): [string, HostTensor] => {
      const length = sizeOf(shape);
      if (kind === 'index')
        return [`x${i}`, { data: BigInt64Array.from({ length }, () => BigInt(random.integer(below!))), shape, dtype: 'int64' }];
      const next = kind === 'positive' ? () => 0.5 + 1.5 * random.uniform() : () => random.normal();
      return [`x${i}`, { data: Float64Array.from({ length }, next), shape, dtype: 'float64' }];
    }),
  );
}

/** Largest relative difference, over the inputs, of <gradient, direction> and its central difference for a random cotangent. */
async function checkGradient(
  key: string,
  make: (inputs: Expr[]) => Expr,
  example: OpExample,
  wrt = example.inputs.length,
): Promise<number> {
  const drawn = draw(example.inputs, 1);
  const symbols = Object.entries(drawn).map(([name, { shape, dtype }]) => input(name, shape, dtype));
  const y = cast(make(symbols), 'float64');
  const dy = draw([{ shape: y.shape }], 2)['x0']!;
  const floats = symbols.slice(0, wrt).filter(({ dtype }) => dtype === 'float64');
  const analytic = await device.run(
    `${key} gradient`,
    () => Object.fromEntries(gradients(y, input('dy', y.shape, 'float64'), floats).map((g, i) => [`g${i}`, g])),
    { ...drawn, dy },
    () => true,
  );
  const value = async (feeds: Drawn): Promise<number> => {
    const { fetched } = await device.run(
      `${key} value`,
      () => ({ y }),
      feeds,
      () => true,
    );
    return fetched['y']!.reduce((total, v, i) => total + v * (dy.data[i] as number), 0);
  };
  const direction = draw(
    floats.map(({ shape }) => ({ shape })),
    3,
  );
  const h = 1e-5; // the error of a central difference in float64 is then about 1e-10
  let [expected, scale] = [0, 0];
  const moved = (sign: number): Drawn => ({
    ...drawn,
    ...Object.fromEntries(
      floats.map(({ attributes }, i) => {
        const name = attributes['name'] as string;
        const at = drawn[name]!;
        return [name, { ...at, data: (at.data as Float64Array).map((v, j) => v + sign * h * (direction[`x${i}`]!.data[j] as number)) }];
      }),
    ),
  });
  floats.forEach((_, i) =>
    analytic.fetched[`g${i}`]!.forEach((g, j) => {
      const term = g * (direction[`x${i}`]!.data[j] as number);
      expected += term;
      scale += Math.abs(term);
    }),
  );
  const measured = ((await value(moved(1))) - (await value(moved(-1)))) / (2 * h);
  return Math.abs(measured - expected) / Math.max(scale, 1e-12);
}

const TOLERANCE = 1e-7; // the issue's; differences are about 1e-10

describe('the gradient of every op agrees with central differences', () => {
  for (const op of OPS) {
    op.examples.forEach((example, i) =>
      it(`${op.name}, case ${i + 1}`, async () => {
        if (op.name === 'sign') return expect(op.vjp(input('dy', [1]), input('y', [1]))).toEqual([undefined]);
        expect(await checkGradient(`${op.name} ${i}`, (inputs) => apply(op, inputs, example.attributes), example)).toBeLessThan(TOLERANCE);
      }),
    );
  }
});

/** Composites with a hand-derived gradient; `wrt` is how many of the inputs it covers (the others are constants of the model). */
const COMPOSITES: readonly { name: string; make: (x: Expr[]) => Expr; inputs: OpExample['inputs']; wrt: number }[] = [
  { name: 'rmsNorm', make: ([x, w]) => rmsNorm(x!, w!, 1e-5), inputs: [{ shape: [3, 6] }, { shape: [6] }], wrt: 2 },
  { name: 'silu', make: ([x]) => silu(x!), inputs: [{ shape: [3, 4] }], wrt: 1 },
  {
    name: 'rope',
    make: ([x, c, s]) => rope(x!, c!, s!),
    inputs: [{ shape: [2, 3, 2, 4] }, { shape: [2, 3, 1, 2] }, { shape: [2, 3, 1, 2] }],
    wrt: 1,
  },
  {
    name: 'targetLogProbability',
    make: ([x, t]) => targetLogProbability(x!, t!),
    inputs: [{ shape: [3, 7] }, { shape: [3], kind: 'index', below: 7 }],
    wrt: 1,
  },
  { name: 'divergence', make: ([x, t]) => divergence(x!, t!, 1.7), inputs: [{ shape: [3, 7] }, { shape: [3, 7] }], wrt: 1 },
];

describe('composites', () => {
  for (const { name, make, inputs, wrt } of COMPOSITES) {
    it(`${name}: the hand-derived gradient agrees with central differences`, async () => {
      expect(await checkGradient(name, make, { inputs }, wrt)).toBeLessThan(TOLERANCE);
    });
    it(`${name}: the definition's own gradient agrees too`, async () => {
      expect(await checkGradient(`${name} definition`, (x) => make(x).inputs[0]!, { inputs }, wrt)).toBeLessThan(TOLERANCE);
    });
  }
  it('attention, made of other ops, differentiates through them', async () => {
    const inputs = [{ shape: [2, 3, 4, 2] }, { shape: [2, 2, 5, 2] }, { shape: [2, 2, 5, 2] }, { shape: [2, 1, 1, 3, 5] }];
    expect(await checkGradient('attention', ([q, k, v, m]) => attention(q!, [{ k: k!, v: v! }], m!), { inputs })).toBeLessThan(TOLERANCE);
  });
  it('attention over a shared cache and the row itself differentiates too', async () => {
    const keyValues = [{ shape: [1, 2, 4, 2] }, { shape: [1, 2, 4, 2] }, { shape: [2, 2, 3, 2] }, { shape: [2, 2, 3, 2] }];
    const inputs = [{ shape: [2, 3, 4, 2] }, ...keyValues, { shape: [2, 1, 1, 3, 7] }];
    const make = ([q, pk, pv, k, v, m]: Expr[]): Expr =>
      attention(
        q!,
        [
          { k: pk!, v: pv! },
          { k: k!, v: v! },
        ],
        m!,
      );
    expect(await checkGradient('cached attention', make, { inputs })).toBeLessThan(TOLERANCE);
  });
});
