import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withClient, withDatabase } from './connect.ts'
import { dumpSchema } from './dump/schema-text.ts'
import { migrate } from './migrate.ts'
import { openTemporaryServer } from './temporary.ts'

/** The tracked dump. */
export const SCHEMA_FILE = join(import.meta.dirname, 'schema.sql')

/**
 * Text of the structure that migrations and repeatable files make of an empty database. It is never read from a database
 * in use: Hasura adds triggers of its own to those.
 */
export async function dumpFromFiles(serverUrl: string): Promise<string> {
  const name = `tributary_dump_${randomBytes(4).toString('hex')}`
  await withClient(serverUrl, (client) => client.query(`create database ${name}`))
  try {
    const adminUrl = withDatabase(serverUrl, name)
    await migrate({ adminUrl })
    return await withClient(adminUrl, dumpSchema)
  } finally {
    await withClient(serverUrl, (client) => client.query(`drop database ${name} with (force)`))
  }
}

async function main(): Promise<void> {
  const server = await openTemporaryServer(process.env.DATABASE_URL)
  try {
    writeFileSync(SCHEMA_FILE, await dumpFromFiles(server.adminUrl))
  } finally {
    await server.close()
  }
  process.stdout.write('wrote database/schema.sql\n')
}

if (import.meta.main) await main()
