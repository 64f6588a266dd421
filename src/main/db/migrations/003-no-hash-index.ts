// Rows of datasets are no longer indexed by their hash: written in no order, it made large imports write each page many times over.

export const noHashIndex = `DROP INDEX dataset_rows_hash;`;
