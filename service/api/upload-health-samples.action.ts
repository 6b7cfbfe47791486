import { z } from 'zod'
import { type ReceiveJsonServices, receiveJson } from '../ingestion/receive-json.ts'
import { defineAction } from './define-action.ts'

const MOST = 1_000

/** HealthKit's samples from an app of the operator's own. What one sample lacks is told for that sample; the others are taken. */
export const uploadHealthSamplesAction = defineAction({
  name: 'uploadHealthSamples',
  input: z
    .object({
      samples: z.array(z.record(z.string(), z.unknown())).max(MOST, `at most ${MOST} in one call`),
      deleted: z.array(z.string()).max(MOST, `at most ${MOST} in one call`).nullish(),
    })
    .refine(({ samples, deleted }) => samples.length + (deleted?.length ?? 0) > 0, 'give samples or deleted'),
  async run({ samples, deleted }, { userId, checkPlatform }, services: ReceiveJsonServices) {
    await checkPlatform?.('apple-health')
    const text = JSON.stringify({ samples, deleted: deleted ?? [] })
    const { rejected } = await receiveJson(services, { userId, platform: 'apple-health', dataType: 'samples', text })
    const total = samples.length + (deleted?.length ?? 0)
    const uuids = samples.map(({ uuid }) => String(uuid).toLowerCase())
    return {
      accepted: total - rejected.reduce((sum, { items = 1 }) => sum + items, 0),
      rejected: rejected.map(({ position, reason, sourceId }) => ({
        index: sourceId === undefined ? position : uuids.indexOf(sourceId),
        reason,
      })),
    }
  },
})
