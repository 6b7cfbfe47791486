import { Decoder, Stream } from '@garmin/fitsdk'

export type FitMessage = Readonly<Record<string, unknown>>

export interface FitFile {
  /** For example activity or monitoringB. */
  readonly type: string
  /** False: damaged or cut short; what came before is here. */
  readonly complete: boolean
  readonly sessions: readonly FitMessage[]
  readonly laps: readonly FitMessage[]
  readonly records: readonly FitMessage[]
  /** Between the local time and UTC, where the file tells both. */
  readonly offsetS: number | undefined
}

const FIT_EPOCH_MS = Date.UTC(1989, 11, 31)
const LARGEST_OFFSET_S = 64_800

/** Reads a FIT file by Garmin's own SDK: values scaled to their units, times as dates. Never throws. */
export function readFit(bytes: Buffer): FitFile | 'not_fit' {
  try {
    const stream = Stream.fromBuffer(bytes)
    if (!Decoder.isFIT(stream)) return 'not_fit'
    const { messages, errors } = new Decoder(stream).read({ mergeHeartRates: false })
    const list = (name: string) => ((messages as Record<string, unknown>)[name] ?? []) as readonly FitMessage[]
    const [fileId = {}] = list('fileIdMesgs')
    return {
      type: typeof fileId['type'] === 'string' ? fileId['type'] : 'unknown',
      complete: errors.length === 0,
      sessions: list('sessionMesgs'),
      laps: list('lapMesgs'),
      records: list('recordMesgs'),
      offsetS: readOffset(list('activityMesgs')[0]),
    }
  } catch {
    return 'not_fit'
  }
}

/** `localTimestamp` counts seconds since 1989-12-31 on the wall; the SDK may give it as a number or as a date. */
function readOffset(activity: FitMessage | undefined): number | undefined {
  const { timestamp, localTimestamp } = activity ?? {}
  if (!(timestamp instanceof Date)) return undefined
  const localMs =
    localTimestamp instanceof Date
      ? localTimestamp.getTime()
      : typeof localTimestamp === 'number'
        ? FIT_EPOCH_MS + localTimestamp * 1000
        : Number.NaN
  const offsetS = Math.round((localMs - timestamp.getTime()) / 1000)
  return Math.abs(offsetS) <= LARGEST_OFFSET_S ? offsetS : undefined
}
