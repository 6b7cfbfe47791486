import { type Catalog, type CatalogTable, tableKey } from '../catalog/catalog.ts'
import type { Metadata, Table } from '../metadata/types.ts'
import { customTypeProblems } from './custom-type-problems.ts'
import type { ColumnModel, Model, Problem, RelationshipModel, TableModel } from './model.ts'
import { resolveRelationship } from './relationships.ts'
import { isLongNumber, scalarOf } from './scalars.ts'

const GRAPHQL_NAME = /^[_A-Za-z][_0-9A-Za-z]*$/

interface ModelSources {
  readonly metadata: Metadata
  readonly catalog: Catalog
  /** `HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES`. */
  readonly stringifyNumericTypes: boolean
}

interface ModelResult {
  readonly model: Model
  readonly problems: readonly Problem[]
}

/** Joins metadata and catalog. What does not fit is left out and reported, as Hasura's inconsistent objects are. */
export function buildModel({ metadata, catalog, stringifyNumericTypes }: ModelSources): ModelResult {
  const problems: Problem[] = []
  const model = new Map<string, TableModel>()
  const enumNames = new Map(metadata.sources[0].tables.map((table) => [tableKey(table.table), graphqlName(table)]))
  for (const table of metadata.sources[0].tables) {
    const found = catalog.get(tableKey(table.table))
    // Tracked, so that it can have event triggers, but GraphQL has no name for it.
    if (found !== undefined && !GRAPHQL_NAME.test(graphqlName(table))) continue
    const label = `table ${table.table.schema}.${table.table.name}`
    if (found === undefined) {
      problems.push({ name: label, reason: `no such table/view exists in source: "${table.table.name}"` })
    } else {
      if (typeof found.enumeration === 'string')
        problems.push({
          name: label,
          reason: `the table "${found.name}" cannot be used as an enum: ${found.enumeration}`,
        })
      model.set(
        tableKey(table.table),
        tableModel(table, { catalog, found, label, problems, enumNames, stringifyNumericTypes }),
      )
    }
  }
  problems.push(...customTypeProblems(metadata.custom_types, model))
  return { model, problems }
}

interface Surroundings extends Pick<ModelSources, 'catalog' | 'stringifyNumericTypes'> {
  readonly found: CatalogTable
  readonly label: string
  readonly problems: Problem[]
  /** GraphQL names of the tables, by key. */
  readonly enumNames: ReadonlyMap<string, string>
}

function tableModel(table: Table, around: Surroundings): TableModel {
  const { found } = around
  const columns = columnModels(table, around)
  const primary = found.uniqueConstraints.find(({ isPrimary }) => isPrimary)
  const primaryColumns = primary?.columns.flatMap((name) => columns.get(name) ?? [])
  return {
    key: tableKey(table.table),
    name: graphqlName(table),
    catalog: found,
    metadata: table,
    columns,
    relationships: relationshipModels(table, columns, around),
    primaryKey: primaryColumns?.length === primary?.columns.length ? primaryColumns : undefined,
  }
}

function graphqlName({ configuration, table: { schema, name } }: Table): string {
  if (configuration?.custom_name !== undefined) return configuration.custom_name
  return schema === 'public' ? name : `${schema}_${name}`
}

function columnModels(
  table: Table,
  { found, catalog, enumNames, stringifyNumericTypes }: Surroundings,
): Map<string, ColumnModel> {
  const models = new Map<string, ColumnModel>()
  for (const column of found.columns) {
    const configured = table.configuration?.column_config?.[column.name]
    const name = configured?.custom_name ?? table.configuration?.custom_column_names?.[column.name] ?? column.name
    const description = (configured?.comment ?? column.comment) || undefined
    const shownAsText = stringifyNumericTypes && isLongNumber(column)
    const enumeration = findEnumeration(column.name, { found, catalog, enumNames })
    const model = { name, column, scalar: scalarOf(column), shownAsText, description, ...enumeration }
    if (GRAPHQL_NAME.test(name)) models.set(column.name, model)
  }
  return models
}

/** Only a foreign key of the column alone makes it an enum. */
function findEnumeration(column: string, around: Pick<Surroundings, 'found' | 'catalog' | 'enumNames'>) {
  for (const { columns, schema, table } of around.found.foreignKeys) {
    if (columns.length !== 1 || columns[0] !== column) continue
    const key = tableKey({ schema, name: table })
    const values = around.catalog.get(key)?.enumeration
    const name = around.enumNames.get(key)
    if (Array.isArray(values) && name !== undefined) return { scalar: `${name}_enum`, values }
  }
  return {}
}

function relationshipModels(table: Table, columns: ReadonlyMap<string, ColumnModel>, around: Surroundings) {
  const fields = new Set([...columns.values()].map(({ name }) => name))
  const models = new Map<string, RelationshipModel>()
  const all = [
    ...(table.object_relationships ?? []).map((relationship) => ['object', relationship] as const),
    ...(table.array_relationships ?? []).map((relationship) => ['array', relationship] as const),
  ]
  for (const [kind, relationship] of all) {
    const resolved = fields.has(relationship.name)
      ? 'a column of that name exists'
      : resolveRelationship({ kind, relationship, table: around.found, catalog: around.catalog })
    if (typeof resolved === 'string') {
      around.problems.push({ name: `relationship ${relationship.name} in ${around.label}`, reason: resolved })
    } else {
      models.set(relationship.name, resolved)
    }
  }
  return models
}
