import type { AuditActor, RecordAudit } from '../../runtime/audit-event.ts'
import type { Database } from '../../runtime/db.ts'
import { AppError } from '../../runtime/errors.ts'
import { findCurrentTexts, hasPlatform, insertText, lockTexts, type PublishedText, type TextKey } from './queries.ts'

export interface PublishServices {
  readonly db: Database
  readonly audit: RecordAudit
}

export interface NewText extends TextKey {
  /** `en`, `pt-BR`. */
  readonly locale: string
  readonly body: string
  /** The same in another language: whoever agreed to the version need not agree again. */
  readonly isTranslation: boolean
  readonly actor: AuditActor
}

/**
 * Publishes what people are asked to agree to. A new version pauses the platform for everybody until they accept it; the very text that
 * counts already changes nothing. Throws platform/unknown, consent/text_exists (a translation that is there), consent/nothing_to_translate.
 */
export async function publishConsentText({ db, audit }: PublishServices, text: NewText): Promise<PublishedText> {
  const { platform, purpose, locale, body, isTranslation, actor } = text
  return db.transaction(async (tx) => {
    if (!(await hasPlatform(tx, platform))) throw new AppError('platform/unknown', { platform })
    await lockTexts(tx, text)
    const current = await findCurrentTexts(tx, text)
    const same = current.find((other) => other.locale === locale)
    if (same?.body === body) return same
    if (isTranslation && same !== undefined) throw new AppError('consent/text_exists', { locale })
    if (isTranslation && current.length === 0) throw new AppError('consent/nothing_to_translate')
    const version = (current[0]?.version ?? 0) + (isTranslation ? 0 : 1)
    const sha256 = await insertText(tx, { platform, purpose, version, locale, body })
    const details = { purpose, version, locale, sha256 }
    await audit(tx, {
      action: 'consent.text_published',
      actor,
      subjectUserId: null,
      outcome: 'success',
      platform,
      details,
    })
    return { platform, purpose, version, locale, sha256 }
  })
}

/** For a laptop: a text of the platforms that have none. In production the operator writes its own. */
export async function publishMissingTexts(
  services: PublishServices,
  platforms: Iterable<{ readonly id: string; readonly displayName: string }>,
): Promise<void> {
  for (const { id, displayName } of platforms) {
    const key = { platform: id, purpose: 'collection' }
    if ((await findCurrentTexts(services.db, key)).length > 0) continue
    const actor = { kind: 'system', id: null } as const
    await publishConsentText(services, {
      ...key,
      locale: 'en',
      body: exampleText(displayName),
      isTranslation: false,
      actor,
    })
  }
}

function exampleText(platform: string): string {
  return [
    `I agree that my data at ${platform}, health data among it (activities, heart rate, sleep, body measurements, locations), is received`,
    'from there, stored and shown to me here. I can take this back at any time, as easily as I give it: nothing more is received from',
    'then on. What was received before stays until I have it erased.',
  ].join(' ')
}
