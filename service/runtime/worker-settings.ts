import { z } from 'zod'

const some = z.coerce.number().int().positive()

/** How much a worker does at once; see docs/operations/settings.md. */
export const WORKER_ENVIRONMENT = {
  WORKER_CONCURRENCY: some.default(10),
  WEBHOOK_JOBS_AT_ONCE: some.default(10),
  IMPORT_JOBS_AT_ONCE: some.default(2),
  ENRICHMENT_JOBS_AT_ONCE: some.default(2),
  /** No default: the budgets of the platforms do better; docs/decisions/0010-queues-and-budgets.md. */
  WEBHOOK_JOBS_PER_MINUTE: some.optional(),
  IMPORT_JOBS_PER_MINUTE: some.optional(),
}

export function namedQueues(env: z.infer<z.ZodObject<typeof WORKER_ENVIRONMENT>>) {
  return {
    atOnce: {
      webhooks: env.WEBHOOK_JOBS_AT_ONCE,
      imports: env.IMPORT_JOBS_AT_ONCE,
      reconciliation: 1,
      enrichment: env.ENRICHMENT_JOBS_AT_ONCE,
      general: env.WORKER_CONCURRENCY,
    },
    perMinute: { webhooks: env.WEBHOOK_JOBS_PER_MINUTE, imports: env.IMPORT_JOBS_PER_MINUTE },
  }
}
