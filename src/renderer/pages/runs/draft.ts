// The tuning form while it is being filled in: everything has a value, so that switching a part off forgets nothing.
import { tuningRequest, type TuningRequest } from '../../../shared/tuning-request.ts';

const START = tuningRequest.safeParse({ name: 'x', modelId: 'x', datasetId: 'x', shots: 50, distill: { teacherId: 'x' }, validation: {} });

/** The form's fields; numbers are null while their field is empty. */
export interface Draft {
  request: Omit<TuningRequest, 'shots' | 'distill' | 'validation' | 'patience'>;
  isNamed: boolean;
  usesAll: boolean;
  shots: number | null;
  distils: boolean;
  distill: NonNullable<TuningRequest['distill']>;
  validates: boolean;
  validation: NonNullable<TuningRequest['validation']>;
  stopsEarly: boolean;
  patience: number | null;
}

/** A form with the defaults: 50 examples, LoRA, 100 steps, measured on held-out examples every 25. */
export function newDraft(): Draft {
  const { shots, distill, validation, patience, ...request } = structuredClone(START.data!);
  return {
    request: { ...request, name: '', modelId: '', datasetId: '' },
    isNamed: false,
    usesAll: false,
    shots: shots ?? 50,
    distils: false,
    distill: { ...distill!, teacherId: '' },
    validates: true,
    validation: validation!,
    stopsEarly: false,
    patience: patience ?? 3,
  };
}

/** The form filled with what was asked before. */
export function draftOf(asked: TuningRequest): Draft {
  const fresh = newDraft();
  const { shots, distill, validation, patience, ...request } = asked;
  return {
    request,
    isNamed: true,
    usesAll: shots === undefined,
    shots: shots ?? fresh.shots,
    distils: distill !== undefined,
    distill: distill ?? fresh.distill,
    validates: validation !== undefined,
    validation: validation ?? fresh.validation,
    stopsEarly: patience !== undefined,
    patience: patience ?? fresh.patience,
  };
}

/** What the form asks for; not yet checked. */
export function requestOf(draft: Draft): TuningRequest {
  const { request, usesAll, shots, distils, distill, validates, validation, stopsEarly, patience } = draft;
  return {
    ...request,
    task: request.task === '' ? undefined : request.task,
    // An empty field stays an empty field: it is the check that says so.
    shots: usesAll ? undefined : (shots as number),
    distill: distils ? distill : undefined,
    validation: validates ? validation : undefined,
    patience: validates && stopsEarly ? (patience as number) : undefined,
    keepBest: validates && request.keepBest,
  };
}
