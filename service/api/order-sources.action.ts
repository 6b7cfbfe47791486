import { z } from 'zod'
import type { Database } from '../runtime/db.ts'
import { orderSources } from '../summaries/order-sources.ts'
import { defineAction } from './define-action.ts'

export const orderSourcesAction = defineAction({
  name: 'orderSources',
  input: z.object({
    kind: z.string().nullish(),
    sources: z.array(z.object({ platform: z.string(), source: z.string().max(1000).nullish() })).max(99),
  }),
  async run({ kind, sources }, { userId }, { db }: { db: Database }) {
    await orderSources(db, userId, { kind: kind ?? null, sources })
    return { kind: kind ?? null, sources: sources.length }
  },
})
