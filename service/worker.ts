import { loadConfig } from './config.ts'
import { startWorker } from './start-worker.ts'

loadConfig()
  .then(startWorker)
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : 'failed to start'}\n`)
    process.exit(1)
  })
