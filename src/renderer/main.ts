// Entry of the page: styles, the connection to main, and the frame.
import './state/no-eval.ts';
import { mount } from 'svelte';
import App from './App.svelte';
import { keepFocus } from './state/focus.ts';
import './styles/tailor.css';
import './styles/forced-colors.css';

mount(App, { target: document.querySelector('#app')! });
keepFocus(document.querySelector('main')!);
