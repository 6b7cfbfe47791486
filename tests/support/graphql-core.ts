import { HasuraError, toGraphqlError } from '../../hasura/local/errors.ts'
import { type CallAction, createEngineContext, type GraphqlEngine } from '../../hasura/local/execute/prepare.ts'
import { parseMetadata } from '../../hasura/local/metadata/parse.ts'
import type { Session } from '../../hasura/local/session.ts'
import type { TestDatabase } from './database.ts'

export interface CoreOptions {
  /** Creates tables and rows; Hasura's role may then do everything with what stands in `public`. */
  readonly sql: string
  /** As in a metadata file, one per table. */
  readonly tables: readonly unknown[]
  readonly actions?: readonly unknown[]
  readonly customTypes?: unknown
  readonly callAction?: CallAction
}

type Variables = Readonly<Record<string, unknown>>

export interface Person {
  readonly session: Session
  /** The answer as a client gets it: `data`, or `errors`. */
  ask(query: string, variables?: Variables): Promise<unknown>
}

export interface Core {
  readonly engine: GraphqlEngine
  as(role: string, sessionVariables?: Readonly<Record<string, string>>): Person
}

/** The stand-in's engine over a test's database, without HTTP: for what queries mean rather than how they travel. */
export async function startCore(db: TestDatabase, options: CoreOptions): Promise<Core> {
  await db.admin.query(options.sql)
  await db.admin.query('grant all on all tables in schema public to tributary_hasura')
  await db.admin.query('grant all on all sequences in schema public to tributary_hasura')
  const source = { name: 'default', kind: 'postgres', configuration: { connection_info: { database_url: 'unused' } } }
  const metadata = parseMetadata({
    version: 3,
    sources: [{ ...source, tables: options.tables }],
    actions: options.actions ?? [],
    custom_types: options.customTypes ?? {},
  })
  const callAction = options.callAction ?? (() => Promise.reject(new Error('no action was expected')))
  const engine = await createEngineContext({ metadata, pool: db.hasura, callAction })
  return { engine, as: (role, sessionVariables = {}) => person(engine, role, sessionVariables) }
}

function person(engine: GraphqlEngine, role: string, sessionVariables: Readonly<Record<string, string>>): Person {
  const session: Session = { role, variables: { 'x-hasura-role': role, ...sessionVariables }, backendOnly: false }
  const ask = async (query: string, variables: Variables = {}) => {
    try {
      const prepared = engine.prepare({ query, variables }, session)
      if (prepared.kind === 'subscription') return { data: JSON.parse(await prepared.poll()) }
      return { data: JSON.parse((await prepared.run({})).data) }
    } catch (error) {
      if (error instanceof HasuraError) return { errors: [toGraphqlError(error, false)] }
      throw error
    }
  }
  return { session, ask }
}
