// What was counted over the rows of a dataset is kept with it: rows never change, and counting millions anew holds everyone up.

/** Splits are counted once here for the datasets there are, in the order in which they first occur. */
export const datasetCounts = `
ALTER TABLE datasets ADD COLUMN splits_json TEXT;
UPDATE datasets SET splits_json = (
  SELECT json_group_object(split, count) FROM (
    SELECT split, count(*) AS count FROM dataset_rows WHERE dataset_id = datasets.id GROUP BY split ORDER BY min(position)
  )
) WHERE state = 'ready';

CREATE TABLE dataset_balances (
  dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  column_name TEXT NOT NULL,
  balance_json TEXT NOT NULL,
  PRIMARY KEY (dataset_id, column_name)
) STRICT, WITHOUT ROWID;
`;
