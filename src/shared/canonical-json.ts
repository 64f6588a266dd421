// One spelling of a JSON value, so that equal values have equal hashes.

/**
 * JSON with the keys of every object in one order (integers by size, then the others by code units) and no white space. Members that are undefined are left out, as in JSON.
 * Throws TypeError on what JSON cannot hold (a bigint).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value, ''));
}

/** The value with its keys in order: itself where they are already, which needs no copy. */
function sortKeys(given: unknown, key: string): unknown {
  if (given === null || typeof given !== 'object') return given;
  const { toJSON } = given as { toJSON?: unknown };
  const value: unknown = typeof toJSON === 'function' ? toJSON.call(given, key) : given;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const members = value.map((member, i) => sortKeys(member, String(i)));
    return members.every((member, i) => member === value[i]) ? value : members;
  }
  const names = Object.keys(value);
  let isSame = true;
  for (let i = 1; i < names.length; i++) isSame &&= names[i - 1]! < names[i]!;
  if (!isSame) names.sort(); // by code units
  const sorted: Record<string, unknown> = names.includes('__proto__') ? (Object.create(null) as Record<string, unknown>) : {};
  for (const name of names) {
    const member = (value as Record<string, unknown>)[name];
    sorted[name] = sortKeys(member, name);
    isSame &&= sorted[name] === member;
  }
  return isSame ? value : sorted;
}
