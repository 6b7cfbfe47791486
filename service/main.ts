import { keepMemoryFlat } from './runtime/flat-memory.ts'

// Before anything is loaded: what the heap has grown to it does not give back.
keepMemoryFlat({ hasManyAtOnce: true })
const { loadConfig } = await import('./config.ts')
const { startService } = await import('./start-service.ts')

loadConfig()
  .then(startService)
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : 'failed to start'}\n`)
    process.exit(1)
  })
