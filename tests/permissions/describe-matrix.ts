import type { Matrix } from './promises.ts'

type Promised = Matrix['tables'][number]

/** The matrix as a Markdown table: tables with the same decisions share a row, and the last row is about actions. */
export function describeMatrix({ roles, tables, actions }: Matrix): string {
  const names = Object.keys(roles)
  const rows = new Map<string, string[]>()
  for (const table of new Set(tables.map((promise) => promise.table))) {
    const about = tables.filter((promise) => promise.table === table)
    const cells = names.map((role) => describeCell(about.filter(({ as }) => as === role))).join(' | ')
    rows.set(cells, [...(rows.get(cells) ?? []), `\`${table}\``])
  }
  const called = names.map((role) => listNames(Object.keys(actions).filter((name) => actions[name]?.includes(role))))
  return [
    `| Table | ${names.map((name) => `\`${name}\``).join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...[...rows].map(([cells, ofTables]) => `| ${ofTables.join(', ')} | ${cells} |`),
    `| actions | ${called.map((list) => list || '–').join(' | ')} |`,
  ].join('\n')
}

function describeCell(promises: readonly Promised[]): string {
  const parts = promises.flatMap((promise) => {
    if (promise.may === 'nothing') return []
    if (promise.may === 'update') return [`may change ${listNames(promise.columns ?? [])}`]
    const everyRow = promise.platforms === 'unrestricted' ? 'every row but of restricted platforms' : 'every row'
    const rows = promise.whose === 'own' ? 'own rows' : everyRow
    return [`${rows}${describeColumns(promise)}`, ...(promise.aggregates ? ['aggregates'] : [])]
  })
  return parts.join('; ') || '–'
}

function describeColumns({ columns, never_columns: never = [] }: Exclude<Promised, { may: 'nothing' }>): string {
  if (columns !== undefined) return `: ${listNames(columns)}`
  return never.length === 0 ? '' : ` without ${listNames(never)}`
}

function listNames(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
