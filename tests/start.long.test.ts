import { describe, expect } from 'vitest'
import { on, test } from './support/laptop.ts'

describe('npm start', () => {
  test('ends a program that does not stop when asked to, after ten seconds', async ({ laptop, empty }) => {
    laptop.replace(
      'service/worker.ts',
      `import { writeFileSync } from 'node:fs'
      process.on('SIGTERM', () => {})
      setInterval(() => {}, 1000)
      writeFileSync(process.argv[1] + '.json', '{}')`,
    )
    const run = laptop.start(on(empty))
    await run.until('is ready')
    await laptop.told('service/worker.ts')
    const asked = performance.now()
    run.process.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(performance.now() - asked).toBeGreaterThan(9_900)
  })
})
