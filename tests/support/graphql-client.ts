import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TypedDocumentString } from './generated/graphql.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)

export interface GraphqlAnswer<Data> {
  readonly data?: Data
  readonly errors?: readonly {
    readonly message: string
    readonly extensions: { readonly path: string; readonly code: string }
  }[]
}

/** A person's client of the running product, as an app would have it. */
export interface Person {
  readonly userId: string
  /** Their JWT. */
  readonly token: string
  /** Any text, and the whole answer with its errors. */
  ask(query: string, variables?: object): Promise<GraphqlAnswer<unknown>>
  /** The data alone; throws what the engine complains about. */
  get<Data, Variables extends object>(
    document: TypedDocumentString<Data, Variables>,
    ...variables: Record<string, never> extends Variables ? [Variables?] : [Variables]
  ): Promise<Data>
}

export interface Endpoint {
  readonly graphqlUrl: string
  readonly dataDirectory: string
}

/** Signed in with a token that the operator's command line prints. */
export async function signIn({ graphqlUrl, dataDirectory }: Endpoint, userId: string, role = 'user'): Promise<Person> {
  const { stdout } = await run(process.execPath, ['service/cli/main.ts', 'token', '--user', userId, '--role', role], {
    cwd: ROOT,
    env: { ...process.env, TRIBUTARY_DATA_DIR: dataDirectory, NODE_ENV: 'development' },
  })
  return personWith(graphqlUrl, { userId, token: stdout.trim() })
}

/** Somebody whose token was made elsewhere. */
export function personWith(graphqlUrl: string, { userId, token }: { userId: string; token: string }): Person {
  const authorization = `Bearer ${token}`
  const ask: Person['ask'] = async (query, variables = {}) => {
    const headers = { 'content-type': 'application/json', authorization }
    const response = await fetch(graphqlUrl, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    return (await response.json()) as GraphqlAnswer<unknown>
  }
  const get: Person['get'] = async <Data>(document: { toString(): string }, variables?: object) => {
    const { data, errors } = await ask(document.toString(), variables)
    if (data === undefined) throw new Error(errors?.map(({ message }) => message).join('; ') ?? 'no data')
    return data as Data
  }
  return { userId, token, ask, get }
}

/** Asks again until the answer is good enough, or throws with the last one. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value>,
  { good, withinMs = 60_000, everyMs = 100 }: { good: (value: Value) => boolean; withinMs?: number; everyMs?: number },
): Promise<Value> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await look()
    if (good(value)) return value
    if (performance.now() > deadline)
      throw new Error(`${what}: not within ${withinMs} ms; last seen ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
