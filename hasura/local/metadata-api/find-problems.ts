import type pg from 'pg'
import { partitionActions } from '../actions/call-action.ts'
import type { Environment } from '../environment.ts'
import { resolveSubscribers } from '../events/subscribers.ts'
import { findInconsistencies } from '../execute/check.ts'
import type { Inconsistency } from '../execute/engine-types.ts'
import type { Metadata } from '../metadata/types.ts'

/** What of the metadata cannot work with this database and these variables. */
export async function findProblems(
  metadata: Metadata,
  { client, env }: { readonly client: pg.ClientBase; readonly env: Environment },
): Promise<readonly Inconsistency[]> {
  const [{ tables }] = metadata.sources
  return [
    ...(await findInconsistencies(metadata, client)),
    ...partitionActions(metadata.actions, env).inconsistencies,
    ...resolveSubscribers(tables, env).inconsistencies,
  ]
}
