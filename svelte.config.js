// Svelte's own defaults, and one mend of a library's markup; svelte-check and the plugin look for this file.

/** Bits UI wraps what a command list holds in elements with a style attribute, which the content policy refuses; a directive passes. */
const styleByDirective = {
  name: 'style-by-directive',
  markup: ({ content, filename }) =>
    /node_modules[/\\]bits-ui[/\\]/.test(filename ?? '')
      ? { code: content.replaceAll('style="display: contents;"', 'style:display="contents"') }
      : undefined,
};

export default { preprocess: [styleByDirective] };
