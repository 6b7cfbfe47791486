import type pg from 'pg'
import { A, B } from './planted-people.ts'
import type { Grant, Matrix } from './promises.ts'
import { type Ask, columnsInDatabase, countRows, primaryKey, readFields } from './table-facts.ts'

export interface World {
  /** May read everything: it counts what the answers are compared with. */
  readonly pool: pg.Pool
  readonly ask: Ask
  /** The same with every limit that there is lowered to one row; absent where the metadata is not ours to change. */
  readonly askTightened?: Ask
}

/** Nobody has rows of theirs. */
const STRANGER = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc'
const WRITES = ['insert_#', 'insert_#_one', 'update_#', 'update_#_many', 'update_#_by_pk', 'delete_#', 'delete_#_by_pk']
const READS = ['#', '#_by_pk', '#_aggregate', '#_stream']

interface Case {
  readonly world: World
  readonly role: string
  readonly table: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
  readonly select: Extract<Grant, { may: 'select' }> | undefined
  readonly update: Extract<Grant, { may: 'update' }> | undefined
  readonly problems: string[]
}

/** Does what the matrix promises a role about a table, and tries all that it does not. One line for each surprise. */
export async function judgeByAsking(
  world: World,
  matrix: Matrix,
  { role, table }: { role: string; table: string },
): Promise<string[]> {
  const about = matrix.tables.filter((promise) => promise.as === role && promise.table === table)
  const one: Case = {
    world,
    role,
    table,
    columns: await columnsInDatabase(world.pool, table),
    key: await primaryKey(world.pool, table),
    select: about.find((promise) => promise.may === 'select'),
    update: about.find((promise) => promise.may === 'update'),
    problems: [],
  }
  await judgeRootFields(one)
  if (one.select === undefined) return one.problems
  await judgeColumns(one, one.select)
  await judgeRows(one, one.select)
  if (one.update !== undefined) await judgeUpdate(one, one.update)
  return one.problems
}

/** The columns of the table that a promise gives. */
function given({ columns }: Case, grant: Grant): readonly string[] {
  return grant.columns ?? columns.filter((column) => !grant.never_columns?.includes(column))
}

async function judgeRootFields(one: Case): Promise<void> {
  const { select, update, table, key, role } = one
  const byPk = select !== undefined && key.length > 0 && key.every((column) => given(one, select).includes(column))
  const promised = {
    '#': select !== undefined,
    '#_by_pk': byPk,
    '#_aggregate': select?.aggregates === true,
    '#_stream': select !== undefined,
    'update_#': update !== undefined,
    'update_#_many': update !== undefined,
    'update_#_by_pk': update !== undefined && byPk,
  } as Record<string, boolean | undefined>
  const roots = { query: READS.slice(0, 3), subscription: READS, mutation: WRITES }
  for (const [root, patterns] of Object.entries(roots)) {
    const fields = await readFields(one.world.ask, { role, userId: A }, `${root}_root`)
    for (const pattern of patterns) {
      const name = pattern.replace('#', table)
      const isThere = fields.includes(name)
      if (isThere !== (promised[pattern] ?? false))
        one.problems.push(`${role}: ${name} is${isThere ? '' : ' not'} there`)
      if (!isThere) await expectRefusal(one, `${root} { ${name} { __typename } }`)
    }
  }
}

async function judgeColumns(one: Case, select: Grant): Promise<void> {
  const granted = given(one, select)
  const { role, table, columns, problems } = one
  const fields = await readFields(one.world.ask, { role, userId: A }, table)
  const seen = columns.filter((column) => fields.includes(column))
  if (seen.join() !== columns.filter((column) => granted.includes(column)).join())
    problems.push(`${role}: ${table} shows ${seen.join(', ')}`)
  for (const column of columns.filter((name) => !granted.includes(name))) {
    await expectRefusal(one, `{ ${table} { ${column} } }`)
    await expectRefusal(one, `{ ${table}(where: {${column}: {_is_null: false}}) { __typename } }`)
    await expectRefusal(one, `{ ${table}(order_by: {${column}: asc}) { __typename } }`)
    await expectRefusal(one, `{ ${table}(distinct_on: [${column}]) { __typename } }`)
  }
}

