import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished } from 'vitest'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import type { TestDatabase } from '../support/database.ts'
import { HEADERS, person } from '../support/garmin-scene.ts'
import { BELA } from '../support/people.ts'
import { type Replica, startReplica } from '../support/replicas.ts'
import { connect, environment, type TestService, testWithFew as test } from '../support/service.ts'

const SERVICE = 'service/main.ts'
const WORKER = 'service/worker.ts'
const TOLD_AFTER_MS = 1_000
const MIB = 1024 * 1024

/** Three of the service and two of the worker, as deploy/kubernetes has them, behind a balancer. */
async function startFleet(db: TestDatabase, service: TestService) {
  const settings = {
    ...environment(db, { simulators: service.simulatorsUrl, headsDirectory: '/tmp' }),
    VAULT_MASTER_KEY: service.config.vault.masterKey!.reveal(),
    DATABASE_MAX_CONNECTIONS: '8',
    SHUTDOWN_DRAIN_SECONDS: '3',
    LOG_LEVEL: 'error',
  }
  const balancer = await startBalancer()
  const replicas: Replica[] = []
  onTestFinished(async () => {
    for (const replica of replicas) replica.kill()
    await balancer.close()
  })
  const start = async (script: string) => {
    const replica = await startReplica(script, settings)
    replicas.push(replica)
    if (script === SERVICE) balancer.add(replica)
    return replica
  }
  await Promise.all([SERVICE, SERVICE, SERVICE, WORKER, WORKER].map(start))
  return { balancer, replicas, start }
}

/** A call of an action, as Hasura makes it. */
function act(url: string, userId: string): Promise<Response> {
  return fetch(`${url}/actions/connectPlatform`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-action-secret': 'a'.repeat(32) },
    body: JSON.stringify({
      action: { name: 'connectPlatform' },
      input: { platform: 'strava' },
      session_variables: { 'x-hasura-user-id': userId, 'x-hasura-role': 'user' },
    }),
  })
}

/** A day of one of two people, as Garmin pushes it; no two are the same. */
function push(url: string, number: number): Promise<Response> {
  const daily = {
    userId: number % 2 === 0 ? person.ada : person.bela,
    summaryId: `d${number}`,
    calendarDate: '2026-01-10',
    startTimeInSeconds: 1_768_003_200,
    startTimeOffsetInSeconds: 3600,
    durationInSeconds: 86_400,
    steps: number,
  }
  const body = JSON.stringify({ dailies: [daily] })
  return fetch(`${url}/webhooks/garmin/${'g'.repeat(32)}`, { method: 'POST', headers: HEADERS, body })
}

interface Load {
  readonly sent: number
  /** How often each status, or the code of a failure without one, came. */
  readonly statuses: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly seconds: number
}

/** A hundred requests a second, deliveries and actions by turns, by the clock whatever the answers do. */
function startLoad({ url }: Balancer): { stop(): Promise<Load> } {
  const statuses = { push: {} as Record<string, number>, act: {} as Record<string, number> }
  const under: Promise<void>[] = []
  const started = performance.now()
  let sent = 0
  const one = async (kind: keyof typeof statuses, ask: () => Promise<Response>) => {
    const status = await ask().then(
      async (answer) =>
        `${answer.status}${await answer.arrayBuffer().then(
          () => '',
          () => ' cut off',
        )}`,
      (error: Error) => String((error.cause as NodeJS.ErrnoException | undefined)?.code ?? error),
    )
    statuses[kind][status] = (statuses[kind][status] ?? 0) + 1
  }
  const timer = setInterval(() => {
    for (; sent < (performance.now() - started) / 10; sent += 1) {
      const number = sent
      under.push(number % 2 === 0 ? one('push', () => push(url, number / 2)) : one('act', () => act(url, randomUUID())))
    }
  }, 5)
  return {
    async stop() {
      clearInterval(timer)
      const seconds = (performance.now() - started) / 1000
      await Promise.all(under)
      return { sent, statuses, seconds }
    },
  }
}

async function count({ admin }: TestDatabase, text: string): Promise<number> {
  return (await admin.query<{ count: number }>(`select (${text})::integer as count`)).rows[0]!.count
}

