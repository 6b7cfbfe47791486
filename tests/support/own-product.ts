import { rmSync } from 'node:fs'
import pg from 'pg'
import { withClient, withDatabase } from '../../database/connect.ts'
import { openTemporaryServer } from '../../database/temporary.ts'
import { type Printed, runTributary } from './command-line.ts'
import { type Person, signIn } from './graphql-client.ts'
import { makeDataDirectory, type RunningProduct, readSettings, startProduct } from './running.ts'

export type Role = 'user' | 'operator' | 'auditor'

/** The product in processes of its own, on a server of its own: what is behind its doors can be looked at, too. */
export interface OwnProduct extends RunningProduct {
  /** May do everything in its database. */
  readonly admin: pg.Pool
  readonly settings: Readonly<Record<string, string>>
  signIn(userId: string, role?: Role): Promise<Person>
  /** The operator's command line, as on this machine. */
  tributary(...args: string[]): Promise<Printed>
  /** Of the simulated Strava's control interface. */
  simulate(method: string, path: string, body?: object): Promise<unknown>
}

export async function startOwnProduct(env: Readonly<Record<string, string>> = {}): Promise<OwnProduct> {
  const dataDirectory = makeDataDirectory()
  const server = await openTemporaryServer(undefined)
  await withClient(server.adminUrl, (client) => client.query('create database product'))
  const databaseUrl = withDatabase(server.adminUrl, 'product')
  const admin = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  admin.on('error', () => {})
  const remove = async () => {
    await admin.end()
    await server.close()
    rmSync(dataDirectory, { recursive: true, force: true })
  }
  const product = await startProduct({ dataDirectory, env: { DATABASE_URL: databaseUrl, ...env } }).catch(
    async (error: unknown) => {
      await remove()
      throw error
    },
  )
  const cli = { PATH: process.env['PATH'], TRIBUTARY_DATA_DIR: dataDirectory, NODE_ENV: 'development' }
  return {
    ...product,
    admin,
    settings: readSettings(dataDirectory),
    signIn: (userId, role = 'user') => signIn(product, userId, role),
    tributary: (...args) => runTributary({ env: cli }, ...args),
    async simulate(method, path, body) {
      const headers = { 'content-type': 'application/json' }
      const content = body === undefined ? {} : { headers, body: JSON.stringify(body) }
      const response = await fetch(`${product.simulatorUrl}/strava/simulate${path}`, { method, ...content })
      const text = await response.text()
      return text === '' ? undefined : JSON.parse(text)
    },
    async stop() {
      const code = await product.stop()
      await remove()
      return code
    },
  }
}

/** The code of the first error; how it was answered where there is none. */
export function codeOf({ data, errors }: Awaited<ReturnType<Person['ask']>>): string {
  return errors?.[0]?.extensions.code ?? `no error: ${JSON.stringify(data)}`
}

/** The field of the only operation; throws what the engine complains about. */
export async function field<Value>(person: Person, query: string, variables: object = {}): Promise<Value> {
  const { data, errors } = await person.ask(query, variables)
  if (data === undefined || data === null)
    throw new Error(errors?.map(({ message }) => message).join('; ') ?? 'no data')
  return Object.values(data)[0] as Value
}
