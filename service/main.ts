import { loadConfig } from './config.ts'
import { startService } from './start-service.ts'

loadConfig()
  .then(startService)
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : 'failed to start'}\n`)
    process.exit(1)
  })
