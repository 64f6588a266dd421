// npm start: the window comes with the next step; until then this says what there is.
process.stdout.write(`Tailor's window comes next. Everything it will show works from the command line today:

  npm run demo                    the whole story on the model that comes with Tailor, in a few minutes
  npm run tailor -- --help        every command
  npm run tailor -- doctor        what this machine can compute on

`);
