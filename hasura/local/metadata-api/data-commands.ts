import pg from 'pg'
import { HasuraError } from '../errors.ts'
import { readObject, readText } from './arguments.ts'
import type { CommandContext, Commands } from './command.ts'
import { type Json, notExists, tablesOf } from './draft.ts'
import { followRenames, readRelationNames } from './renames.ts'

/** Every value as the text that Postgres sent. */
const AS_TEXT = { getTypeParser: () => (value: string) => value }

export const DATA_COMMANDS: Commands = {
  run_sql: runSql,
  invoke_event_trigger: invokeEventTrigger,

  async redeliver_event({ client }, args) {
    const { rowCount } = await client.query(
      `update hdb_catalog.event_log set delivered = false, error = false, archived = false, tries = 0, next_retry_at = null
       where id = $1 and locked is null`,
      [readText(args, 'event_id')],
    )
    if (rowCount === 0) throw notExists('event not found')
  },
}

async function runSql({ client, draft }: CommandContext, args: Json): Promise<unknown> {
  const sql = readText(args, 'sql')
  const before = await readRelationNames(client)
  const result = await execute(client, sql, args['read_only'] === true)
  followRenames(draft, before, await readRelationNames(client))
  if (result.fields.length === 0) return { result_type: 'CommandOk', result: null }
  const names = result.fields.map(({ name }) => name)
  return { result_type: 'TuplesOk', result: [names, ...result.rows.map((row) => row.map(toText))] }
}

/** The answer to the last statement. */
async function execute(client: pg.ClientBase, sql: string, isReadOnly: boolean): Promise<pg.QueryArrayResult> {
  try {
    if (isReadOnly) await client.query('set local transaction_read_only = on')
    const results = await client.query<unknown[]>({ text: sql, rowMode: 'array', types: AS_TEXT })
    // The driver's types know one result only; several statements give a list.
    const last: unknown = Array.isArray(results) ? results.at(-1) : results
    return last as pg.QueryArrayResult
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    const { message, code, detail = null, hint = null } = error
    const internal = {
      statement: sql,
      prepared: false,
      error: { exec_status: 'FatalError', hint, message, status_code: code, description: detail },
      arguments: [],
    }
    const facts = { code: 'postgres-error', message: 'query execution failed', path: '$.args', internal }
    throw new HasuraError(facts, { cause: error })
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : 'NULL'
}

async function invokeEventTrigger({ client, draft }: CommandContext, args: Json): Promise<unknown> {
  const name = readText(args, 'name')
  for (const { table, event_triggers: triggers } of tablesOf(draft)) {
    const trigger = Array.isArray(triggers) ? triggers.find((entry) => entry['name'] === name) : undefined
    if (trigger === undefined) continue
    if (readObject(trigger['definition'])['enable_manual'] !== true) {
      const message = `manual mode is not enabled for event trigger "${name}"`
      throw new HasuraError({ code: 'not-supported', message, path: '$.args' })
    }
    const { rows } = await client.query<{ event_id: string }>(
      `select hdb_catalog.insert_event_log($1, $2, $3, 'MANUAL', json_build_object('old', null, 'new', $4::json)) as event_id`,
      [table.schema, table.name, name, JSON.stringify(args['payload'] ?? null)],
    )
    return rows[0]
  }
  throw notExists(`event trigger with name "${name}" does not exist`)
}
