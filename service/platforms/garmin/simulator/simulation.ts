import type { FastifyRequest } from 'fastify'
import { Deliveries } from './deliveries.ts'
import type { GarminSimulatorOptions } from './options.ts'
import { type Grant, Grants } from './state.ts'

export interface Simulation {
  readonly options: GarminSimulatorOptions
  readonly grants: Grants
  readonly deliveries: Deliveries
  /** Statuses that the next requests are answered with. */
  readonly faults: number[]
  /** Answers that wait to be fetched after a ping, by token; each is given once. */
  readonly waiting: Map<string, string | Buffer>
  mode: 'push' | 'ping'
  /** Where this simulator is reached: what addresses in its pings begin with. */
  publicUrl: string
  /** How far back history may be asked for. */
  historyDays: number
  readonly now: () => Date
  /** Whether this request is within the limit of a minute. */
  allow(): boolean
  /** Of the request's bearer. */
  grantOf(request: FastifyRequest): Grant | undefined
}

export function openSimulation(options: GarminSimulatorOptions): Simulation {
  const grants = new Grants()
  const now = options.now ?? (() => new Date())
  let [minute, used] = [0, 0]
  return {
    options,
    grants,
    now,
    deliveries: new Deliveries(options),
    faults: [],
    waiting: new Map(),
    mode: options.mode,
    publicUrl: options.publicUrl,
    historyDays: 400,
    allow() {
      const current = Math.floor(now().getTime() / 60_000)
      if (current !== minute) [minute, used] = [current, 0]
      used += 1
      return used <= options.requestsPerMinute
    },
    grantOf: ({ headers }) => grants.findByToken(/^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]),
  }
}
