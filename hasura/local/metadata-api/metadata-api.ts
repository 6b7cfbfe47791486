import type pg from 'pg'
import type { Environment } from '../environment.ts'
import { HasuraError } from '../errors.ts'
import type { GraphqlEngine, Inconsistency } from '../execute/engine-types.ts'
import type { Metadata } from '../metadata/types.ts'
import type { Session } from '../session.ts'
import { sessionSettings } from '../sql/session-settings.ts'
import { startTrace } from '../trace.ts'
import { isJsonObject } from './arguments.ts'
import { copyToDraft } from './draft.ts'
import { findProblems } from './find-problems.ts'
import { readDraft } from './read-draft.ts'
import { runRequest, type Work } from './run-request.ts'

export interface MetadataApi {
  /** Runs one request, alone; answers its JSON. Throws HasuraError, and then nothing has changed. */
  run(body: unknown, session: Session): Promise<unknown>
}

interface Services {
  readonly pool: pg.Pool
  readonly env: Environment
  readonly served: () => {
    readonly metadata: Metadata
    readonly engine: GraphqlEngine
    readonly inconsistencies: readonly Inconsistency[]
  }
  /** Serves this from now on. */
  replace(metadata: Metadata): Promise<void>
  /** Reads what is served, and the database's catalog, again. Throws when the metadata is bad. */
  reload(): Promise<void>
}

/**
 * Commands change the metadata in memory only: the directory stays the truth, and a new start forgets them. One request
 * is one transaction, as in Hasura.
 */
export function createMetadataApi(services: Services): MetadataApi {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(body, session) {
      const answer = last.then(() => run(services, body, session))
      last = answer.catch(() => {})
      return answer
    },
  }
}

async function run(services: Services, body: unknown, session: Session): Promise<unknown> {
  const type = isJsonObject(body) ? body['type'] : undefined
  if (session.role !== 'admin' && type !== 'select')
    throw new HasuraError({ code: 'access-denied', message: 'restricted access : admin only', path: '$.args' })
  const { inconsistencies } = services.served()
  if (type === 'get_inconsistent_metadata')
    return { is_consistent: inconsistencies.length === 0, inconsistent_objects: inconsistencies }
  if (type === 'reload_metadata') return reload(services)
  const { answer, next } = await transact(services, session, (work) => runRequest(work, body))
  if (next !== undefined) await services.replace(next)
  return answer
}

async function reload(services: Services): Promise<unknown> {
  try {
    await services.reload()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new HasuraError({ code: 'invalid-configuration', message }, { cause: error })
  }
  return { message: 'success', is_consistent: services.served().inconsistencies.length === 0 }
}

async function transact(
  { pool, env, served }: Services,
  session: Session,
  act: (work: Work) => Promise<unknown>,
): Promise<{ answer: unknown; next: Metadata | undefined }> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { text, values } = sessionSettings(session, startTrace())
    await client.query(text, [...values])
    const { metadata } = served()
    const problems = await findProblems(metadata, { client, env })
    const query: Work['query'] = (request) => ask(served().engine, request, session)
    const work: Work = { client, env, session, draft: copyToDraft(metadata), problems, isChanged: false, query }
    const answer = await act(work)
    await client.query('commit')
    return { answer, next: work.isChanged ? readDraft(work.draft) : undefined }
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

async function ask(engine: GraphqlEngine, request: Parameters<Work['query']>[0], session: Session): Promise<unknown> {
  const prepared = engine.prepare(request, session)
  return prepared.kind === 'subscription' ? null : JSON.parse((await prepared.run({})).data)
}
