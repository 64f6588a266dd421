// What the layers of a chart share: the plot that they draw on.
import type { ScaleLinear } from 'd3-scale';
import { getLayerCakeContext, type LayerCakeContext } from 'layercake';
import type { UprightScale } from './axes.ts';

interface Scales {
  x: ScaleLinear<number, number>;
  y: UprightScale;
}

/** What a chart's layers are drawn with; nought is the upper left corner of the plot, inside the axes. */
export type Plot = LayerCakeContext<Scales>;

/** A place that the axes must reach, by either or both. */
export type Reach = readonly [x: number | undefined, y: number | readonly number[]];

/** The plot that a layer is a part of. */
export const plotAround = (): Plot => getLayerCakeContext<Scales>();
