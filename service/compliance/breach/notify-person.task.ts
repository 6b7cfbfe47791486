import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import { defineTask } from '../../runtime/jobs.ts'
import { countUntold, findOpenPeopleClocks, findQueued, markAttempt, markSent, meetClock } from './queries.ts'
import type { BreachServices } from './services.ts'

/** Tells one person of one breach. A killed worker may tell them twice, under one id by which it is recognized. */
export const notifyPerson = defineTask<BreachServices>()({
  identifier: 'notify_person',
  payload: z.object({ userId: z.uuid(), breachId: z.uuid() }),
  jobKey: ({ userId, breachId }) => `notify_person:${breachId}:${userId}`,
  async run({ userId, breachId }, services) {
    const { db, channel } = services
    const notice = await findQueued(db, breachId, userId)
    if (notice === undefined) return undefined
    if (channel === undefined) throw new AppError('breach/no_channel')
    const key = { breachId, userId, channel: channel.name }
    try {
      const receipt = await channel.send({ ...notice, breachId, userId })
      await keep(services, { ...key, receipt: receipt.slice(0, 500) })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      await markAttempt(db, { ...key, errorCode: error.code, final: !error.spec.retry })
      throw error
    }
    return undefined
  },
})

interface Told {
  readonly breachId: string
  readonly userId: string
  readonly channel: string
  readonly receipt: string
}

/** Who is the last to be told stops the clocks. */
async function keep({ db, audit }: BreachServices, told: Told): Promise<void> {
  const { breachId, userId } = told
  await db.transaction(async (tx) => {
    // One after the other, so that somebody is the last.
    const clocks = await findOpenPeopleClocks(tx, breachId)
    if (!(await markSent(tx, told))) return
    const event = { action: 'breach.person_told', outcome: 'success', details: { breach_id: breachId } } as const
    await audit(tx, { ...event, actor: { kind: 'system', id: null }, subjectUserId: userId })
    if (clocks.length === 0 || (await countUntold(tx, breachId)) > 0) return
    for (const { rule, isLate } of clocks)
      await meetClock(tx, {
        breachId,
        rule,
        reference: 'everybody affected was told; see breach_notifications',
        lateReason: isLate ? 'the last of the people could be told only then; see attempts' : null,
      })
  })
}
