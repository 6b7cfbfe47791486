import { z } from 'zod'
import type { Tx } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { defineTask, type JobResult } from '../../runtime/jobs.ts'
import { beginErasure } from './begin-erasure.ts'
import { removeFromInbox, removeRepeatKeys } from './deliveries.ts'
import {
  countPerson,
  deleteEverywhere,
  deleteJobs,
  deletePerson,
  forgetInHasura,
  isPast,
  readBarrier,
} from './purge-queries.ts'
import {
  type Erasure,
  findErasure,
  findRevocations,
  markErased,
  mergeProgress,
  setHeld,
  storeReport,
} from './register-queries.ts'
import { buildReport } from './report.ts'
import type { ErasureServices } from './services.ts'

const SOON_MS = 1000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/**
 * Erases a person, step by step; each step finds out for itself what is left to do, so that whoever takes over after a crash goes on
 * where it was. The order is what makes it final: tombstone, keys and tokens first, in one transaction; then rows, until nobody who
 * might not have seen the tombstone is at work; then the row that all others hang on; then a search that must find nothing.
 */
export const erasePerson = defineTask<ErasureServices>()({
  identifier: 'erase_person',
  payload: z.object({ erasureId: z.uuid() }),
  jobKey: ({ erasureId }) => `erase_person:${erasureId}`,
  maxAttempts: 100,
  async run({ erasureId }, services): Promise<JobResult> {
    for (;;) {
      const erasure = await findErasure(services.db, erasureId)
      const result = erasure === undefined ? 'done' : await step(services, erasure)
      if (result === 'done') return undefined
      if (result !== 'go_on') return { runAgainAt: result }
    }
  },
})

type StepResult = 'go_on' | 'done' | Date

function step(services: ErasureServices, erasure: Erasure): Promise<StepResult> | StepResult {
  switch (erasure.status) {
    case 'requested':
      return begin(services, erasure)
    case 'erasing':
      return purge(services, erasure)
    case 'confirming':
      return confirm(services, erasure)
    case 'complete':
    case 'cancelled':
      return 'done'
  }
}

async function begin(services: ErasureServices, erasure: Erasure): Promise<StepResult> {
  if (!erasure.isDue) return erasure.erasesAt
  const outcome = await beginErasure(services, erasure.id)
  if (outcome === 'begun') return 'go_on'
  if (outcome === 'gone') return 'done'
  await setHeld(services.db, erasure.id, true)
  return inMs(HOUR_MS) // a release queues it at once
}

async function purge(services: ErasureServices, { id, userId, progress }: Erasure): Promise<StepResult> {
  const { db } = services
  // The row is gone and with it the id: the search was what was left to do.
  if (userId === null) {
    await markErased(db, id, progress.after ?? {})
    return 'go_on'
  }
  await askPlatforms(services, id)
  if (progress.barrier === undefined) await mergeProgress(db, id, { barrier: await readBarrier(db) })
  await deleteEverywhere(db, userId)
  await services.deleteArchives(userId)
  await forgetInHasura(db, userId)
  const running = await deleteJobs(db, userId)
  const accounts = progress.accounts ?? []
  const waiting = await removeFromInbox(services, accounts)
  if (running > 0 || waiting > 0 || !(await isPast(db, progress.barrier ?? (await readBarrier(db)))))
    return inMs(SOON_MS)
  await removeRepeatKeys(db, { accounts, sourceIds: progress.sourceIds ?? [] })
  return finish(services, { id, userId })
}

/**
 * The row goes in the transaction whose search found nothing else: not one of the two without the other. What came in between (an event
 * sent again) is no failure: it is deleted in the next turn.
 */
async function finish({ db }: ErasureServices, { id, userId }: { id: string; userId: string }): Promise<StepResult> {
  try {
    await db.transaction((tx) => deleteAndSearch(tx, { id, userId }))
    return 'go_on'
  } catch (error) {
    if (error instanceof AppError && error.code === 'erasure/left_over') return inMs(SOON_MS)
    throw error
  }
}

async function deleteAndSearch(tx: Tx, { id, userId }: { id: string; userId: string }): Promise<void> {
  await deletePerson(tx, userId)
  await forgetInHasura(tx, userId)
  const after = await countPerson(tx, userId)
  if (Object.keys(after).length > 0) throw new AppError('erasure/left_over', { stores: Object.keys(after).join() })
  await markErased(tx, id, after)
}

/** Once right away; after that the job of each revocation goes on by itself. */
async function askPlatforms({ db, askPlatform }: ErasureServices, id: string): Promise<void> {
  for (const { revocationId, isOpen } of await findRevocations(db, id)) if (isOpen) await askPlatform(revocationId)
}

async function confirm(services: ErasureServices, erasure: Erasure): Promise<StepResult> {
  const { db, audit } = services
  const open = (await findRevocations(db, erasure.id)).filter(({ isOpen }) => isOpen)
  if (open.length > 0) return inMs(MINUTE_MS)
  const signed = await buildReport(services, erasure)
  await db.transaction(async (tx) => {
    if (!(await storeReport(tx, erasure.id, signed))) return
    await audit(tx, {
      action: 'erasure.completed',
      actor: { kind: 'system', id: null },
      subjectUserId: null,
      outcome: 'success',
      details: { erasure_id: erasure.id },
    })
  })
  return 'done'
}

function inMs(ms: number): Date {
  return new Date(Date.now() + ms)
}
