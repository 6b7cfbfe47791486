import pg from 'pg'
import type { ColumnList, EventTrigger, TableName } from '../metadata/types.ts'

export type Operation = 'INSERT' | 'UPDATE' | 'DELETE'

export interface TriggerPlan {
  readonly triggerName: string
  readonly operation: Operation
  readonly table: TableName
  /** A change in one of these fires an UPDATE trigger. */
  readonly listen: readonly string[]
  /** These are sent. */
  readonly payload: readonly string[]
  /** Of those, numbers that are sent as strings (`HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES`). */
  readonly asText?: readonly string[]
}

/** One plan for each operation that the trigger listens to. Throws when it names a column the table does not have. */
export function planTriggers(
  trigger: EventTrigger,
  table: TableName,
  tableColumns: readonly string[],
): readonly TriggerPlan[] {
  const { insert, update, delete: deletion } = trigger.definition
  const operations = [
    ['INSERT', insert],
    ['UPDATE', update],
    ['DELETE', deletion],
  ] as const
  return operations.flatMap(([operation, definition]) => {
    if (definition === undefined) return []
    const listen = expand(definition.columns, tableColumns)
    const payload = expand(definition.payload ?? '*', tableColumns)
    return [{ triggerName: trigger.name, operation, table, listen, payload }]
  })
}

/** The name of the function and of the trigger that calls it. */
export function sqlTriggerName(plan: { readonly triggerName: string; readonly operation: Operation }): string {
  return `notify_hasura_${plan.triggerName}_${plan.operation}`
}

export function createFunctionSql(plan: TriggerPlan): string {
  const old = plan.operation === 'INSERT' ? 'null::json' : rowSql('old', plan)
  const current = plan.operation === 'DELETE' ? 'null::json' : rowSql('new', plan)
  const { schema, name } = plan.table
  // The parent's name, also for a row that went into a partition: subscribers know only that table.
  const names = [schema, name, plan.triggerName, plan.operation].map((text) => pg.escapeLiteral(text)).join(', ')
  return `
create or replace function hdb_catalog.${pg.escapeIdentifier(sqlTriggerName(plan))}() returns trigger language plpgsql as $function$
declare
  is_news boolean := true;
begin
  ${plan.operation === 'UPDATE' ? comparisonSql(plan.listen) : ''}
  if is_news then
    perform hdb_catalog.insert_event_log(${names}, json_build_object('old', ${old}, 'new', ${current}));
  end if;
  return null;
end
$function$`
}

export function createTriggerSql(plan: TriggerPlan): string {
  const name = pg.escapeIdentifier(sqlTriggerName(plan))
  const table = `${pg.escapeIdentifier(plan.table.schema)}.${pg.escapeIdentifier(plan.table.name)}`
  return `create trigger ${name} after ${plan.operation} on ${table} for each row execute function hdb_catalog.${name}()`
}

/** A type without equality (json) makes the comparison fail; then the stored bytes are compared. */
function comparisonSql(listen: readonly string[]): string {
  const row = (side: string) => `row(${columnsSql(side, listen)})`
  // Two row() constructors would be compared column by column, and no column type has this operator.
  const composite = (side: string) => `(select compared from (select ${columnsSql(side, listen)}) as compared)`
  return `begin
    is_news := ${row('old')} is distinct from ${row('new')};
  exception when undefined_function then
    is_news := ${composite('old')} *<> ${composite('new')};
  end;`
}

function rowSql(side: 'old' | 'new', { payload, asText = [] }: TriggerPlan): string {
  const columns = payload.map((column) => {
    const name = pg.escapeIdentifier(column)
    return asText.includes(column) ? `${side}.${name}::text as ${name}` : `${side}.${name}`
  })
  return `(select row_to_json(sent) from (select ${columns.join(', ')}) as sent)`
}

function columnsSql(side: string, columns: readonly string[]): string {
  return columns.map((column) => `${side}.${pg.escapeIdentifier(column)}`).join(', ')
}

function expand(columns: ColumnList, tableColumns: readonly string[]): readonly string[] {
  if (columns === '*') return tableColumns
  const unknown = columns.find((column) => !tableColumns.includes(column))
  if (unknown !== undefined) throw new Error(`column "${unknown}" does not exist`)
  if (columns.length === 0) throw new Error('a list of columns must not be empty')
  return columns
}
