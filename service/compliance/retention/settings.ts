import { z } from 'zod'

/** What can be kept for a time only, and what becomes of it then. */
export const RETAINABLE = {
  raw_fitness_data: 'payloads as platforms sent them: whole months are dropped',
  samples: 'single measurements: whole months are dropped; days and activities stay',
  sync_runs: 'runs that have ended',
  webhook_keys: 'the keys that tell a repeated webhook',
  event_log: "Hasura's log of events that were delivered",
} as const

export type Retainable = keyof typeof RETAINABLE
export type Retention = Readonly<Partial<Record<Retainable, number>>>

const NAMES = Object.keys(RETAINABLE)
const ENTRY = /^([a-z_]+)=([1-9]\d{0,4})$/

export const RETENTION_ENVIRONMENT = {
  /** `name=days`, comma-separated; what is not named is kept until the person goes. */
  RETENTION_DAYS: z
    .string()
    .default('webhook_keys=60,event_log=14')
    .transform((list) => list.split(',').map((entry) => ENTRY.exec(entry.trim())))
    .refine(
      (entries) => entries.every((entry) => entry !== null && NAMES.includes(entry[1] ?? '')),
      `must be name=days, comma-separated, of ${NAMES.join(', ')}`,
    )
    .transform((entries) => Object.fromEntries(entries.map((entry) => [entry?.[1], Number(entry?.[2])])) as Retention),
}
