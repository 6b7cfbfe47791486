// Plain JavaScript: a Node too old to run TypeScript has to be able to read it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`Tributary needs Node 22.18 or later and this is ${process.versions.node}; install a newer one from https://nodejs.org.\n`)
  process.exit(1)
}
