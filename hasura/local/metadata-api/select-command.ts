import { isJsonObject, readTable } from './arguments.ts'
import type { Commands } from './command.ts'
import { getTable, type Json, type TableDraft } from './draft.ts'

/** The older way to read rows, told as the GraphQL query that it is: columns by their Postgres names. */
export const SELECT_COMMANDS: Commands = {
  async select(context, args) {
    const table = getTable(context.draft, readTable(args['table']))
    const name = graphqlName(table)
    const list = [
      ['where', `${name}_bool_exp`],
      ['order_by', `[${name}_order_by!]`],
      ['limit', 'Int'],
      ['offset', 'Int'],
    ]
    const given = list.filter(([key]) => key !== undefined && args[key] !== undefined)
    const declared = given.map(([key, type]) => `$${key}: ${type}`).join(', ')
    const passed = given.map(([key]) => `${key}: $${key}`).join(', ')
    const field = `rows: ${name}${passed === '' ? '' : `(${passed})`} ${selection(args['columns'])}`
    const query = `query${declared === '' ? '' : ` (${declared})`} { ${field} }`
    const variables = Object.fromEntries(given.map(([key = '']) => [key, convert(key, args[key])]))
    return rowsOf(await context.query({ query, variables }))
  },
}

function rowsOf(answer: unknown): unknown {
  return isJsonObject(answer) ? answer['rows'] : answer
}

function graphqlName({ table, configuration }: TableDraft): string {
  const custom = isJsonObject(configuration) ? configuration['custom_name'] : undefined
  if (typeof custom === 'string') return custom
  return table.schema === 'public' ? table.name : `${table.schema}_${table.name}`
}

function selection(columns: unknown): string {
  const parts = Array.isArray(columns) ? columns : []
  const fields = parts.map((part: unknown) =>
    isJsonObject(part) ? `${String(part['name'])} ${selection(part['columns'])}` : String(part),
  )
  return `{ ${fields.join(' ')} }`
}

function convert(key: string, value: unknown): unknown {
  if (key === 'where') return isJsonObject(value) ? convertCondition(value) : value
  if (key !== 'order_by') return value
  return [value]
    .flat()
    .map((item: unknown) => (typeof item === 'string' ? { [item.replace(/^[+-]/, '')]: direction(item) } : item))
}

function direction(item: string): string {
  return item.startsWith('-') ? 'desc' : 'asc'
}

/** `{"id": 1}` for `{"id": {"_eq": 1}}`, and `$` for `_`. */
function convertCondition(condition: Json): Json {
  const entries = Object.entries(condition).map(([key, value]) => {
    const name = key.replace(/^\$/, '_')
    if (Array.isArray(value))
      return [name, value.map((item: unknown) => (isJsonObject(item) ? convertCondition(item) : item))]
    if (isJsonObject(value)) return [name, convertCondition(value)]
    return [name, name.startsWith('_') ? value : { _eq: value }]
  })
  return Object.fromEntries(entries)
}
