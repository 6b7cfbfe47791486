import type { ConfiguredPlatform, Normalize, Platforms } from '../platforms/contract.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { parseJson } from '../runtime/json.ts'
import { sql } from '../runtime/sql.ts'
import { storeRaw } from './store-raw.ts'

type Rejected = ReturnType<Normalize>['rejected']

/** What a payload would become: for the answer, not for the tables. */
export type PreviewPayload = (
  platform: ConfiguredPlatform,
  payload: { dataType: string; text: string; metadata: Readonly<Record<string, unknown>> },
) => { readonly rejected: Rejected }

export interface ReceiveJsonServices {
  readonly db: Database
  readonly platforms: Platforms
  readonly preview: PreviewPayload
}

export interface IncomingJson {
  readonly userId: string
  readonly platform: string
  readonly text: string
  /** What a point of the body stands for, as the app's header says it. */
  readonly aggregation?: string
  /** The kind of payload where the caller knows it; otherwise it is recognised. */
  readonly dataType?: string
}

export interface ReceivedJson {
  readonly dataType: string
  /** Items that nothing could be made of, by position, with the reason; the body is kept whole. */
  readonly rejected: Rejected
}

const MOST_TOLD = 1_000

/** Keeps what an app posted, as it came, then answers what of it is wrong. Throws consent/required, upload/unknown_content, upload/damaged, upload/hostile. */
export async function receiveJson(services: ReceiveJsonServices, incoming: IncomingJson): Promise<ReceivedJson> {
  const { userId, text } = incoming
  const platform = services.platforms.get(incoming.platform)
  if (platform?.upload === undefined) throw new AppError('request/not_found')
  const dataType = incoming.dataType ?? platform.upload.recognizeJson(parse(text))
  if (dataType === undefined)
    throw new AppError('upload/unknown_content', { problem: 'none of the forms that are read here' })
  const metadata = {
    from: 'upload',
    ...(incoming.aggregation !== undefined && { aggregation: incoming.aggregation.slice(0, 50).toLowerCase() }),
  }
  const { rejected } = services.preview(platform, { dataType, text, metadata })
  await services.db.transaction(async (tx) => {
    await tx.query(
      sql`insert into public.app_users (user_id) values (${userId}::uuid) on conflict (user_id) do nothing`,
    )
    await storeRaw(tx, { userId, platform: platform.id, dataType, text, metadata })
  })
  return { dataType, rejected: rejected.slice(0, MOST_TOLD) }
}

function parse(text: string): unknown {
  try {
    checkDepth(text)
    return parseJson(text)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('upload/damaged', { problem: 'not JSON' }, { cause })
  }
}

const DEEPEST = 64

/** A million brackets would overflow the stack of whoever reads them later. */
function checkDepth(text: string): void {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === 92) at += 1
      else if (code === 34) quoted = false
    } else if (code === 34) quoted = true
    else if (code === 91 || code === 123) depth += 1
    else if (code === 93 || code === 125) depth -= 1
    if (depth > DEEPEST) throw new AppError('upload/hostile', { problem: 'nested too deeply' })
  }
}
