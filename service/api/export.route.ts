import { Readable } from 'node:stream'
import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { authenticateUser, type CallerServices } from '../access/identity.ts'
import type { TakeRequest } from '../access/rate-limit.ts'
import { downloadExport } from '../compliance/export/download.ts'
import type { ExportServices } from '../compliance/export/export-data.task.ts'
import { AppError } from '../runtime/errors.ts'
import { describeError } from '../runtime/log.ts'
import { applyLimits } from './limit-requests.ts'

export type ExportRouteServices = Pick<ExportServices, 'db' | 'audit' | 'openExport'> &
  CallerServices & { readonly takeRequest: TakeRequest }

/** `GET /exports/<id>`: the zip of `exportMyData`, for its owner, once. */
export const exportRoutes: FastifyPluginAsync<ExportRouteServices> = async (app, services) => {
  app.get<{ Params: { exportId: string } }>('/exports/:exportId', async (request, reply) => {
    const { userId } = await authenticateUser(services, request.headers)
    applyLimits(reply, [await services.takeRequest('uploads', userId)])
    const exportId = z.uuid().safeParse(request.params.exportId)
    if (!exportId.success) throw new AppError('privacy/export_not_there')
    const download = await downloadExport(services, { userId, exportId: exportId.data }, { kind: 'user', id: userId })
    const end = (how: 'whole' | 'broken_off') =>
      void download.end(how).catch((error: unknown) => request.log.error(describeError(error), 'end not noted'))
    // `finish`: all of it was handed to the operating system; `close` without it: the reader went away.
    reply.raw.once('finish', () => end('whole'))
    reply.raw.once('close', () => reply.raw.writableFinished || end('broken_off'))
    return reply
      .header('content-type', 'application/zip')
      .header('content-length', download.byteCount)
      .header('content-disposition', 'attachment; filename="my-data.zip"')
      .header('cache-control', 'no-store')
      .send(Readable.from(download.bytes, { objectMode: false, highWaterMark: 1 }))
  })
}
