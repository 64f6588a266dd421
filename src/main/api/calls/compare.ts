// Placeholder to be replaced.
export const compare = {};
