import { normalizer } from './document.ts'

/** Our own note that Oura answered 404 for a document. What was measured meanwhile stays measured: only the sleep or workout goes. */
export const normalizeDeletion = normalizer((document) => {
  const id = document.id()
  const list = document.text('data_type')
  if (list === 'sleep') return { deletedSleepSessions: [id] }
  if (list === 'workout') return { deletedActivities: [id] }
  return list === 'session' ? { deletedSamples: [id] } : {}
})
