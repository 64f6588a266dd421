// Worked examples as the eye tells them apart.
import { canonicalJson } from '../../../shared/canonical-json.ts';
import type { PromptSpec } from '../../../shared/prompt/prompt-spec.ts';
import { renderExample } from '../../../shared/prompt/render-example.ts';
import type { ShotRow } from './workshop.svelte.ts';

/** The example as the prompt writes it, on one line; what is wrong where it cannot be written. */
export function tellShot(spec: PromptSpec, row: ShotRow): string {
  try {
    return renderExample({ ...spec, description: '', shots: { kind: 'none' } }, row)
      .text.replace(/\s+/g, ' ')
      .trim();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** Whether two rows are the same example, whatever they are called. */
export function isSameShot(one: ShotRow, other: ShotRow): boolean {
  return canonicalJson({ ...one, id: undefined }) === canonicalJson({ ...other, id: undefined });
}
