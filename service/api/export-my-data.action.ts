import { z } from 'zod'
import type { ExportServices } from '../compliance/export/export-data.task.ts'
import { exportMyData } from '../compliance/export/export-my-data.ts'
import { actorOf } from './actor-of.ts'
import { defineAction } from './define-action.ts'

export const exportMyDataAction = defineAction({
  name: 'exportMyData',
  input: z.object({}),
  run: (_input, caller, services: Pick<ExportServices, 'db' | 'requests'>) =>
    exportMyData(services, { userId: caller.userId, actor: actorOf(caller) }),
})