async function judgeRows(one: Case, select: Extract<Grant, { may: 'select' }>): Promise<void> {
  const { role, table, world } = one
  const isOwn = select.whose === 'own'
  const body = given(one, select).join(' ')
  for (const userId of [A, B, STRANGER]) {
    const count = await countRows(world.pool, table, {
      userId: isOwn ? userId : undefined,
      openTo: select.platforms === 'unrestricted' ? role : undefined,
    })
    const rows = await readRows(one, { ask: world.ask, userId, body })
    expectEqual(one, `rows for ${userId}`, [rows.length, Math.min(count, select.limit)])
    const others = rows.filter((row) => isOwn && row['user_id'] !== undefined && row['user_id'] !== userId)
    expectEqual(one, `rows of others for ${userId}`, [others.length, 0])
    if (world.askTightened !== undefined) {
      const few = await readRows(one, { ask: world.askTightened, userId, body: '__typename' })
      expectEqual(one, `rows for ${userId} when one is the limit`, [few.length, Math.min(count, 1)])
    }
    if (select.aggregates) {
      const { data } = await world.ask({ role, userId }, `{ ${table}_aggregate { aggregate { count } } }`)
      const told = data as Record<string, { aggregate: { count: number } }> | undefined
      expectEqual(one, `count for ${userId}`, [told?.[`${table}_aggregate`]?.aggregate.count, count])
    }
  }
  const nobody = await world.ask({ role }, `{ ${table} { __typename } }`)
  const complaint = isOwn ? 'missing session variable: "x-hasura-user-id"' : undefined
  expectEqual(one, 'what nobody hears', [nobody.errors?.[0]?.message, complaint])
}

/** Writes what is there already, so that the same case can be asked again. */
async function judgeUpdate(one: Case, update: Grant): Promise<void> {
  const { role, table, world, columns, problems } = one
  const [column = ''] = given(one, update)
  for (const userId of [A, B]) {
    const { rows } = await world.pool.query<Record<string, string>>(
      `select ${column}::text as value from ${table} where user_id = $1 limit 1`,
      [userId],
    )
    const set = `_set: {${column}: ${JSON.stringify(rows[0]?.['value'])}}`
    const own = await countRows(world.pool, table, { userId })
    for (const [where, expected] of [
      ['{}', own],
      [`{user_id: {_neq: "${userId}"}}`, 0],
    ] as const) {
      const { data } = await world.ask(
        { role, userId },
        `mutation { update_${table}(where: ${where}, ${set}) { affected_rows } }`,
      )
      const told = data as Record<string, { affected_rows: number }> | undefined
      expectEqual(one, `changed by ${userId} where ${where}`, [told?.[`update_${table}`]?.affected_rows, expected])
    }
  }
  for (const other of columns.filter((name) => !given(one, update).includes(name)))
    await expectRefusal(one, `mutation { update_${table}(where: {}, _set: {${other}: null}) { affected_rows } }`)
  const nobody = await world.ask(
    { role },
    `mutation { update_${table}(where: {}, _set: {${column}: "x"}) { affected_rows } }`,
  )
  if (nobody.errors === undefined) problems.push(`${role}: nobody may update ${table}`)
}

async function readRows(
  { role, table }: Case,
  { ask, userId, body }: { ask: Ask; userId: string; body: string },
): Promise<Record<string, unknown>[]> {
  const { data } = await ask({ role, userId }, `{ ${table} { ${body} } }`)
  return (data as Record<string, Record<string, unknown>[]> | undefined)?.[table] ?? []
}

/** What the engine says of something that does not exist: whether it does for others is nobody's business. */
const UNKNOWN = /not found in type|^no (mutations|subscriptions) exist$|^expected one of the values/

/** Undefined when it is; what happened instead otherwise. */
export async function refusedAsUnknown(ask: Ask, role: string, query: string): Promise<string | undefined> {
  const { errors } = await ask({ role, userId: A }, query)
  const message = errors?.[0]?.message ?? 'answered'
  return UNKNOWN.test(message) ? undefined : `${role}: not refused as unknown: ${query}: ${message}`
}

async function expectRefusal({ world, role, problems }: Case, query: string): Promise<void> {
  const problem = await refusedAsUnknown(world.ask, role, query)
  if (problem !== undefined) problems.push(problem)
}

function expectEqual(
  { role, table, problems }: Case,
  what: string,
  [actual, expected]: readonly [unknown, unknown],
): void {
  if (actual !== expected) problems.push(`${role}: ${table}: ${what}: ${String(actual)}, not ${String(expected)}`)
}
