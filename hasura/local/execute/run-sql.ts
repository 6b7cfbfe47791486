import type pg from 'pg'
import { HasuraError } from '../errors.ts'
import type { Session } from '../session.ts'
import type { WritePlan } from '../sql/compile-write.ts'
import { sessionSettings } from '../sql/session-settings.ts'
import type { SqlText, WriteStep } from '../sql/write.ts'
import type { Span } from '../trace.ts'
import { toHasuraError } from './sql-errors.ts'
import type { StatementNames } from './statement-names.ts'

export interface Database {
  readonly pool: pg.Pool
  readonly names: StatementNames
}

/** Runs one reading statement and gives its rows; columns are text or null. */
export async function runRead(
  { pool, names }: Database,
  statement: SqlText,
): Promise<readonly Record<string, string | null>[]> {
  try {
    const { rows } = await pool.query<Record<string, string | null>>(names.config(statement))
    return rows
  } catch (error) {
    throw toHasuraError(error, statement)
  }
}

export interface Writer {
  readonly session: Session
  readonly span: Span
}

/** Runs mutation fields in order in one transaction and gives the JSON text of each. */
export async function runWrites(
  { pool, names }: Database,
  { session, span }: Writer,
  plans: readonly WritePlan[],
): Promise<string[]> {
  const begin = { text: `begin isolation level read committed`, values: [] }
  const client = await pool.connect().catch((error: unknown) => {
    throw toHasuraError(error, begin)
  })
  const ignore = () => undefined
  client.on('error', ignore)
  let broken: Error | undefined
  try {
    await client.query(begin.text)
    const { text, values } = sessionSettings(session, span)
    await client.query(text, [...values])
    const answers: string[] = []
    for (const plan of plans) answers.push(await runPlan({ client, names }, plan))
    await client.query('commit')
    return answers
  } catch (error) {
    await client.query('rollback').catch((cause: unknown) => {
      broken = cause instanceof Error ? cause : new Error(String(cause))
    })
    throw toHasuraError(error, begin)
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}

interface Transaction {
  readonly client: pg.PoolClient
  readonly names: StatementNames
}

async function runPlan(transaction: Transaction, { steps, answersList }: WritePlan): Promise<string> {
  const answers: string[] = []
  for (const step of steps) answers.push(await runStep(transaction, step))
  return answersList ? `[${answers.join(',')}]` : (answers[0] ?? 'null')
}

async function runStep({ client, names }: Transaction, step: WriteStep): Promise<string> {
  if (step.kind === 'nothingToDo') return step.json
  try {
    const { rows } = await client.query<{ root: string | null; ok: boolean }>(names.config(step.change))
    const [row] = rows
    if (row?.ok !== true) throw checkFailed(step.path)
    if (step.readBack === undefined) return row.root ?? 'null'
    const answer = await client.query<{ root: string | null }>(names.config(step.readBack(row.root ?? '[]')))
    return answer.rows[0]?.root ?? 'null'
  } catch (error) {
    throw toHasuraError(error, step.change, step.path)
  }
}

function checkFailed(path: string): HasuraError {
  return new HasuraError({
    code: 'permission-error',
    message: 'check constraint of an insert/update permission has failed',
    path,
  })
}
