import { identifier, Statement } from '../sql/statement.ts'
import { parseFailed, readObject } from './arguments.ts'
import type { CommandContext, Commands } from './command.ts'
import type { Json } from './draft.ts'
import {
  type Changed,
  columnNames,
  fromTarget,
  ROW,
  readTarget,
  recordSql,
  runChange,
  type Target,
  whereSql,
} from './row-target.ts'

/** The older way to change rows: as admin, in tracked tables, columns by their Postgres names. */
export const ROW_COMMANDS: Commands = {
  async insert(context, args) {
    const target = await readTarget(context, args)
    const objects = Array.isArray(args['objects']) ? args['objects'].map((object) => readObject(object)) : []
    const answers: Changed[] = []
    for (const object of objects) answers.push(await insertOne(context, { target, object, args }))
    const count = answers.reduce((sum, { affected_rows: one }) => sum + one, 0)
    if (!Array.isArray(args['returning'])) return { affected_rows: count }
    return { affected_rows: count, returning: answers.flatMap(({ returning = [] }) => returning) }
  },

  async update(context, args) {
    const target = await readTarget(context, args)
    const statement = new Statement(context.session)
    const set = assignments(statement, target, args)
    if (set.length === 0) throw parseFailed('one of $set, $inc, $mul and $default has to be present', '$.args')
    const sql = `update ${fromTarget(target)} set ${set.join(', ')} ${whereSql(statement, target, args['where'])}`
    return runChange(context, { target, statement, sql, returning: args['returning'] })
  },

  async delete(context, args) {
    const target = await readTarget(context, args)
    const statement = new Statement(context.session)
    const sql = `delete from ${fromTarget(target)} ${whereSql(statement, target, args['where'])}`
    return runChange(context, { target, statement, sql, returning: args['returning'] })
  },

  async count(context, args) {
    const target = await readTarget(context, args)
    const statement = new Statement(context.session)
    const { distinct, where = {} } = args
    const counted = Array.isArray(distinct) ? `distinct (${columnNames(target, distinct).join(', ')})` : '*'
    const text = `select count(${counted})::int as count from ${fromTarget(target)} ${whereSql(statement, target, where)}`
    const { rows } = await context.client.query<{ count: number }>(text, statement.values)
    return { count: rows[0]?.count ?? 0 }
  },
}

interface Insert {
  readonly target: Target
  readonly object: Json
  readonly args: Json
}

async function insertOne(context: CommandContext, { target, object, args }: Insert): Promise<Changed> {
  const statement = new Statement(context.session)
  const list = columnNames(target, Object.keys(object)).join(', ')
  const values =
    list === '' ? 'default values' : `(${list}) select ${list} from ${recordSql(statement, target, object)}`
  const conflict = conflictSql(target, args['on_conflict'], Object.keys(object))
  const sql = `insert into ${fromTarget(target)} ${values} ${conflict}`
  return runChange(context, { target, statement, sql, returning: args['returning'] })
}

/** `action` is `ignore` or `update`; an update takes every column that the object gives. */
function conflictSql(target: Target, value: unknown, given: readonly string[]): string {
  if (value === undefined || value === null) return ''
  const { constraint, constraint_on: columns, action } = readObject(value, '$.args.on_conflict')
  const listed = columns === undefined ? '' : `(${columnNames(target, [columns].flat()).join(', ')})`
  const on = typeof constraint === 'string' ? `on constraint ${identifier(constraint)}` : listed
  if (action === 'ignore') return `on conflict ${on} do nothing`
  const set = columnNames(target, given).map((name) => `${name} = excluded.${name}`)
  return `on conflict ${on} do update set ${set.join(', ')}`
}

/** What `$set`, `$inc`, `$mul` and `$default` do to the row. */
function assignments(statement: Statement, target: Target, args: Json): readonly string[] {
  const read = (key: string, expression: (old: string, given: string) => string) => {
    if (args[key] === undefined) return []
    const object = readObject(args[key], `$.args.${key}`)
    return columnNames(target, Object.keys(object)).map((name) => {
      const given = `(select ${name} from ${recordSql(statement, target, object)})`
      return `${name} = ${expression(`${ROW}.${name}`, given)}`
    })
  }
  const reset = Array.isArray(args['$default']) ? columnNames(target, args['$default']) : []
  return [
    ...read('$set', (_old, given) => given),
    ...read('$inc', (old, given) => `${old} + ${given}`),
    ...read('$mul', (old, given) => `${old} * ${given}`),
    ...reset.map((name) => `${name} = default`),
  ]
}
