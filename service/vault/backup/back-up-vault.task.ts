import { z } from 'zod'
import { defineTask } from '../../runtime/jobs.ts'
import { type BackupServices, createBackup, deleteOldBackups } from './create-backup.ts'

export const backUpVault = defineTask<BackupServices & { readonly keepDays: number }>()({
  identifier: 'back_up_vault',
  payload: z.unknown(),
  jobKey: () => 'back_up_vault',
  async run(_payload, services) {
    await createBackup(services)
    await deleteOldBackups(services, services.keepDays)
    return undefined
  },
})
