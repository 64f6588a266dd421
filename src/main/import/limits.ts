// What a dataset file may ask for, so that a broken or hostile one ends in a sentence and not in a full memory.

/** The longest line, CSV record or JSON row: 100 MB, the field cap that spreadsheets of long documents have been seen to need. */
export const MAX_ROW_BYTES = 100 * 1024 * 1024;

/** Rejected rows that are listed one by one; later ones are only counted. */
export const MAX_LISTED_REJECTS = 1000;

/** Levels of lists and objects inside a row. The deepest published form (chat messages with tool calls) needs about ten. */
export const MAX_DEPTH = 32;

export const MAX_COLUMNS = 1000;

/** How much of a file its format is told from. */
export const SAMPLE_BYTES = 256 * 1024;

/** Decoded bytes of one Parquet row group, which is read as a whole; writers aim at 128 MB to 1 GB. */
export const MAX_ROW_GROUP_BYTES = 2 ** 31;
