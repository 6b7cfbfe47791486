import { HasuraError, toGraphqlError } from '../../hasura/local/errors.ts'
import { createEngineContext } from '../../hasura/local/execute/prepare.ts'
import type { Metadata } from '../../hasura/local/metadata/types.ts'
import type { TestDatabase } from '../support/database.ts'
import type { World } from './asked.ts'
import type { Loosened } from './loosen.ts'
import { grantedColumns, type Matrix } from './promises.ts'
import type { Answer, Ask } from './table-facts.ts'

/** Asks over HTTP, with the admin secret and a role of choice. */
export function askOverHttp(url: string, adminSecret: string): Ask {
  return async ({ role, userId }, query) => {
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'x-hasura-admin-secret': adminSecret,
      'x-hasura-role': role,
    }
    if (userId !== undefined) headers['x-hasura-user-id'] = userId
    const response = await fetch(`${url}/v1/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    return (await response.json()) as Answer
  }
}

/** Asks the stand-in's engine with any metadata, without HTTP: thousands of questions in seconds. */
export async function worldOf({ admin, hasura }: TestDatabase, metadata: Metadata): Promise<World> {
  const askTightened = await askEngine(hasura, tightened(metadata))
  return { pool: admin, ask: await askEngine(hasura, metadata), askTightened }
}

async function askEngine(pool: TestDatabase['hasura'], metadata: Metadata): Promise<Ask> {
  const callAction = () => Promise.reject(new Error('no action was expected'))
  const engine = await createEngineContext({ metadata, pool, callAction })
  return async ({ role, userId }, query) => {
    const variables = { 'x-hasura-role': role, ...(userId === undefined ? {} : { 'x-hasura-user-id': userId }) }
    try {
      const prepared = engine.prepare({ query }, { role, variables, backendOnly: false })
      if (prepared.kind === 'subscription') return { data: JSON.parse(await prepared.poll()) }
      return { data: JSON.parse((await prepared.run({})).data) }
    } catch (error) {
      if (error instanceof HasuraError) return { errors: [toGraphqlError(error, false)] } as unknown as Answer
      throw error
    }
  }
}

function tightened(metadata: Metadata): Metadata {
  const copy = structuredClone(metadata)
  for (const { permission } of copy.sources[0].tables.flatMap((table) => table.select_permissions ?? []))
    if (permission.limit !== undefined) Object.assign(permission, { limit: 1 })
  return copy
}

/** A rule whose loss no operation can show, and why; only reading the metadata notices it. */
export function unseen({ name, metadata }: Loosened, matrix: Matrix): string | undefined {
  const [, tableName = '', operation = '', role = '', what = ''] = /^(\w+)\.(\w+)\.(\w+): (.*)$/.exec(name) ?? []
  const table = metadata.sources[0].tables.find((candidate) => candidate.table.name === tableName)
  const grant = matrix.tables.find(
    (promise) => promise.table === tableName && promise.as === role && promise.may === operation,
  )
  if (table === undefined || grant === undefined || grant.may === 'nothing') return undefined
  const columns = grantedColumns(grant, table)
  if (what === 'every column' && columns.length === Object.keys(table.configuration?.column_config ?? {}).length)
    return 'all columns are given anyway'
  if (/check/.test(what) && !columns.includes('user_id')) return 'whose row it is cannot be changed'
  if (what === 'no limit' && grant.may === 'select' && grant.limit === 1) return 'there is one row at most'
  return undefined
}
