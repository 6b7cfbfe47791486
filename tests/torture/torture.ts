import { join } from 'node:path'
import { connectAthletes, openPlatform } from './athletes.ts'
import { injectFaults, planAtPlatform, planFaults } from './faults.ts'
import { judge, settled, type Verdict } from './judge.ts'
import { type Account, openLedger, readLedger } from './ledger.ts'
import { planEvents } from './plan.ts'
import { startProduct } from './product.ts'
import { sendEvents } from './sender.ts'

export interface TortureOptions {
  /** The same seed makes the same events and faults. */
  readonly seed: number
  readonly events: number
  readonly eventsPerSecond: number
  readonly kills: number
  readonly athletes: number
  /** Exists already; ledger, database and logs stay there. */
  readonly dataDirectory: string
  readonly progress?: (text: string) => void
  /** Settings of the product, beside what a laptop has. */
  readonly env?: Readonly<Record<string, string>>
}

export interface TortureReport extends Verdict {
  readonly account: Account
  readonly sendingSeconds: number
  readonly settlingSeconds: number
}

/**
 * Sends events through the real HTTP server while processes are killed and frozen, the database restarts, connections
 * break and the platform fails; then lets the product come to rest and compares it with the ledger and the platform.
 */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { seed, events, eventsPerSecond, kills, dataDirectory, progress = () => {} } = options
  const product = await startProduct(dataDirectory, options.env ?? {})
  const path = join(dataDirectory, 'ledger.ndjson')
  const ledger = openLedger(path)
  try {
    await planAtPlatform(product.simulatorUrl, [])
    const athletes = await connectAthletes(product, options.athletes)
    const platform = await openPlatform(product, athletes)
    const plan = planEvents({ seed, events, athletes: options.athletes })
    const faults = planFaults({ seed, kills, overMs: (events / eventsPerSecond) * 1000 })
    const begun = performance.now()
    const told = (acknowledged: number) => progress(`${acknowledged} of ${events} events acknowledged`)
    await Promise.all([
      sendEvents(plan, { product, platform, ledger, eventsPerSecond, progress: told }),
      injectFaults(faults, { product, ledger, seed }),
    ])
    await planAtPlatform(product.simulatorUrl, [])
    const sent = performance.now()
    progress('coming to rest')
    const left = await settled(product)
    const rested = performance.now()
    const account = readLedger(path)
    const verdict = await judge(product, { account, athletes, platform, left })
    return { ...verdict, account, sendingSeconds: (sent - begun) / 1000, settlingSeconds: (rested - sent) / 1000 }
  } finally {
    ledger.close()
    await product.stop()
  }
}
