// Placeholder to be replaced.
export const prune = {};
