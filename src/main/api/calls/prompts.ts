// Placeholder to be replaced.
export const prompts = {};
