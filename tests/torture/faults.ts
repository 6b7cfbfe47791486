import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'
import type { Product } from './product.ts'
import { createRandom, type Random } from './random.ts'

const KINDS = [
  'kill',
  'freeze',
  'database restart',
  'database crash',
  'connections cut',
  'connections half-open',
  'database slow',
  'platform fails',
  'platform limits',
  'platform slow',
] as const
export type FaultKind = (typeof KINDS)[number]

export interface PlannedFault {
  readonly kind: FaultKind
  readonly afterMs: number
}

/** Spread over the time given: at least as many kills as asked for, and each other kind at least once. */
export function planFaults({ seed, kills, overMs }: { seed: number; kills: number; overMs: number }): PlannedFault[] {
  const random = createRandom(seed + 1)
  const others = KINDS.filter((kind) => kind !== 'kill')
  const kinds = [...Array.from({ length: kills }, () => 'kill' as const), ...others]
  return kinds
    .map((kind) => ({ kind, afterMs: random.next() * overMs }))
    .sort((one, other) => one.afterMs - other.afterMs)
}

/** Makes them happen one after the other, and ends the last of them. */
export async function injectFaults(
  faults: readonly PlannedFault[],
  { product, ledger, seed }: { product: Product; ledger: Ledger; seed: number },
): Promise<void> {
  const random = createRandom(seed + 2)
  const begun = performance.now()
  for (const { kind, afterMs } of faults) {
    const early = begun + afterMs - performance.now()
    if (early > 0) await sleep(early)
    const detail = await FAULTS[kind](product, random)
    ledger.write({ what: 'fault', kind, detail })
  }
}

const FAULTS: Readonly<Record<FaultKind, (product: Product, random: Random) => Promise<string>>> = {
  async kill(product, random) {
    // Who was killed a moment ago may not be back yet: a kill counts only when there was somebody to kill.
    for (;;) {
      const name = random.pick(product.processNames)
      if (product.signal(name, 'SIGKILL')) return name
      await sleep(50)
    }
  },
  async freeze(product, random) {
    const name = random.pick(product.processNames)
    product.signal(name, 'SIGSTOP')
    await sleep(random.between(500, 3_000))
    product.signal(name, 'SIGCONT')
    return name
  },
  async 'database restart'(product) {
    await product.restartDatabase('fast')
    return 'fast shutdown'
  },
  async 'database crash'(product) {
    await product.restartDatabase('crash')
    return 'killed'
  },
  async 'connections cut'({ proxy }) {
    proxy.cut()
    return 'all'
  },
  async 'connections half-open'({ proxy }, random) {
    const forMs = random.between(2_000, 8_000)
    proxy.halfOpen(forMs)
    return `${forMs} ms`
  },
  async 'database slow'({ proxy }, random) {
    const forMs = random.between(500, 2_000)
    proxy.delay(50)
    await sleep(forMs)
    proxy.delay(0)
    return `50 ms a packet for ${forMs} ms`
  },
  'platform fails': (product, random) =>
    atPlatform(product, { status: random.pick([500, 502, 503]), count: random.between(3, 15) }),
  'platform limits': (product, random) =>
    atPlatform(product, { status: 429, headers: { 'retry-after': '1' }, count: random.between(1, 4) }),
  'platform slow': (product, random) =>
    atPlatform(product, { latency_ms: random.between(1_000, 4_000), count: random.between(3, 10) }),
}

async function atPlatform({ simulatorUrl }: Product, fault: object): Promise<string> {
  await planAtPlatform(simulatorUrl, [{ match: '/api/v3/', ...fault }])
  return JSON.stringify(fault)
}

/** Replaces what waits at the simulator. It never delivers an event by itself: the driver does, and keeps account. */
export async function planAtPlatform(simulatorUrl: string, faults: readonly object[]): Promise<void> {
  const silent = { webhook: 'lost', count: 1_000_000_000 }
  const response = await fetch(`${simulatorUrl}/strava/simulate/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ next: [silent, ...faults] }),
  })
  if (!response.ok) throw new Error(`the simulator answers ${response.status} to a plan of faults`)
}