function describePeaks(replicas: readonly Replica[], script: string): number {
  return Math.max(...replicas.filter((one) => one.script === script).map((one) => one.memory()?.peakBytes ?? 0)) / MIB
}

describe('three replicas', () => {
  test('count a limit together, and are replaced one after another at 100 requests a second: nothing fails, nothing is lost', async ({
    db,
    service,
  }) => {
    await connect(service, { platform: 'garmin', simulate: 'read_only', query: '&simulate_person=1' })
    await connect(service, { platform: 'garmin', userId: BELA, simulate: 'read_only', query: '&simulate_person=2' })
    await db.admin.query('truncate ops.webhook_deliveries cascade; truncate vault.oauth_states cascade')
    const { balancer, replicas, start } = await startFleet(db, service)
    const first = [...replicas]

    // RATE_LIMIT_USER_PLATFORM is 30 in a minute, RATE_LIMIT_WEBHOOK_SOURCE 30.
    const one = randomUUID()
    const services = first.filter(({ script }) => script === SERVICE)
    const acted = await Promise.all(Array.from({ length: 45 }, (_, at) => act(services[at % 3]!.internalUrl, one)))
    expect(acted.filter(({ status }) => status === 200)).toHaveLength(30)
    expect(acted.filter(({ status }) => status === 429)).toHaveLength(15)
    const guesses = await Promise.all(
      Array.from({ length: 45 }, (_, at) =>
        fetch(`${services[at % 3]!.publicUrl}/webhooks/garmin/guess-${at}`, { method: 'POST' }),
      ),
    )
    expect(guesses.filter(({ status }) => status === 404)).toHaveLength(30)
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(15)

    const load = startLoad(balancer)
    const ends: Awaited<ReturnType<Replica['end']>>[] = []
    const workers = first.filter(({ script }) => script === WORKER)
    // As a rolling update has it: the next one is there before one goes.
    for (const [at, service] of services.entries()) {
      const old = [service, ...workers.slice(at, at + 1)]
      await Promise.all(old.map(({ script }) => start(script)))
      // Told of the end as late as Kubernetes tells its balancers; or by the readiness probe, whichever is first.
      setTimeout(() => balancer.remove(service), TOLD_AFTER_MS)
      ends.push(...(await Promise.all(old.map((replica) => replica.end()))))
    }
    await sleep(1_000)
    const { sent, statuses, seconds } = await load.stop()
    const peaks = { service: describePeaks(replicas, SERVICE), worker: describePeaks(replicas, WORKER) }
    process.stdout.write(
      `rolling: ${sent} requests in ${seconds.toFixed(1)} s; ends ${ends.map((end) => end.seconds.toFixed(1)).join(' ')} s; peak MiB: service ${peaks.service.toFixed(0)}, worker ${peaks.worker.toFixed(0)}\n`,
    )

    expect(sent / seconds).toBeGreaterThan(95)
    expect(statuses).toEqual({ push: { 200: Math.ceil(sent / 2) }, act: { 200: Math.floor(sent / 2) } })
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    for (const end of ends) expect(end.seconds).toBeLessThan(30)
    expect(await count(db, 'select count(*) from vault.oauth_states')).toBe(statuses['act']![200]! + 30)
    const deliveries = statuses['push']![200]!
    await expect
      .poll(() => count(db, "select count(*) from ops.webhook_deliveries where state = 'processed'"), {
        timeout: 30_000,
      })
      .toBe(deliveries)
    expect(
      await count(db, "select sum(jsonb_array_length(raw_data)) from raw_fitness_data where data_type = 'dailies'"),
    ).toBe(deliveries)
    const live = replicas.slice(5)
    for (const replica of live) expect((await replica.end()).code).toBe(0)
    expect(await count(db, 'select count(*) from graphile_worker._private_jobs where locked_at is not null')).toBe(0)
    expect(await count(db, 'select count(*) from dead_letters')).toBe(0)
    expect(peaks.service).toBeLessThan(256)
    expect(peaks.worker).toBeLessThan(512)
  }, 150_000)
})
