import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'
import { hasuraUpkeep } from './hasura-upkeep.ts'

/** Passwords to give to the login roles; a role not named keeps the one it has. */
export interface RolePasswords {
  readonly service?: string
  readonly hasura?: string
}

/** Owns what the migrations create; nobody logs in as it. */
export const MIGRATION_ROLE = 'tributary_migration'
export const SERVICE_ROLE = 'tributary_service'
export const HASURA_ROLE = 'tributary_hasura'

/** Long enough for any query a client may ask for, short enough not to hold locks for hours. */
const HASURA_STATEMENT_TIMEOUT = '30s'

/**
 * Creates what belongs to the whole server: the three roles. Needs a superuser, or a role with CREATEROLE that created
 * them. Safe to run again.
 */
export async function ensureRoles(client: pg.ClientBase, passwords: RolePasswords): Promise<void> {
  await ensureRole(client, MIGRATION_ROLE, 'nologin')
  await ensureRole(client, SERVICE_ROLE, 'login')
  await ensureRole(client, HASURA_ROLE, 'login')
  await ensureSetting(client, HASURA_ROLE, { name: 'statement_timeout', value: HASURA_STATEMENT_TIMEOUT })
  await ensureSetting(client, HASURA_ROLE, { name: 'search_path', value: 'public' })
  await setPassword(client, SERVICE_ROLE, passwords.service)
  await setPassword(client, HASURA_ROLE, passwords.hasura)
  const { rows } = await client.query<{ rolsuper: boolean }>(
    'select rolsuper from pg_roles where rolname = current_user',
  )
  if (rows[0]?.rolsuper === true) return
  for (const role of [MIGRATION_ROLE, SERVICE_ROLE, HASURA_ROLE])
    await client.query(`grant ${role} to current_user with inherit true, set true`)
}

/** Gives the roles their rights on a database. A clone needs it again: these are not copied from a template. */
export async function grantDatabase(client: pg.ClientBase, name: string): Promise<void> {
  const database = pg.escapeIdentifier(name)
  await client.query(`alter database ${database} set timezone to 'UTC'`)
  await client.query(`grant create on database ${database} to ${MIGRATION_ROLE}`)
  await client.query(`grant connect on database ${database} to ${SERVICE_ROLE}, ${HASURA_ROLE}`)
  // A large item of a delivery is put together in a temporary table.
  await client.query(`grant temporary on database ${database} to ${SERVICE_ROLE}`)
}

/** Prepares the database for the migrations and for Hasura's own schema, which Hasura fills by itself. */
export async function prepareSchemas(client: pg.ClientBase): Promise<void> {
  await client.query(`grant usage, create on schema public to ${MIGRATION_ROLE} with grant option`)
  await client.query(`create schema if not exists hdb_catalog authorization ${HASURA_ROLE}`)
  await client.query(`create schema if not exists hasura_upkeep authorization ${HASURA_ROLE}`)
  await client.query(`set role ${HASURA_ROLE}`)
  // An event trigger fires as whoever writes the row, so that role needs to reach the log it writes to.
  await client.query(`grant usage on schema hdb_catalog to ${SERVICE_ROLE}`)
  // Its backlog is measured, and what was delivered long ago is cleaned up: Hasura's community edition does neither.
  const rights = `select, insert, delete on`
  await client.query(`alter default privileges in schema hdb_catalog grant ${rights} tables to ${SERVICE_ROLE}`)
  await client.query(`grant ${rights} all tables in schema hdb_catalog to ${SERVICE_ROLE}`)
  await client.query(`alter default privileges in schema hdb_catalog grant execute on functions to ${SERVICE_ROLE}`)
  for (const statement of hasuraUpkeep(SERVICE_ROLE)) await client.query(statement)
  await client.query('reset role')
}

/** Written only where it is another: two runners on two databases of a server write the same rows, and one of them would be refused. */
async function ensureSetting(
  client: pg.ClientBase,
  role: string,
  { name, value }: { name: string; value: string },
): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1 and $2 = any (rolconfig)', [
    role,
    `${name}=${value}`,
  ])
  if (rowCount === 0) await client.query(`alter role ${role} set ${name} = '${value}'`)
}

async function ensureRole(client: pg.ClientBase, name: string, login: 'login' | 'nologin'): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [name])
  if (rowCount !== 0) return
  try {
    await client.query(`create role ${name} ${login}`)
  } catch (error) {
    // Roles belong to the server and our lock to one database: a runner on another database may have been faster.
    if (!(error instanceof pg.DatabaseError) || !['42710', '23505'].includes(error.code ?? '')) throw error
  }
}

async function setPassword(client: pg.ClientBase, role: string, password: string | undefined): Promise<void> {
  if (password !== undefined) await client.query(`alter role ${role} password '${scramVerifier(password)}'`)
}

/** What PostgreSQL itself would store (RFC 5803); made here so that the password is in no statement log. */
function scramVerifier(password: string): string {
  const iterations = 4096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyFor = (label: string) => createHmac('sha256', salted).update(label).digest()
  const storedKey = createHash('sha256').update(keyFor('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${keyFor('Server Key').toString('base64')}`
}
