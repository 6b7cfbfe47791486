import { begin } from '../../service/begin.ts'
import { loadConfig } from '../../service/config.ts'
import { registerPlatforms } from '../../service/ingestion/register-platforms.ts'
import { startSimulators } from '../../service/platforms/simulators.ts'
import { runDueJobs } from '../../service/runtime/jobs.ts'
import { createLog } from '../../service/runtime/log.ts'
import { createInternal, createPublic } from '../../service/start-service.ts'
import { bindTasks } from '../../service/wire-tasks.ts'
import { type Wiring, wire } from '../../service/wiring.ts'
import { type Collector, startCollector } from './collector.ts'
import { test as base, type TestDatabase } from './database.ts'
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts'
import { environment, SIX_ACTIVITIES } from './service.ts'
import { startStandIn } from './stand-in.ts'

export type LogLine = Readonly<Record<string, unknown>>

/** Both listeners, the jobs and the stand-in for Hasura in this process; what they log and record is kept, and what a platform is sent. */
export interface TracedProduct extends Wiring {
  readonly publicUrl: string
  readonly graphqlUrl: string
  readonly adminSecret: string
  readonly collector: Collector
  readonly platform: RecordingProxy
  readonly lines: LogLine[]
  simulate(path: string): Promise<unknown>
  /** Runs the jobs that are due, those they queue included. */
  work(): Promise<void>
}

const ADMIN_SECRET = 'traced-admin-secret'

export const test = base.extend<{ product: TracedProduct; settings: NodeJS.ProcessEnv }>({
  settings: async ({ db: _db }, use) => use({}),
  product: async ({ db, settings }, use) => {
    const closing: (() => Promise<unknown>)[] = []
    await use(await start(db, settings, closing))
    for (const close of closing.reverse()) await close()
  },
})

type Closing = (() => Promise<unknown>)[]

async function start(db: TestDatabase, settings: NodeJS.ProcessEnv, closing: Closing): Promise<TracedProduct> {
  const around = await startAround(closing)
  const { platform, collector } = around
  const config = await loadConfig({
    ...environment(db, { simulators: platform.url, headsDirectory: '/tmp' }),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '20',
    ...settings,
  })
  const lines: LogLine[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) }
  const log = createLog({ level: 'info', process: 'test', destination })
  const wiring = wire(config, 'worker', { log, tracer: (await begin(config, 'worker')).tracer })
  closing.push(
    () => wiring.db.close(),
    () => wiring.tracer.stop(),
  )
  await registerPlatforms(wiring.db, config.platforms)
  const tasks = bindTasks(wiring)
  const work = () => runDueJobs({ db: wiring.db, tasks })
  return { ...wiring, ...around, ...(await listen(db, wiring, closing)), adminSecret: ADMIN_SECRET, lines, work }
}

/** What the service talks to. */
async function startAround(closing: Closing) {
  const simulators = await startSimulators({ port: 0, env: { STRAVA_SIMULATOR_ACTIVITIES: SIX_ACTIVITIES } })
  const platform = await startRecordingProxy(() => simulators.url)
  const collector = await startCollector()
  closing.push(
    () => simulators.close(),
    () => platform.close(),
    () => collector.close(),
  )
  const simulate = async (path: string) => (await fetch(`${simulators.url}/strava/simulate${path}`)).json()
  return { platform, collector, simulate }
}

async function listen(db: TestDatabase, wiring: Wiring, closing: Closing) {
  const [open, internal] = [createPublic(wiring), createInternal(wiring)]
  closing.push(
    () => open.close(),
    () => internal.close(),
  )
  const { actionSecret, eventSecret } = wiring.config.hasura
  const publicUrl = await open.listen({ port: 0, host: '127.0.0.1' })
  const hasura = await startStandIn(db, {
    SERVICE_INTERNAL_URL: await internal.listen({ port: 0, host: '127.0.0.1' }),
    HASURA_ACTION_SECRET: actionSecret.reveal(),
    HASURA_EVENT_SECRET: eventSecret.reveal(),
    HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
  })
  closing.push(() => hasura.close())
  return { publicUrl, graphqlUrl: `${hasura.url}/v1/graphql` }
}
