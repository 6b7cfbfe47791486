import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isScalarType,
} from 'graphql'

/** What can be asked of one table, as operations that run as they stand. */
export interface TableExample {
  /** Every query there is for the table, in one operation; its variables are the columns of the key. */
  readonly query: string
  /** The rows as they arrive; absent where no time tells which are new. */
  readonly stream?: string
}

const SHOWN_COLUMNS = 6
const TIMES = ['updated_at', 'created_at', 'received_at', 'occurred_at', 'started_at']

/** Columns of a table as GraphQL has them: relationships are left out. */
export function columnsOf(type: GraphQLObjectType): readonly GraphQLField<unknown, unknown>[] {
  return Object.values(type.getFields()).filter(({ type: of }) => {
    const named = getNamedType(of)
    return isScalarType(named) || isEnumType(named)
  })
}

/** The names of the tables: root fields that are lists and neither streams nor groups of an aggregate. */
export function tablesOf(schema: GraphQLSchema): readonly GraphQLField<unknown, unknown>[] {
  return Object.values(schema.getQueryType()?.getFields() ?? {}).filter(({ type }) => isListType(getNullableType(type)))
}

export function exampleOf(schema: GraphQLSchema, { name }: { name: string }): TableExample {
  const roots = schema.getQueryType()?.getFields() ?? {}
  const key = roots[`${name}_by_pk`]?.args ?? []
  const columns = shownColumns(
    schema,
    name,
    key.map((argument) => argument.name),
  )
  const order = columns[0] === undefined ? '' : `, order_by: { ${columns[0]}: desc }`
  const parts = [
    `  ${name}(limit: 3${order}) {\n${lines(columns)}\n  }`,
    ...(roots[`${name}_aggregate`] ? [`  ${name}_aggregate {\n    aggregate {\n      count\n    }\n  }`] : []),
    ...(key.length > 0
      ? [
          `  ${name}_by_pk(${key.map((argument) => `${argument.name}: $${argument.name}`).join(', ')}) {\n${lines(columns)}\n  }`,
        ]
      : []),
  ]
  const variables = key.map((argument) => `$${argument.name}: ${String(argument.type)}`).join(', ')
  const query = `query ${pascal(name)}${variables === '' ? '' : `(${variables})`} {\n${parts.join('\n')}\n}`
  const time = timeOf(schema, name)
  return time === undefined ? { query } : { query, stream: streamOf(name, time, columns) }
}

function streamOf(name: string, time: string, columns: readonly string[]): string {
  const cursor = `cursor: [{ initial_value: { ${time}: $since }, ordering: ASC }]`
  return `subscription ${pascal(name)}Since($since: timestamptz!) {\n  ${name}_stream(batch_size: 100, ${cursor}) {\n${lines(columns)}\n  }\n}`
}

/** The key first, then the columns that say most: those with a description. */
function shownColumns(schema: GraphQLSchema, name: string, key: readonly string[]): readonly string[] {
  const type = schema.getType(name) as GraphQLObjectType
  const columns = columnsOf(type)
  const described = columns.filter(({ description }) => description).map((column) => column.name)
  const all = [...described, ...columns.map((column) => column.name)].filter((column) => column !== 'user_id')
  const own = key.filter((column) => column !== 'user_id')
  return [...new Set([...own, ...all])].slice(0, SHOWN_COLUMNS)
}

function timeOf(schema: GraphQLSchema, name: string): string | undefined {
  const input = schema.getType(`${name}_stream_cursor_value_input`)
  if (!isInputObjectType(input)) return undefined
  const fields = input.getFields()
  return TIMES.find((column) => fields[column] && String(fields[column].type) === 'timestamptz')
}

const lines = (columns: readonly string[]) => columns.map((column) => `    ${column}`).join('\n')
const pascal = (name: string) => name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
