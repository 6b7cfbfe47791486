import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSettings } from './running.ts'

/** Of the embedded server of a product that runs in this data directory: the launcher wrote where it listens and as whom one may come. */
export function readAdminUrl(dataDirectory: string): string {
  const { DATABASE_URL: service } = readSettings(dataDirectory)
  if (service === undefined) throw new Error(`${dataDirectory} holds no address of a database`)
  const password = readFileSync(join(dataDirectory, 'postgres.password'), 'utf8').trim()
  return Object.assign(new URL(service), { username: 'postgres', password }).href
}
