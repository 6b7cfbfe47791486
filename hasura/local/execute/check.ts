import { type Catalog, tableKey } from '../catalog/catalog.ts'
import type { Queryable } from '../catalog/introspect.ts'
import { readCatalog } from '../catalog/read-catalog.ts'
import { planTriggers } from '../events/trigger-sql.ts'
import type { EventTrigger, Metadata, Table, TableName } from '../metadata/types.ts'
import { actionProblems } from '../schema/action-problems.ts'
import { buildModel } from '../schema/build-model.ts'
import type { Inconsistency } from './engine-types.ts'
import { Roles } from './roles.ts'

/** What of the metadata the database, as the connection sees it, does not have or does not allow. */
export async function findInconsistencies(
  metadata: Metadata,
  connection: Queryable,
): Promise<readonly Inconsistency[]> {
  const catalog = await readCatalog(connection, metadata.sources[0].tables)
  const { model, problems } = buildModel({ metadata, catalog, stringifyNumericTypes: false })
  const roles = new Roles(metadata, model)
  const ofTriggers = triggerProblems(metadata.sources[0].tables, catalog)
  return [...problems, ...actionProblems(metadata, model), ...roles.problems, ...ofTriggers]
}

/** Event triggers that name columns which their table does not have; a table that is missing is a problem of its own. */
function triggerProblems(tables: readonly Table[], catalog: Catalog): readonly Inconsistency[] {
  return tables.flatMap(({ table, event_triggers: triggers = [] }) => {
    const columns = catalog.get(tableKey(table))?.columns.map(({ name }) => name)
    return columns === undefined ? [] : triggers.flatMap((trigger) => problemsOf({ trigger, table, columns }))
  })
}

interface OnTable {
  readonly trigger: EventTrigger
  readonly table: TableName
  readonly columns: readonly string[]
}

function problemsOf({ trigger, table, columns }: OnTable): readonly Inconsistency[] {
  try {
    planTriggers(trigger, table, columns)
    return []
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [{ name: `event_trigger ${trigger.name}`, reason: `in event trigger "${trigger.name}": ${reason}` }]
  }
}
