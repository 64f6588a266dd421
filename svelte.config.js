// Svelte's own defaults; svelte-check and the plugin look for this file.
export default {};
