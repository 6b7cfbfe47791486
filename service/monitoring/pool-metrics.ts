import { Gauge, type Registry } from 'prom-client'

/** What node-postgres tells of a pool. */
export interface PoolFigures {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

export interface WatchedPool {
  /** The label. */
  readonly name: string
  readonly size: number
  readonly pool: PoolFigures
}

/** Connections of this process to the database, and who waits for one. */
export function registerPools(registry: Registry, pools: readonly WatchedPool[]): void {
  registry.registerMetric(
    new Gauge({
      name: 'database_pool_connections',
      help: 'Connections of a pool: used, idle; and requests waiting for one',
      labelNames: ['pool', 'state'],
      registers: [],
      collect() {
        for (const { name, pool } of pools) {
          this.set({ pool: name, state: 'used' }, pool.totalCount - pool.idleCount)
          this.set({ pool: name, state: 'idle' }, pool.idleCount)
          this.set({ pool: name, state: 'waiting' }, pool.waitingCount)
        }
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'database_pool_size',
      help: 'Connections that a pool may open',
      labelNames: ['pool'],
      registers: [],
      collect() {
        for (const { name, size } of pools) this.set({ pool: name }, size)
      },
    }),
  )
}
