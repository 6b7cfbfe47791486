import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Order } from './refreshing-process.ts'

const SCRIPT = join(import.meta.dirname, 'refreshing-process.ts')

export interface RefreshingProcesses {
  /** They begin within a few milliseconds of each other. */
  signal(): void
  /** What each printed, or 'killed'. */
  readonly results: Promise<readonly unknown[]>
  stop(): void
}

/** Real processes of the product's own code, each with its own pool, vault and key cache. Resolves when all are ready. */
export async function startRefreshing(orders: readonly Order[]): Promise<RefreshingProcesses> {
  const children = orders.map((order) => {
    const child = spawn(process.execPath, [SCRIPT, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, output: collect(child) }
  })
  await Promise.all(children.map(({ child, output }) => untilReady(child, output)))
  return {
    signal: () => children.forEach(({ child }) => child.stdin.write('go\n')),
    results: Promise.all(children.map(({ child, output }) => resultOf(child, output))),
    stop: () => children.forEach(({ child }) => child.kill('SIGKILL')),
  }
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}

async function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  while (!output().includes('ready\n')) {
    if (child.exitCode !== null) throw new Error('a process ended before it was ready')
    await once(child.stdout!, 'data')
  }
}

async function resultOf(child: ChildProcess, output: () => string): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  return child.signalCode === 'SIGKILL' ? 'killed' : JSON.parse(output().split('\n')[1] ?? 'null')
}
