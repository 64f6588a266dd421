// Models: listed as the page shows them.
import { listModels } from '../../db/models.ts';
import { call } from './call.ts';

export const models = {
  /** All models, the oldest first. */
  list: call.handler(({ context }) => listModels(context.app.db)),
};
