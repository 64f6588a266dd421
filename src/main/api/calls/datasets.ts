// Datasets: listed as the page shows them.
import { listDatasets } from '../../db/datasets.ts';
import { call } from './call.ts';

export const datasets = {
  /** All datasets, the newest first. */
  list: call.handler(({ context }) => listDatasets(context.app.db)),
};
