import { join } from 'node:path'
import pg from 'pg'
import { createEngineContext } from '../../hasura/local/execute/prepare.ts'
import { loadMetadata } from '../../hasura/local/metadata/load.ts'
import { authorize, type EngineProcess } from './engine-process.ts'
import { LAST_DAY, type SummariesDatabase } from './summaries-database.ts'

const NINETY_DAYS = `query NinetyDays($from: date!, $to: date!) {
  daily_summaries(where: { local_day: { _gte: $from, _lte: $to } }, order_by: { local_day: asc }) {
    local_day activity_count distance_m moving_time_s elapsed_time_s elevation_gain_m energy_kcal
    heart_rate_mean_bpm heart_rate_max_bpm sports sources updated_at
  }
}`
const METADATA = join(import.meta.dirname, '../../hasura/metadata')
const DAY_MS = 86_400_000

/** Somebody's ninety days, anywhere in the table. */
export interface Question {
  readonly userId: string
  readonly authorization: string
  readonly variables: { readonly from: string; readonly to: string }
}

/** Readies everything but the asking itself, which answers the text that came back. */
export type Ask = (question: Question) => () => Promise<string>

export async function pickQuestion({ userIds, days }: SummariesDatabase): Promise<Question> {
  const userId = userIds[Math.floor(Math.random() * userIds.length)] ?? ''
  const toDaysAgo = Math.floor(Math.random() * (days - 90))
  const variables = { from: dayBefore(toDaysAgo + 89), to: dayBefore(toDaysAgo) }
  return { userId, variables, authorization: await authorize(userId) }
}

export function dayBefore(daysAgo: number): string {
  return new Date(Date.parse(LAST_DAY) - daysAgo * DAY_MS).toISOString().slice(0, 10)
}

/** Over HTTP, as an app asks. */
export function askThrough({ graphqlUrl }: EngineProcess): Ask {
  return ({ authorization, variables }) => {
    const headers = { 'content-type': 'application/json', authorization }
    const body = JSON.stringify({ query: NINETY_DAYS, variables })
    return async () => (await fetch(graphqlUrl, { method: 'POST', headers, body })).text()
  }
}

/** The very statement that the engine makes of the query, prepared, on one connection of `pg`. */
export async function openBare(connectionString: string): Promise<{ readonly ask: Ask; close(): Promise<void> }> {
  const { compile, close } = await openCompiler(connectionString)
  const client = new pg.Client({ connectionString })
  await client.connect()
  return {
    ask(question) {
      const statement = { name: 'ninety-days', ...compile(question) }
      return async () => {
        const { rows } = await client.query<{ r1: string }>(statement)
        return `{"data":{"daily_summaries":${rows[0]?.r1}}}`
      }
    },
    async close() {
      await client.end()
      await close()
    },
  }
}

interface SqlText {
  readonly text: string
  readonly values: unknown[]
}

/** The engine in this process, on a pool that from then on only writes down what it was to run. */
async function openCompiler(connectionString: string) {
  const pool = new pg.Pool({ connectionString })
  const metadata = await loadMetadata(METADATA)
  const callAction = () => Promise.reject(new Error('no action is called here'))
  const engine = await createEngineContext({ metadata, pool, callAction })
  const written: SqlText[] = []
  const writeDown = ({ text, values }: SqlText) => {
    written.push({ text, values })
    return Promise.resolve({ rows: [] })
  }
  Object.assign(pool, { query: writeDown })
  const compile = ({ userId, variables }: Question): SqlText => {
    const sessionVariables = { 'x-hasura-role': 'user', 'x-hasura-user-id': userId }
    const session = { role: 'user', variables: sessionVariables, backendOnly: false }
    const prepared = engine.prepare({ query: NINETY_DAYS, variables }, session)
    if (prepared.kind === 'query') void prepared.run({})
    const statement = written.pop()
    if (statement === undefined) throw new Error('the engine made no statement of the query')
    return statement
  }
  return { compile, close: () => pool.end() }
}
