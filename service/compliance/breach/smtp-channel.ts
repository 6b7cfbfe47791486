import nodemailer from 'nodemailer'
import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { Secret } from '../../runtime/secret.ts'
import type { Channel } from './services.ts'
import { postSigned, type SignedEndpoint } from './webhook-channel.ts'

export interface SmtpOptions {
  /** `smtps://user:password@host:465`, or `smtp://…` which has to upgrade to TLS. */
  readonly url: Secret
  readonly from: string
  /** No address is kept here: the app is asked for each when it is needed. */
  readonly contacts: SignedEndpoint
  /** Servers without TLS are spoken to; laptops and tests alone. */
  readonly plain: boolean
}

const Contact = z.object({ email: z.email().nullish() })
const TIMEOUT_MS = 30_000

/** Sends mail. Throws breach/no_address, breach/refused_for_good (a 5xx of the server's), breach/channel_failed. */
export function createSmtpChannel({ url, from, contacts, plain }: SmtpOptions): Channel {
  const transport = nodemailer.createTransport(
    {
      url: url.reveal(),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      requireTLS: !plain,
    },
    { from },
  )
  return {
    name: 'smtp',
    async send({ id, userId, subject, text }) {
      const answer = Contact.safeParse(await postSigned(contacts, id, { type: 'contact.wanted', userId }))
      if (!answer.success || answer.data.email == null) throw new AppError('breach/no_address')
      try {
        const message = { to: answer.data.email, subject, text, messageId: `<${id}@${domainOf(from)}>` }
        const { messageId, response } = await transport.sendMail(message)
        return `${messageId} ${response}`
      } catch (error) {
        const { responseCode: status = 0, code = '' } = error as { responseCode?: number; code?: string }
        // A server without TLS is a fault of ours to mend, and says nothing about the address.
        const isFinal = status >= 500 && code !== 'ETLS'
        throw new AppError(isFinal ? 'breach/refused_for_good' : 'breach/channel_failed', { status })
      }
    },
  }
}

function domainOf(address: string): string {
  return /@([^\s>]+)/.exec(address)?.[1] ?? 'localhost'
}
