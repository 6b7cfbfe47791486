import type pg from 'pg'

/** Secrets by what they are, for example `access token 1`. */
export type Canaries = Readonly<Record<string, string>>

/** Where a canary was found: what it is, in which spelling. */
export interface Sighting {
  readonly canary: string
  readonly spelling: string
}

/** Everywhere in these bytes, in plain, hexadecimal, base64 and base64url, also inside of something larger that was encoded. */
export function findCanaries(canaries: Canaries, bytes: Buffer): Sighting[] {
  return Object.entries(canaries).flatMap(([canary, value]) =>
    spellingsOf(value).flatMap(({ spelling, needle }) => (bytes.includes(needle) ? [{ canary, spelling }] : [])),
  )
}

export function spellingsOf(value: string): readonly { spelling: string; needle: Buffer }[] {
  if (value.length < 8) throw new Error('too short to be told from chance')
  const hex = Buffer.from(value).toString('hex')
  const texts = [
    ['plain', value],
    ['hex', hex],
    ['hex', hex.toUpperCase()],
    ...[0, 1, 2].flatMap((before) => [
      ['base64', encodedAfter(before, value, 'base64')],
      ['base64url', encodedAfter(before, value, 'base64url')],
    ]),
  ] as const
  return texts.map(([spelling = '', text = '']) => ({ spelling, needle: Buffer.from(text, 'latin1') }))
}

/** What base64 makes of it behind so many other bytes (modulo three), without the characters that others have a part in. */
function encodedAfter(before: number, value: string, encoding: 'base64' | 'base64url'): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)])
  return bytes.toString(encoding).slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
}

/** Every table of every schema but Postgres' own, as `COPY` writes it on the server. */
export async function* copyEveryTable(admin: pg.Pool): AsyncGenerator<{ name: string; bytes: Buffer }> {
  const { rows: tables } = await admin.query<{ name: string; file: string }>(`
    select format('%I.%I', nspname, relname) as name, format('copy-of-%s.txt', current_database()) as file
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where relkind = 'r' and nspname <> 'information_schema' and nspname !~ '^pg_' order by 1`)
  const { rows } = await admin.query<{ directory: string }>(`select current_setting('data_directory') as directory`)
  for (const { name, file } of tables) {
    await admin.query(`copy ${name} to '${rows[0]?.directory}/${file}'`)
    yield { name, bytes: await readServerFile(admin, file) }
  }
}

/** The write-ahead log of the whole cluster, as far as it is kept. */
export async function* readWal(admin: pg.Pool): AsyncGenerator<{ name: string; bytes: Buffer }> {
  const { rows } = await admin.query<{ name: string }>(
    `select 'pg_wal/' || name as name from pg_ls_waldir() order by 1`,
  )
  for (const { name } of rows) yield { name, bytes: await readServerFile(admin, name) }
}

async function readServerFile(admin: pg.Pool, file: string): Promise<Buffer> {
  const { rows } = await admin.query<{ bytes: Buffer }>('select pg_read_binary_file($1) as bytes', [file])
  return rows[0]?.bytes ?? Buffer.alloc(0)
}
