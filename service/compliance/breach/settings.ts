import { z } from 'zod'
import { Secret } from '../../runtime/secret.ts'

const secret = (minLength: number) =>
  z
    .string()
    .min(minLength)
    .transform((value) => new Secret(value))

/** How people are told of a breach: by mail, or through the app. */
export const NOTICE_ENVIRONMENT = {
  /** The app takes notices here and reaches the person itself. */
  NOTICE_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Signs what is posted to NOTICE_WEBHOOK_URL and CONTACTS_URL. */
  NOTICE_WEBHOOK_SECRET: secret(32).optional(),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, 'must be smtps://user:password@host:465 or smtp://…')
    .transform((value) => new Secret(value))
    .optional(),
  SMTP_FROM: z.string().min(3).optional(),
  /** The app answers a person's address here: none is kept. */
  CONTACTS_URL: z.url({ protocol: /^https?$/ }).optional(),
}

type NoticeEnvironment = z.infer<z.ZodObject<typeof NOTICE_ENVIRONMENT>>

export interface NoticeSettings {
  readonly webhookUrl: string | undefined
  readonly secret: Secret | undefined
  readonly smtpUrl: Secret | undefined
  readonly from: string | undefined
  readonly contactsUrl: string | undefined
}

export function noticeSettings(env: NoticeEnvironment): NoticeSettings {
  return {
    webhookUrl: env.NOTICE_WEBHOOK_URL,
    secret: env.NOTICE_WEBHOOK_SECRET,
    smtpUrl: env.SMTP_URL,
    from: env.SMTP_FROM,
    contactsUrl: env.CONTACTS_URL,
  }
}

/** What does not go together, a line each. */
export function noticeProblems(env: NoticeEnvironment & { NODE_ENV: string }): string[] {
  const mail = [env.SMTP_URL, env.SMTP_FROM, env.CONTACTS_URL]
  const plain = [env.NOTICE_WEBHOOK_URL, env.CONTACTS_URL].some((url) => url?.startsWith('http:') === true)
  return [
    ...(mail.some((value) => value !== undefined) && mail.includes(undefined)
      ? ['SMTP_URL, SMTP_FROM, CONTACTS_URL: give all or none']
      : []),
    ...((env.NOTICE_WEBHOOK_URL ?? env.CONTACTS_URL) !== undefined && env.NOTICE_WEBHOOK_SECRET === undefined
      ? [
          'NOTICE_WEBHOOK_SECRET: signs what is sent to NOTICE_WEBHOOK_URL and CONTACTS_URL; give at least 32 characters',
        ]
      : []),
    ...(env.NOTICE_WEBHOOK_URL !== undefined && env.SMTP_URL !== undefined
      ? ['NOTICE_WEBHOOK_URL, SMTP_URL: give one of them']
      : []),
    ...(env.NODE_ENV === 'production' && plain ? ['NOTICE_WEBHOOK_URL, CONTACTS_URL: need https'] : []),
  ]
}
