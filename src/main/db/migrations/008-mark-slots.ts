// A cut keeps its colour and shape when a sibling is deleted: the slot is stored with it.
import type { Database } from 'better-sqlite3';

/** Cuts of before keep the look that their order gave them: three slots in turn among those of one base. */
export function markSlots(db: Database): void {
  db.exec('ALTER TABLE models ADD COLUMN mark_slot INTEGER CHECK (mark_slot BETWEEN 1 AND 3)');
  const update = db.prepare('UPDATE models SET mark_slot = ? WHERE id = ?');
  const roots = new Map<string, string>();
  const cuts = new Map<string, number>();
  const rows = db.prepare('SELECT id, kind, parent_id FROM models ORDER BY id').all();
  for (const { id, kind, parent_id: parentId } of rows as { id: string; kind: string; parent_id: string | null }[]) {
    const root = roots.get(parentId ?? '') ?? id;
    roots.set(id, root);
    if (kind !== 'pruned') continue;
    const earlier = cuts.get(root) ?? 0;
    cuts.set(root, earlier + 1);
    update.run((earlier % 3) + 1, id);
  }
}
