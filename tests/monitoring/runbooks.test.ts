import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { createMetrics } from '../../service/monitoring/metrics.ts'
import { STATE_METRICS } from '../../service/monitoring/state-queries.ts'
import { test } from '../support/database.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIRECTORY = join(ROOT, 'docs/operations/runbooks')
const runbooks = readdirSync(DIRECTORY).map((file) => [file, readFileSync(join(DIRECTORY, file), 'utf8')] as const)
const blocks = (kind: string) =>
  runbooks.flatMap(([file, text]) =>
    [...text.matchAll(new RegExp(`\`\`\`${kind}\\n([^]*?)\\n\`\`\``, 'g'))].map(([, block]) => [file, block!] as const),
  )

describe('a runbook', () => {
  test('asks the database only what the database can answer', async ({ db }) => {
    // What Hasura and graphile-worker create when they start is there already in a test's database, or is not asked for.
    expect(blocks('sql').length).toBeGreaterThan(30)
    const client = await db.admin.connect()
    for (const [file, statement] of blocks('sql')) {
      const outcome = await client.query(statement).then(
        () => 'ok',
        (error: Error) => error.message,
      )
      expect([file, statement, outcome]).toEqual([file, statement, 'ok'])
    }
    client.release()
  })

  test('looks for metrics that there are', async () => {
    const own = await createMetrics().registry.getMetricsAsJSON()
    const names = [...own, ...STATE_METRICS].map(({ name }) => name)
    // Registered where the pool and the store of limits are opened.
    const elsewhere = /^database_pool/
    const asked = blocks('sh').flatMap(([file, block]) =>
      [...block.matchAll(/\/metrics \| grep (?:-E "([^"]+)"|([a-z_]+))/g)].flatMap(([, several, one]) =>
        (several ?? one ?? '').split('|').map((name) => [file, name.replace(/_count$/, '')] as const),
      ),
    )
    expect(asked.length).toBeGreaterThan(10)
    const missing = asked.filter(
      ([, name]) => !names.some((metric) => metric.startsWith(name)) && !elsewhere.test(name),
    )
    expect(missing).toEqual([])
  })
})
