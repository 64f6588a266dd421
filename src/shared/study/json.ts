// The study's JSON form, which other programs read: member names and units are a promise.
import { isComplete, type StudyRow, type StudyTable } from './table.ts';

/**
 * One object: ratios and accuracies 0..1, `kept` and `keptSpread` shares of the base's mean, bytes on disk, MACs over 64 tokens.
 * What is not known is null: the mean of a variant that is not fully measured, the spread of a single draw.
 */
export function studyToJson(table: StudyTable) {
  const { base } = table;
  return {
    base: { mean: base.mean ?? null, tasks: base.tasks, perplexity: base.perplexity, parameters: base.parameters, bytes: base.bytes },
    variants: table.variants.map(variantToJson),
    seconds: table.seconds,
  };
}

function variantToJson(row: StudyRow) {
  return {
    name: row.name,
    nominalRatio: row.nominalRatio,
    trueReduction: row.trueReduction,
    tuned: row.tuned,
    shots: row.shots,
    draws: row.draws,
    mean: isComplete(row) ? row.mean : null,
    kept: row.kept ?? null,
    keptSpread: row.keptSpread ?? null,
    tasks: row.tasks,
    perplexity: row.perplexity,
    parameters: row.parameters,
    bytes: row.bytes,
    macs: row.macs,
    tokensPerSecond: row.tokensPerSecond,
    peakMemoryBytes: row.peakMemoryBytes,
  };
}
