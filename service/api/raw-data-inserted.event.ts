import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { normalizeRawData } from '../normalization/normalize-raw-data.task.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { enqueue } from '../runtime/jobs.ts'
import type { Secret } from '../runtime/secret.ts'
import { readEventContext } from '../runtime/trace-context.ts'
import { checkSecret } from './check-secret.ts'
import { continueTrace } from './trace-requests.ts'

const RawRow = z.object({
  user_id: z.uuid(),
  created_at: z.string().min(1),
  id: z.uuid(),
  processed_at: z.string().nullish(),
})
const InsertedRow = z.object({
  event: z.object({
    trace_context: z.unknown(),
    data: z.object({ new: RawRow }),
  }),
})

export interface EventOptions {
  readonly db: Database
  readonly eventSecret: Secret
  /** The one before, while a rotation goes on. */
  readonly previousEventSecret?: Secret | undefined
}

/**
 * Hasura says that a payload arrived. The job loads the row as it is then; the event's own content is not trusted. One that was normalized
 * in the transaction that stored it needs no job.
 */
export const rawDataInsertedEvent: FastifyPluginAsync<EventOptions> = async (
  app,
  { db, eventSecret, previousEventSecret },
) => {
  app.post('/events/raw_data_inserted', async (request) => {
    checkSecret(request.headers['x-event-secret'], [eventSecret, previousEventSecret])
    const event = InsertedRow.safeParse(request.body)
    if (!event.success)
      throw new AppError('request/malformed', { problem: 'not an insert event with user_id, created_at and id' })
    const { user_id: userId, created_at: createdAt, id: rawId, processed_at: processedAt } = event.data.event.data.new
    if (processedAt != null) return { queued: false }
    // Hasura sends it in headers too, but only where its metadata switches OpenTelemetry on.
    await continueTrace(readEventContext(event.data.event.trace_context), () =>
      db.transaction((tx) => enqueue(tx, normalizeRawData, { payload: { userId, createdAt, rawId } })),
    )
    return { queued: true }
  })
}
