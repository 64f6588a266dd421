// Charts: where axes end, which ticks are labelled, and where labels stand so that they cover nothing.
import { scaleLinear, scaleLog } from 'd3-scale';
import { describe, expect, it } from 'vitest';
import { nearNought, timesMargin, uprightTicks, withMargin, withoutNoughts } from '../../src/renderer/parts/charts/axes.ts';
import { boxOf, placeLevels, placeNames, type Box } from '../../src/renderer/parts/charts/place-labels.ts';

const overlap = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

describe('the ends of an axis', () => {
  it('leave a margin on both sides', () => expect(withMargin([10, 20], 0.1)).toEqual([9, 21]));
  it('begin at nought where the figures come near it, and only there', () => {
    expect(nearNought([1, 10], 0.1)[0]).toBe(0);
    expect(nearNought([8, 10], 0.1)[0]).toBeCloseTo(7.8);
    expect(nearNought([-1, 10], 0.1)[0]).toBeLessThan(-1);
  });
  it('leave room around figures that are all the same, and around a span that is nothing but rounding', () => {
    for (const high of [47.5262517873, 47.5262517873 + 1e-12]) {
      const [from, to] = nearNought([47.5262517873, high], 0.06);
      expect(to - from).toBeGreaterThan(5);
    }
    expect(withMargin([0, 0], 0.1)).toEqual([-0.1, 0.1]);
  });
  it('are times smaller and larger on a logarithmic axis', () => expect(timesMargin([1, 100], 2)).toEqual([0.5, 200]));
});

describe('uprightTicks', () => {
  it('labels every tick of a linear scale', () => {
    expect(uprightTicks(scaleLinear([0, 60], [200, 0]), 4, 20, String)).toEqual({ labelled: [0, 20, 40, 60], bare: [] });
  });

  it('has so few ticks that no label is there twice', () => {
    const { labelled } = uprightTicks(scaleLinear([531.3, 532.2], [200, 0]), 5, 20, (value) => `${value.toFixed(0)} MB`);
    expect(labelled).toEqual([532]);
  });

  it.each([
    ['a decade', [0.1, 1]],
    ['two decades', [1, 100]],
    ['twelve decades', [1e-9, 1e3]],
    ['part of a decade', [2.26, 9.2]],
    ['a narrow stretch', [43.2, 52.3]],
  ])('labels at least two ticks of %s, and none without room', (_, ends) => {
    const scale = scaleLog(ends, [140, 0]);
    const { labelled, bare } = uprightTicks(scale, 3, 22, String);
    expect(labelled.length).toBeGreaterThanOrEqual(2);
    const places = labelled.map((tick) => scale(tick)).toSorted((a, b) => a - b);
    places.slice(1).forEach((place, index) => expect(place - places[index]!).toBeGreaterThanOrEqual(22));
    expect(bare.every((tick) => !labelled.includes(tick))).toBe(true);
  });

  it('labels the 8 rather than what stands beside it', () => {
    const { labelled } = uprightTicks(scaleLog([2.26, 9.2], [170, 0]), 5, 18, String);
    expect(labelled.toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 8]);
  });

  it('labels the decades before what lies between them', () => {
    expect(uprightTicks(scaleLog([1, 100], [60, 0]), 5, 22, String).labelled.toSorted((a, b) => a - b)).toEqual([1, 10, 100]);
  });
});

it.each([
  ['0.050', '0.05'],
  ['0.000', '0'],
  ['1.50 M', '1.5 M'],
  ['1.00 K', '1 K'],
  ['100', '100'],
  ['1.05', '1.05'],
  ['2e−3', '2e−3'],
])('a tick of %s is written %s', (text, short) => expect(withoutNoughts(text)).toBe(short));

describe('placeNames', () => {
  it('stands to the right of a point, and to the left of one near the edge', () => {
    const [left, right] = placeNames(
      [
        { x: 50, y: 50, text: 'here' },
        { x: 290, y: 50, text: 'there' },
      ],
      300,
    );
    expect(left!.x).toBeGreaterThan(50);
    expect([right!.anchor, right!.x < 290]).toEqual(['end', true]);
  });

  it('keeps names of one crowd apart, in the points’ order', () => {
    const crowd = Array.from({ length: 6 }, (_, index) => ({ x: 100 + index, y: 80 - index * 2, text: `point ${index}` }));
    const names = placeNames(crowd, 400);
    expect(names.map(({ text }) => text)).toEqual(crowd.map(({ text }) => text));
    const heights = names.map(({ y }) => y).toSorted((a, b) => a - b);
    heights.slice(1).forEach((y, index) => expect(y - heights[index]!).toBeGreaterThanOrEqual(13));
  });

  it('stands clear of a level that a line is drawn at', () => {
    const [name] = placeNames([{ x: 50, y: 60, text: 'near' }], 300, 300, [61]);
    expect(boxOf(name!).top).toBeGreaterThanOrEqual(61);
    const [beyond] = placeNames([{ x: 299, y: 60, text: 'beside the plot' }], Infinity, 300, [61]);
    expect(beyond!.y).toBe(64);
  });
});

describe('placeLevels', () => {
  it('stands over its line at its start when nothing is there', () => {
    expect(placeLevels([{ y: 50, text: 'base' }], 300, 200, [])).toEqual([{ text: 'base', x: 5, y: 45, anchor: 'start' }]);
  });

  it('covers neither what is taken nor another level’s name', () => {
    const taken = [{ left: 0, right: 80, top: 20, bottom: 80 }];
    const labels = placeLevels(
      [
        { y: 50, text: 'base 85.0' },
        { y: 52, text: 'guessing 50.0' },
      ],
      300,
      200,
      taken,
    );
    const boxes = labels.map(boxOf);
    expect(overlap(boxes[0]!, boxes[1]!)).toBe(false);
    for (const box of boxes) expect(overlap(box, taken[0]!)).toBe(false);
  });

  it('never stands below the plot, among the ticks', () => {
    const [label] = placeLevels([{ y: 195, text: 'base' }], 300, 200, [{ left: 0, right: 300, top: 100, bottom: 199 }]);
    expect(label!.y).toBeLessThan(200);
  });
});
