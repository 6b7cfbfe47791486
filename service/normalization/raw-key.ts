import { z } from 'zod'

/** The partitioned table's whole key. `createdAt` is text: a JavaScript Date would drop the microseconds. */
export const RawKey = z.object({ userId: z.uuid(), createdAt: z.string().min(1), rawId: z.uuid() })
export type RawKey = z.infer<typeof RawKey>
