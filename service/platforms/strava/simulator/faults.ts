import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { refusalWith } from './refusals.ts'

/** A fault that waits for its request, or for its webhook event. */
export const Fault = z
  .strictObject({
    /** Part of the path, below where the simulator is mounted; absent: any. */
    match: z.string().default(''),
    status: z.number().int().min(400).max(599).optional(),
    /** Sent with the status. */
    headers: z.record(z.string(), z.string()).default({}),
    latency_ms: z.number().int().min(0).max(600_000).optional(),
    /** An event never sent, or sent twice. */
    webhook: z.enum(['lost', 'twice']).optional(),
    count: z.number().int().positive().default(1),
  })
  .refine(
    ({ status, latency_ms, webhook }) => (status ?? latency_ms ?? webhook) !== undefined,
    'needs status, latency_ms or webhook',
  )
export type Fault = z.infer<typeof Fault>

export interface Faults {
  /** Replaces what was waiting. */
  plan(next: readonly Fault[]): void
  /** Waits and throws a Refusal as planned for this path. */
  strike(path: string): Promise<void>
  /** How often the next event is to be sent. */
  copiesOfEvent(): number
}

export function createFaults(): Faults {
  let waiting: Fault[] = []
  const take = (wanted: (fault: Fault) => boolean): Fault | undefined => {
    const fault = waiting.find(wanted)
    if (fault !== undefined) fault.count -= 1
    waiting = waiting.filter(({ count }) => count > 0)
    return fault
  }
  return {
    plan(next) {
      waiting = next.map((fault) => ({ ...fault }))
    },
    async strike(path) {
      const fault = take(({ match, webhook }) => webhook === undefined && path.includes(match))
      if (fault?.latency_ms !== undefined) await sleep(fault.latency_ms, undefined, { ref: false })
      if (fault?.status !== undefined) throw refusalWith(fault.status, fault.headers)
    },
    copiesOfEvent() {
      const planned = take(({ webhook }) => webhook !== undefined)?.webhook
      return planned === 'lost' ? 0 : planned === 'twice' ? 2 : 1
    },
  }
}
