import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { authenticatePerson, type CallerServices } from '../access/identity.ts'
import type { TakeRequest } from '../access/rate-limit.ts'
import { cancelUpload } from '../ingestion/cancel-upload.ts'
import { type ReceiveJsonServices, receiveJson } from '../ingestion/receive-json.ts'
import { type ReceiveServices, receiveFile } from '../ingestion/receive-upload.ts'
import { findUpload } from '../ingestion/uploads.ts'
import { AppError } from '../runtime/errors.ts'
import { applyLimits } from './limit-requests.ts'

export type UploadServices = ReceiveServices &
  ReceiveJsonServices &
  CallerServices & {
    readonly takeRequest: TakeRequest
    /** Whether this person was erased; counts it. */
    readonly isErased: (userId: string) => Promise<boolean>
  }

interface UploadRoute {
  Params: { platform: string }
  Body?: IncomingMessage
}

const JSON_LIMIT_BYTES = 16 * 1024 * 1024
/** A phone in a tunnel; what it sent before is stored. */
const SILENCE_MS = 120_000

const UploadHeaders = z.object({
  'upload-id': z.uuid('upload-id must be a UUID').default(() => randomUUID()),
  'upload-offset': z
    .string()
    .regex(/^\d{1,15}$/, 'upload-offset must be a number of bytes')
    .default('0')
    .transform(Number),
})

/**
 * `POST /uploads/<platform>`: a file, streamed to sealed chunks, or JSON that an app posts. `GET /uploads/<platform>/<upload-id>`: how much
 * of a file is here, so that the client can send the rest. `DELETE` there ends it. Who calls is checked before a byte is read.
 */
export const uploadRoutes: FastifyPluginAsync<UploadServices> = async (app, services) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  const callers = new WeakMap<FastifyRequest, string>()
  app.addHook<UploadRoute>('onRequest', async (request, reply) => {
    const { platform } = request.params
    if (services.platforms.get(platform)?.upload === undefined) throw new AppError('request/not_found')
    const { userId } = await authenticatePerson(services, { headers: request.headers, scope: `upload:${platform}` })
    if (await services.isErased(userId)) throw new AppError('erasure/person_erased')
    applyLimits(reply, [await services.takeRequest('uploads', userId)])
    callers.set(request, userId)
  })
  const callerOf: CallerOf = (request) => callers.get(request) ?? refuse()

  app.post<UploadRoute>('/uploads/:platform', { config: { bodyTimeoutMs: null } }, async (request, reply) => {
    const { params, headers } = request
    const encoding = headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity')
      throw new AppError('upload/unknown_content', {
        problem: 'send it without content-encoding; a zip is small as it is',
      })
    const key = { userId: callerOf(request), platform: params.platform }
    const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
    const body = cutOnSilence(request.body ?? request.raw)
    if (type === 'application/json' || type.endsWith('+json')) {
      const aggregation = headers['automation-aggregation']
      const text = await readText(body)
      const received = await receiveJson(services, {
        ...key,
        text,
        ...(typeof aggregation === 'string' && { aggregation }),
      })
      return { ...received, rejected: received.rejected.map(({ position, reason }) => ({ position, reason })) }
    }
    if (type.startsWith('multipart/'))
      throw new AppError('upload/unknown_content', { problem: 'send the file itself as the body, not a form' })
    const resume = UploadHeaders.safeParse(headers)
    if (!resume.success)
      throw new AppError('request/malformed', { problem: resume.error.issues[0]?.message ?? 'headers' })
    const { 'upload-id': uploadId, 'upload-offset': offset } = resume.data
    const received = await receiveFile(services, { ...key, uploadId, offset, body })
    return reply.code(202).send(received)
  })
  oneUploadRoutes(app, services, callerOf)
}

/** Whose JWT or API key it was; known before a byte is read. */
type CallerOf = (request: FastifyRequest) => string

function oneUploadRoutes(app: FastifyInstance, services: UploadServices, callerOf: CallerOf): void {
  app.get<OneUpload>('/uploads/:platform/:uploadId', async (request) => {
    const { platform, uploadId } = readUploadId(request.params)
    const upload = await findUpload(services.db, { userId: callerOf(request), uploadId })
    if (upload === undefined || upload.platform !== platform) throw new AppError('upload/not_found')
    const { state, receivedBytes, runId } = upload
    return { uploadId, state, receivedBytes, syncRunId: runId }
  })

  app.delete<OneUpload>('/uploads/:platform/:uploadId', async (request, reply) => {
    await cancelUpload(services.db, { ...readUploadId(request.params), userId: callerOf(request) })
    return reply.code(204).send()
  })
}

interface OneUpload {
  Params: { platform: string; uploadId: string }
}

function readUploadId({ platform, uploadId }: OneUpload['Params']): OneUpload['Params'] {
  const id = z.uuid().safeParse(uploadId)
  if (!id.success) throw new AppError('upload/not_found')
  return { platform, uploadId: id.data }
}

/** A client that says nothing for so long is gone, and its connection with it. */
async function* cutOnSilence(body: IncomingMessage): AsyncGenerator<Buffer> {
  const timer = setTimeout(() => body.destroy(), SILENCE_MS)
  try {
    for await (const chunk of body) {
      timer.refresh()
      yield chunk as Buffer
    }
  } finally {
    clearTimeout(timer)
  }
}

function refuse(): never {
  throw new AppError('request/not_authorized')
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > JSON_LIMIT_BYTES)
      throw new AppError('request/too_large', {
        problem: 'post JSON in parts of at most 16 MiB; Health Auto Export calls it batch requests',
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
