import { join } from 'node:path'
import { type RunningEngine, startEngine } from '../../hasura/local/engine.ts'
import type { TestDatabase } from './database.ts'

/** The stand-in for Hasura over a test's database and the product's metadata, in this process. */
export function startStandIn(
  db: Pick<TestDatabase, 'hasuraUrl'>,
  env: Readonly<Record<string, string>>,
): Promise<RunningEngine> {
  return startEngine({
    metadataDirectory: join(import.meta.dirname, '../../hasura/metadata'),
    port: 0,
    env: { PG_DATABASE_URL: db.hasuraUrl, HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL: '100', ...env },
  })
}
