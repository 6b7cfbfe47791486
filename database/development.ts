import { resolve } from 'node:path'
import { withClient, withDatabase } from './connect.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts'

const NAME = 'tributary'

/** Where a laptop keeps its data: TRIBUTARY_DATA_DIR, or `.data` where the command is run. */
export function developmentDirectory(env: NodeJS.ProcessEnv): string {
  return resolve(env.TRIBUTARY_DATA_DIR || '.data')
}

/** Starts the embedded server of a laptop; `adminUrl` is of its database `tributary`, created when absent. */
export async function startDevelopmentDatabase(dataDirectory: string, port?: number): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDirectory: resolve(dataDirectory, 'postgres'),
    ...(port !== undefined && { port }),
  })
  try {
    await withClient(server.adminUrl, async (client) => {
      const { rowCount } = await client.query('select from pg_database where datname = $1', [NAME])
      if (rowCount === 0) await client.query(`create database ${NAME}`)
    })
  } catch (error) {
    await server.stop()
    throw error
  }
  return { ...server, adminUrl: withDatabase(server.adminUrl, NAME) }
}
