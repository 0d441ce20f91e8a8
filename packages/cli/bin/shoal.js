#!/usr/bin/env node
// Plain JavaScript that old versions of Node.js can read too: they are to get a sentence, not a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `shoal: Node.js ${process.versions.node} is too old; Shoal needs 20.19 or newer: https://nodejs.org`,
  )
  process.exitCode = 1
} else {
  require('../bundle/start.js')
}
