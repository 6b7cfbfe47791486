import type pg from 'pg'
import type { Table, TableName } from '../metadata/types.ts'
import { installEventCatalog } from './catalog.ts'
import { createFunctionSql, createTriggerSql, planTriggers, sqlTriggerName, type TriggerPlan } from './trigger-sql.ts'

export interface TriggerInconsistency {
  readonly name: string
  readonly reason: string
}

/**
 * Makes the SQL triggers of the database those of the metadata, in one transaction: creates, replaces, and drops what
 * the metadata no longer has. A trigger that cannot be made (no such table or column, no TRIGGER right) is reported and
 * leaves the others alone.
 */
export async function installEventTriggers(
  pool: pg.Pool,
  tables: readonly Table[],
  { stringifyNumericTypes = false }: { readonly stringifyNumericTypes?: boolean } = {},
): Promise<readonly TriggerInconsistency[]> {
  const client = await pool.connect()
  try {
    await client.query("begin; set local lock_timeout = '10s'")
    await installEventCatalog(client)
    const inconsistencies = await installAll(client, tables, stringifyNumericTypes)
    await dropOthers(client, tables)
    await client.query('commit')
    return inconsistencies
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

async function installAll(
  client: pg.ClientBase,
  tables: readonly Table[],
  stringifiesNumbers: boolean,
): Promise<TriggerInconsistency[]> {
  const inconsistencies: TriggerInconsistency[] = []
  for (const { table, event_triggers: triggers = [] } of tables) {
    for (const trigger of triggers) {
      await client.query('savepoint one_trigger')
      try {
        const columns = await getColumns(client, table)
        const names = columns.map(({ column }) => column)
        const asText = stringifiesNumbers ? columns.filter(isLongNumber).map(({ column }) => column) : []
        for (const plan of planTriggers(trigger, table, names)) await installTrigger(client, { ...plan, asText })
      } catch (error) {
        await client.query('rollback to savepoint one_trigger')
        const reason = error instanceof Error ? error.message : String(error)
        inconsistencies.push({
          name: `event_trigger ${trigger.name}`,
          reason: `in event trigger "${trigger.name}": ${reason}`,
        })
      }
    }
  }
  return inconsistencies
}

async function installTrigger(client: pg.ClientBase, plan: TriggerPlan): Promise<void> {
  const tableOfTrigger = await findTableOfTrigger(client, sqlTriggerName(plan))
  const isElsewhere = tableOfTrigger !== undefined && !sameTable(tableOfTrigger, plan.table)
  if (isElsewhere) await dropFunction(client, sqlTriggerName(plan))
  await client.query(createFunctionSql(plan))
  // Creating a trigger locks the table against writers; one that is there already needs only its new function.
  if (tableOfTrigger === undefined || isElsewhere) await client.query(createTriggerSql(plan))
}

async function dropOthers(client: pg.ClientBase, tables: readonly Table[]): Promise<void> {
  const wanted = tables.flatMap(({ event_triggers: triggers = [] }) =>
    triggers.flatMap(({ name, definition }) => [
      ...(definition.insert === undefined ? [] : [sqlTriggerName({ triggerName: name, operation: 'INSERT' })]),
      ...(definition.update === undefined ? [] : [sqlTriggerName({ triggerName: name, operation: 'UPDATE' })]),
      ...(definition.delete === undefined ? [] : [sqlTriggerName({ triggerName: name, operation: 'DELETE' })]),
    ]),
  )
  const { rows } = await client.query<{ name: string }>(
    `select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'hdb_catalog' and starts_with(p.proname, 'notify_hasura_') and p.proname <> all ($1::text[])`,
    [wanted],
  )
  for (const { name } of rows) await dropFunction(client, name)
}

/** The trigger goes with its function: dropping the trigger itself would take the owner of the table. */
async function dropFunction(client: pg.ClientBase, name: string): Promise<void> {
  await client.query(`drop function if exists hdb_catalog.${client.escapeIdentifier(name)}() cascade`)
}

interface TypedColumn {
  readonly column: string
  readonly typeName: string
}

/** A number that JavaScript's own may not hold. */
function isLongNumber({ typeName }: TypedColumn): boolean {
  return ['int8', 'numeric', 'float8', 'money'].includes(typeName)
}

async function getColumns(client: pg.ClientBase, { schema, name }: TableName): Promise<readonly TypedColumn[]> {
  const { rows } = await client.query<TypedColumn>(
    `select a.attname as column, t.typname as "typeName" from pg_attribute a join pg_type t on t.oid = a.atttypid
     join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [schema, name],
  )
  if (rows.length === 0) throw new Error(`no such table exists in source: "${schema}.${name}"`)
  return rows
}

/** Clones on partitions have a parent and are left out. */
async function findTableOfTrigger(client: pg.ClientBase, name: string): Promise<TableName | undefined> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_trigger t
     join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_proc p on p.oid = t.tgfoid join pg_namespace pn on pn.oid = p.pronamespace
     where t.tgparentid = 0 and pn.nspname = 'hdb_catalog' and p.proname = $1 and t.tgname = $1`,
    [name],
  )
  return rows[0]
}

function sameTable(one: TableName, other: TableName): boolean {
  return one.schema === other.schema && one.name === other.name
}
