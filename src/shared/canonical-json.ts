// One spelling of a JSON value, so that equal values have equal hashes.

/**
 * JSON with the keys of every object in code-unit order and no white space. Members that are undefined are left out, as in JSON.
 * Throws TypeError on what JSON cannot hold (a bigint, a cycle).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
