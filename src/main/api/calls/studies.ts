// Placeholder to be replaced.
export const studies = {};
