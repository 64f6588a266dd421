// What the person set: theme, device, limits, retention.
export const settings = `
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
