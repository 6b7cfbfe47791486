import { z } from 'zod'

export interface AppleHealthSettings {
  /** Of an upload as it is sent. */
  readonly maxFileBytes: number
  /** Of all files of a zip together. */
  readonly maxUnpackedBytes: number
}

const GIB = 1024 ** 3
const gibibytes = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'needs whole gibibytes')
  .transform((value) => Number(value) * GIB)

/** Environment variables in, settings out. There is nothing to connect: uploads are always on. */
export const appleHealthEnvironment: z.ZodType<AppleHealthSettings> = z
  .object({
    APPLE_HEALTH_MAX_FILE_GIB: gibibytes.default(8 * GIB),
    APPLE_HEALTH_MAX_UNPACKED_GIB: gibibytes.default(32 * GIB),
  })
  .transform((env) => ({
    maxFileBytes: env.APPLE_HEALTH_MAX_FILE_GIB,
    maxUnpackedBytes: env.APPLE_HEALTH_MAX_UNPACKED_GIB,
  }))
