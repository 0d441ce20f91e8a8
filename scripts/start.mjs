/** `npm start -- ARGS…` is `shoal ARGS…` from source; without arguments it is the daemon. */
const args = process.argv.slice(2)
process.argv.splice(2, args.length, 'packages/cli/bin/shoal.js', ...(args.length === 0 ? ['serve'] : args))
await import('./run.mjs')
