import { run } from './start/run.ts'

process.exit(await run(import.meta.dirname))
