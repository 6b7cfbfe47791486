import { join } from 'node:path'
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql'
import { HasuraError, toGraphqlError } from '../../hasura/local/errors.ts'
import { createEngineContext, type GraphqlEngine } from '../../hasura/local/execute/prepare.ts'
import { loadMetadata } from '../../hasura/local/metadata/load.ts'
import type { Metadata } from '../../hasura/local/metadata/types.ts'
import type { Session } from '../../hasura/local/session.ts'
import { createClone, type TestDatabase } from '../support/database.ts'
import { A, B, CANARY_NUMBER, CANARY_TEXT, plant } from './planted-people.ts'
import { randomOperation, seeded } from './random-operation.ts'

const AS_A: Session = {
  role: 'user',
  variables: { 'x-hasura-role': 'user', 'x-hasura-user-id': A },
  backendOnly: false,
}

export const productMetadata = (): Promise<Metadata> => loadMetadata(join(import.meta.dirname, '../../hasura/metadata'))

/** Two databases that differ by B alone. Whatever A asks, the answers must be equal: then A learns nothing of B. */
export interface TwoWorlds {
  readonly withB: TestDatabase
  readonly alone: TestDatabase
  drop(): Promise<void>
}

export async function createWorlds(): Promise<TwoWorlds> {
  const [withB, alone] = await Promise.all([createClone(), createClone()])
  for (const { admin } of [withB, alone]) await plant(admin, A)
  await plant(withB.admin, B)
  const drop = async () => {
    await Promise.all([withB.drop(), alone.drop()])
  }
  return { withB, alone, drop }
}

export interface Findings {
  /** Operations whose answer depends on B, holds something of B's, or changed B's rows. */
  readonly leaks: readonly string[]
  /** How many answers held a value at all: a generator whose operations all fail would prove nothing. */
  readonly telling: number
}

/** Runs random operations as A in both worlds, of one table's root fields if asked to. Stops at the first leak if asked to. */
export async function lookForLeaks(
  worlds: TwoWorlds,
  metadata: Metadata,
  { seeds, stopAtFirst = false, about }: { seeds: readonly number[]; stopAtFirst?: boolean; about?: string },
): Promise<Findings> {
  const engines = await Promise.all([worlds.withB, worlds.alone].map((world) => startEngine(world, metadata)))
  const schema = await readSchema(engines[1]!)
  const choice = { avoid: metadata.actions.map(({ name }) => name), about }
  const written = writtenTables(metadata)
  const untouched = await rowsOfB(worlds, written)
  const leaks: string[] = []
  let telling = 0
  for (const seed of seeds) {
    const operation = randomOperation(schema, seeded(seed), choice)
    const [beside, alone] = await Promise.all(engines.map((engine) => answer(engine, operation)))
    if (/":(?!null|\[\]|"[a-z_]+"[,}])/.test(alone!.replace(/^\{"f0":\{"__typename"/, ''))) telling++
    const changed = operation.startsWith('mutation') && (await rowsOfB(worlds, written)) !== untouched
    if (beside !== alone || holdsCanary(beside!) || changed) leaks.push(`seed ${seed}: ${operation}`)
    if (stopAtFirst && leaks.length > 0) break
  }
  return { leaks, telling }
}

function startEngine({ hasura }: TestDatabase, metadata: Metadata): Promise<GraphqlEngine> {
  const callAction = () => Promise.reject(new Error('no action was expected'))
  return createEngineContext({ metadata, pool: hasura, callAction })
}

async function readSchema(engine: GraphqlEngine): Promise<GraphQLSchema> {
  return buildClientSchema(JSON.parse(await answer(engine, getIntrospectionQuery())) as IntrospectionQuery)
}

async function answer(engine: GraphqlEngine, query: string): Promise<string> {
  try {
    const prepared = engine.prepare({ query }, AS_A)
    return prepared.kind === 'subscription' ? await prepared.poll() : (await prepared.run({})).data
  } catch (error) {
    if (error instanceof HasuraError) return JSON.stringify({ errors: [toGraphqlError(error, false)] })
    throw error
  }
}

/** Refusals may repeat what A wrote; answers may not. */
function holdsCanary(text: string): boolean {
  return (
    !text.startsWith('{"errors"') &&
    (text.includes(CANARY_TEXT) || text.includes(String(CANARY_NUMBER)) || text.includes(B))
  )
}

/** Tables that somebody may write. */
function writtenTables(metadata: Metadata): string[] {
  return metadata.sources[0].tables
    .filter((table) => table.insert_permissions ?? table.update_permissions ?? table.delete_permissions)
    .map(({ table }) => table.name)
}

async function rowsOfB({ withB }: TwoWorlds, tables: readonly string[]): Promise<string> {
  const all = tables.map((table) => `select '${table}' as name, to_jsonb(t) as r from ${table} t where t.user_id = $1`)
  const { rows } = await withB.admin.query<{ all: string }>(
    `select jsonb_agg(r order by name, r)::text as all from (${all.join(' union all ')}) as written`,
    [B],
  )
  return rows[0]!.all
}
