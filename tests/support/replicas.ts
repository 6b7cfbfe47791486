import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf, type ProcessMemory } from './process-memory.ts'
import { freePorts } from './running.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const START_WITHIN_MS = 60_000

/** A process of the product, as a container runs it. */
export interface Replica {
  readonly script: string
  readonly publicUrl: string
  readonly internalUrl: string
  /** Its readiness probe. `silent`: no answer in three seconds. */
  ask(): Promise<'ready' | 'not ready' | 'silent'>
  /** The most that it was ever resident; of one that has ended, as it was shortly before. */
  memory(): ProcessMemory | undefined
  /** SIGTERM; answers the exit code and how long it took. */
  end(): Promise<{ code: number | null; seconds: number }>
  kill(): void
}

/** Answers once it is ready. What it writes to its standard error is shown. */
export async function startReplica(script: string, environment: NodeJS.ProcessEnv): Promise<Replica> {
  const [open, internal] = await freePorts(2)
  const ports = { SERVICE_PORT: String(open), INTERNAL_PORT: String(internal), WORKER_PORT: String(open) }
  const child = spawn(process.execPath, [script], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...environment, ...ports },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const publicUrl = `http://127.0.0.1:${open}`
  let memory: ProcessMemory | undefined
  const replica: Replica = {
    script,
    publicUrl,
    internalUrl: `http://127.0.0.1:${internal}`,
    ask: () => ask(publicUrl),
    memory: () => memoryOf(child.pid) ?? memory,
    async end() {
      memory = memoryOf(child.pid)
      return end(child)
    },
    kill: () => void child.kill('SIGKILL'),
  }
  await untilReady(replica, child)
  return replica
}

async function untilReady(replica: Replica, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_WITHIN_MS
  while ((await replica.ask()) !== 'ready') {
    if (child.exitCode !== null) throw new Error(`${replica.script} ended with ${child.exitCode} at its start`)
    if (performance.now() > deadline) throw new Error(`${replica.script} was not ready in time`)
    await sleep(50)
  }
}

async function ask(url: string): Promise<'ready' | 'not ready' | 'silent'> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3_000) })
    await answer.body?.cancel()
    return answer.status === 200 ? 'ready' : 'not ready'
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'silent' : 'not ready'
  }
}

async function end(child: ChildProcess): Promise<{ code: number | null; seconds: number }> {
  const started = performance.now()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = (await ended) as [number | null]
  return { code, seconds: (performance.now() - started) / 1000 }
}
