import { z } from 'zod'
import { readOwnReport } from '../compliance/erasure/request-erasure.ts'
import type { ErasureServices } from '../compliance/erasure/services.ts'
import { defineAction } from './define-action.ts'

/** The one thing that an erased person can still ask for. */
export const deletionReportAction = defineAction({
  name: 'deletionReport',
  openToErased: true,
  input: z.object({ requestId: z.uuid() }),
  run: ({ requestId: id }, { userId }, services: Pick<ErasureServices, 'db'>) =>
    readOwnReport(services, { id, userId }),
})
