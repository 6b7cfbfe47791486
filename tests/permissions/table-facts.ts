import type pg from 'pg'

export interface Answer {
  readonly data?: unknown
  readonly errors?: readonly {
    readonly message: string
    readonly extensions: { readonly path: string; readonly code: string }
  }[]
}

/** Who asks: a role, and the person in it; without one, no session variable says who. */
export interface Asker {
  readonly role: string
  readonly userId?: string
}
export type Ask = (as: Asker, query: string) => Promise<Answer>

/** As the database has them, whatever the metadata says. */
export async function columnsInDatabase(pool: pg.Pool, table: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    'select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum',
    [`public.${table}`],
  )
  return rows.map(({ name }) => name)
}

export async function primaryKey(pool: pg.Pool, table: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
     where i.indrelid = $1::regclass and i.indisprimary`,
    [`public.${table}`],
  )
  return rows.map(({ name }) => name)
}

/** Rows of a person, and of platforms that a role is not kept from; without either, all there are. */
export async function countRows(
  pool: pg.Pool,
  table: string,
  { userId, openTo }: { userId?: string | undefined; openTo?: string | undefined },
): Promise<number> {
  const restricted = 'select platform from role_platform_restrictions where role = $2'
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from ${table} where ($1::text is null ${userId === undefined ? '' : 'or user_id::text = $1'})
     and ($2::text is null ${openTo === undefined ? '' : `or platform is null or platform not in (${restricted})`})`,
    [userId ?? null, openTo ?? null],
  )
  return rows[0]!.count
}

/** The fields of a type as the asker sees it; none when it does not exist for them. */
export async function readFields(ask: Ask, as: Asker, type: string): Promise<string[]> {
  const { data } = await ask(as, `{ __type(name: "${type}") { fields { name } } }`)
  const { __type: found } = data as { __type: { fields: { name: string }[] | null } | null }
  return (found?.fields ?? []).map(({ name }) => name)
}
