// The first layout: datasets, prompts, models, score sets, runs, metrics, snapshots, evaluations, studies.

/**
 * Conventions of every table: times are milliseconds since 1970; `*_json` holds JSON; `*_path` is relative to the data folder when
 * it lies inside. Prompt versions never change; a run's state moves only along its arrows, and every move is written down.
 */
export const firstRecords = `
CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('importing', 'ready')),
  sources_json TEXT NOT NULL,
  columns_json TEXT NOT NULL DEFAULT '[]',
  mapping_json TEXT,
  mapping_reason TEXT NOT NULL DEFAULT '',
  split_reason TEXT NOT NULL DEFAULT '',
  hash TEXT,
  row_count INTEGER NOT NULL DEFAULT 0,
  duplicate_count INTEGER NOT NULL DEFAULT 0,
  rejected_count INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE dataset_rows (
  id INTEGER PRIMARY KEY,
  dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  split TEXT NOT NULL,
  line INTEGER NOT NULL,
  hash BLOB NOT NULL,
  values_json TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX dataset_rows_position ON dataset_rows (dataset_id, position);
CREATE INDEX dataset_rows_split ON dataset_rows (dataset_id, split, position);
CREATE INDEX dataset_rows_hash ON dataset_rows (dataset_id, hash);

CREATE TABLE dataset_rejects (
  id INTEGER PRIMARY KEY,
  dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  file TEXT NOT NULL,
  line INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX dataset_rejects_dataset ON dataset_rejects (dataset_id);

CREATE TABLE prompts (
  id TEXT PRIMARY KEY,
  task TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (task, name)
) STRICT;

CREATE TABLE prompt_versions (
  id TEXT PRIMARY KEY,
  prompt_id TEXT NOT NULL REFERENCES prompts (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,
  definition_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (prompt_id, number),
  UNIQUE (prompt_id, hash)
) STRICT;
CREATE TRIGGER prompt_versions_never_change BEFORE UPDATE ON prompt_versions
BEGIN SELECT RAISE(ABORT, 'a prompt version never changes'); END;

CREATE TABLE prompt_winners (
  task TEXT PRIMARY KEY,
  prompt_version_id TEXT NOT NULL REFERENCES prompt_versions (id),
  figures_json TEXT NOT NULL,
  chosen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('score', 'prune', 'tune', 'evaluate')),
  title TEXT NOT NULL DEFAULT '',
  recipe_json TEXT NOT NULL,
  recipe_hash TEXT NOT NULL,
  folder_path TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'interrupted')),
  queue_order INTEGER NOT NULL,
  error_json TEXT,
  result_json TEXT,
  progress_json TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_state ON runs (state, queue_order);
CREATE INDEX runs_recipe ON runs (recipe_hash);

CREATE TABLE run_moves (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX run_moves_run ON run_moves (run_id);
CREATE TRIGGER runs_begin_queued BEFORE INSERT ON runs WHEN NEW.state <> 'queued'
BEGIN SELECT RAISE(ABORT, 'a run begins queued'); END;
CREATE TRIGGER runs_move_along_arrows BEFORE UPDATE OF state ON runs
WHEN NOT ((OLD.state = 'queued' AND NEW.state = 'running')
  OR (OLD.state = 'running' AND NEW.state IN ('done', 'failed', 'cancelled', 'interrupted'))
  OR (OLD.state = 'interrupted' AND NEW.state = 'queued'))
BEGIN SELECT RAISE(ABORT, 'a run cannot move this way'); END;
CREATE TRIGGER runs_creation_recorded AFTER INSERT ON runs
BEGIN INSERT INTO run_moves (run_id, state, at) VALUES (NEW.id, NEW.state, CAST(unixepoch('subsec') * 1000 AS INTEGER)); END;
CREATE TRIGGER runs_move_recorded AFTER UPDATE OF state ON runs
BEGIN INSERT INTO run_moves (run_id, state, at) VALUES (NEW.id, NEW.state, CAST(unixepoch('subsec') * 1000 AS INTEGER)); END;

CREATE TABLE models (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('base', 'pruned', 'tuned', 'merged')),
  form TEXT NOT NULL CHECK (form IN ('checkpoint', 'adapter')),
  parent_id TEXT REFERENCES models (id),
  run_id TEXT REFERENCES runs (id),
  folder_path TEXT NOT NULL,
  hash TEXT NOT NULL,
  parameters INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  config_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  CHECK (form = 'checkpoint' OR parent_id IS NOT NULL)
) STRICT;
CREATE INDEX models_hash ON models (hash);
CREATE INDEX models_parent ON models (parent_id);

CREATE TABLE run_inputs (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  model_id TEXT REFERENCES models (id),
  dataset_id TEXT REFERENCES datasets (id),
  prompt_version_id TEXT REFERENCES prompt_versions (id),
  CHECK ((model_id IS NOT NULL) + (dataset_id IS NOT NULL) + (prompt_version_id IS NOT NULL) = 1)
) STRICT;
CREATE INDEX run_inputs_run ON run_inputs (run_id);
CREATE INDEX run_inputs_model ON run_inputs (model_id);
CREATE INDEX run_inputs_dataset ON run_inputs (dataset_id);
CREATE INDEX run_inputs_prompt ON run_inputs (prompt_version_id);

CREATE TABLE score_sets (
  id TEXT PRIMARY KEY,
  model_hash TEXT NOT NULL,
  recipe_hash TEXT NOT NULL,
  run_id TEXT REFERENCES runs (id),
  file_path TEXT NOT NULL,
  criteria_json TEXT NOT NULL,
  calibration_loss REAL,
  created_at INTEGER NOT NULL,
  UNIQUE (model_hash, recipe_hash)
) STRICT;

CREATE TABLE metrics (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  value REAL, -- null: not a number, the sign of a run that diverged
  PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  folder_path TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (run_id, step)
) STRICT;

CREATE TABLE evaluations (
  id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  set_name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('choices', 'perplexity', 'generation')),
  model_hash TEXT NOT NULL,
  dataset_hash TEXT NOT NULL,
  prompt_hash TEXT,
  summary_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (run_id, set_name)
) STRICT;
CREATE INDEX evaluations_subject ON evaluations (dataset_hash, model_hash);

CREATE TABLE choice_outcomes (
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  example_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  gold INTEGER NOT NULL,
  picked INTEGER NOT NULL,
  picked_norm INTEGER NOT NULL,
  log_likelihoods_json TEXT NOT NULL,
  PRIMARY KEY (evaluation_id, example_id)
) STRICT;

CREATE TABLE generation_outcomes (
  evaluation_id TEXT NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  example_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  exact_match REAL NOT NULL,
  f1 REAL NOT NULL,
  rouge_l REAL NOT NULL,
  PRIMARY KEY (evaluation_id, example_id)
) STRICT;

CREATE TABLE studies (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  settings_json TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'done', 'failed', 'stopped')),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE study_runs (
  study_id TEXT NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs (id),
  PRIMARY KEY (study_id, role)
) STRICT;
CREATE INDEX study_runs_run ON study_runs (run_id);
`;
