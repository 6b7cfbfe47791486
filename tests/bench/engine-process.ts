import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { endWithParent } from '../../database/end-with-parent.ts'
import { memoryOf } from '../support/process-memory.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const JWT_KEY = 'a key for benchmarks, at least thirty-two bytes long'

export interface Memory {
  readonly nowMb: number
  readonly peakMb: number
}

/** The stand-in as `npm start` runs it, in a process of its own. */
export interface EngineProcess {
  /** http://…/v1/graphql */
  readonly graphqlUrl: string
  /** ws://…/v1/graphql */
  readonly websocketUrl: string
  /** Resident memory now and at its highest; undefined where there is no /proc. */
  memory(): Memory | undefined
  stop(): Promise<void>
}

/** Throws with what it printed when it ends before it listens. */
export async function startEngineProcess(databaseUrl: string): Promise<EngineProcess> {
  const { command, args } = endWithParent({ command: process.execPath, args: ['hasura/local/main.ts'] }, 'TERM')
  const env = {
    PATH: process.env['PATH'],
    HASURA_PORT: '0',
    PG_DATABASE_URL: databaseUrl,
    HASURA_GRAPHQL_ADMIN_SECRET: 'bench-admin-secret',
    HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: JWT_KEY }),
    HASURA_ACTION_SECRET: 'unused',
    HASURA_EVENT_SECRET: 'unused',
    SERVICE_INTERNAL_URL: 'http://127.0.0.1:9',
  }
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await untilListening(child)
  return {
    graphqlUrl: `${url}/v1/graphql`,
    websocketUrl: `${url.replace('http', 'ws')}/v1/graphql`,
    memory: () => readMemory(child.pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

function untilListening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      if (printed.length < 10_000) printed += chunk.toString()
      const url = /\bon (http:\S+)\n/.exec(printed)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`the engine ended:\n${printed}`)))
  })
}

function readMemory(pid: number | undefined): Memory | undefined {
  const memory = memoryOf(pid)
  return memory && { nowMb: memory.nowBytes / 2 ** 20, peakMb: memory.peakBytes / 2 ** 20 }
}

/** The header of somebody signed in as role user. */
export async function authorize(userId: string): Promise<string> {
  const claims = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user', 'x-hasura-user-id': userId }
  const token = new SignJWT({ 'https://hasura.io/jwt/claims': claims })
  const key = new TextEncoder().encode(JWT_KEY)
  return `Bearer ${await token.setProtectedHeader({ alg: 'HS256' }).setExpirationTime('2h').sign(key)}`
}
